import { EngineError } from '../../src/errors.ts';
import { hashCounters, permutation } from './random.ts';

/** The tokens of a step, and one token further on their targets: both [numSequences * seqLen]. */
export interface Batch {
  readonly ids: Int32Array;
  readonly targets: Int32Array;
  readonly numSequences: number;
  readonly seqLen: number;
}

/** A document, or a stretch of a long one: its tokens, and the token behind them, from `start` to `end`. */
export interface Piece {
  readonly start: number;
  readonly end: number;
}

/** The kernels take sequences of a multiple of 8 tokens. */
const LENGTH_UNIT = 8;
/** Documents of which those of like length make a step. */
const SORTED_TOGETHER = 512;

const rowsOf = ({ start, end }: Piece): number => Math.ceil((end - 1 - start) / LENGTH_UNIT) * LENGTH_UNIT;

/**
 * The documents of a stream of tokens that ends each with `endId`. The end belongs to the document, which is to be
 * predicted; the first token is not. What is longer than the context is cut.
 */
export function piecesOf(tokens: Int32Array, endId: number, contextLength: number): Piece[] {
  const pieces: Piece[] = [];
  for (let start = 0; start < tokens.length;) {
    const found = tokens.indexOf(endId, start);
    const end = found === -1 ? tokens.length : found + 1;
    for (let from = start; end - from > 1; from += contextLength) {
      pieces.push({ start: from, end: Math.min(from + contextLength + 1, end) });
    }
    start = end;
  }
  return pieces;
}

/**
 * Some pieces as one batch, each from position 0 on. Behind the end of a shorter one `endId` follows itself: that is
 * learned in a moment, and costs next to nothing then.
 */
export function batchOf(tokens: Int32Array, pieces: readonly Piece[], endId: number): Batch {
  const seqLen = Math.max(...pieces.map(rowsOf));
  const ids = new Int32Array(pieces.length * seqLen).fill(endId); // [rows]
  const targets = new Int32Array(pieces.length * seqLen).fill(endId); // [rows]
  for (const [i, { start, end }] of pieces.entries()) {
    ids.set(tokens.subarray(start, end - 1), i * seqLen);
    targets.set(tokens.subarray(start + 1, end), i * seqLen);
  }
  return { ids, targets, numSequences: pieces.length, seqLen };
}

/** Neighbours in a list of pieces, as many together as have at most `maxRows` rows. */
export function groupsOf(pieces: readonly Piece[], maxRows: number): Piece[][] {
  const groups: Piece[][] = [];
  let group: Piece[] = [];
  let longest = 0;
  for (const piece of pieces) {
    const length = Math.max(longest, rowsOf(piece));
    if (group.length > 0 && (group.length + 1) * length > maxRows) {
      groups.push(group);
      group = [];
      longest = 0;
    }
    group.push(piece);
    longest = Math.max(longest, rowsOf(piece));
  }
  return group.length > 0 ? [...groups, group] : groups;
}

/**
 * The order in which training reads documents, each whole and from position 0 on, as a model is asked: an epoch is every
 * document once, shuffled, and those of a step are of like length. Which documents a step sees depends on the seed and
 * the step alone, so that a resumed run goes on as if it had never stopped.
 */
export class DocumentBatches {
  readonly #tokens: Int32Array;
  readonly #endId: number;
  readonly #pieces: readonly Piece[];
  readonly #maxRows: number;
  readonly #seed: number;
  /** The first step of each epoch that was looked at, and behind them that of the next. */
  readonly #firstSteps = [0];
  #epoch = -1;
  #groups: readonly Piece[][] = [];

  /** @throws EngineError `config_invalid` when there is no document */
  constructor(
    tokens: Int32Array,
    {
      endId,
      contextLength,
      maxRows,
      seed,
    }: { endId: number; contextLength: number; maxRows: number; seed: number },
  ) {
    this.#tokens = tokens;
    this.#endId = endId;
    this.#pieces = piecesOf(tokens, endId, contextLength);
    this.#maxRows = maxRows;
    this.#seed = seed;
    if (this.#pieces.length === 0)
      throw new EngineError('config_invalid', 'the corpus has no document of two tokens to train on');
  }

  /** The documents of a step, counted from 0. */
  batch(step: number): Batch {
    const epoch = this.#epochOf(step);
    const group = this.#groupsOf(epoch)[step - (this.#firstSteps[epoch] ?? 0)];
    return batchOf(this.#tokens, group ?? [], this.#endId);
  }

  #epochOf(step: number): number {
    for (let epoch = this.#firstSteps.length - 1; step >= (this.#firstSteps.at(-1) ?? 0); epoch++) {
      this.#firstSteps.push((this.#firstSteps[epoch] ?? 0) + this.#groupsOf(epoch).length);
    }
    return this.#firstSteps.findLastIndex((first) => first <= step);
  }

  #groupsOf(epoch: number): readonly Piece[][] {
    if (epoch === this.#epoch) return this.#groups;
    const order = permutation(this.#pieces.length, hashCounters(this.#seed, epoch));
    const shuffled = Array.from(order, (index) => this.#pieces[index] as Piece);
    const groups: Piece[][] = [];
    for (let at = 0; at < shuffled.length; at += SORTED_TOGETHER) {
      const some = shuffled.slice(at, at + SORTED_TOGETHER).sort((one, other) => rowsOf(one) - rowsOf(other));
      groups.push(...groupsOf(some, this.#maxRows));
    }
    const turns = permutation(groups.length, hashCounters(this.#seed, epoch, 1));
    this.#groups = Array.from(turns, (index) => groups[index] as Piece[]);
    this.#epoch = epoch;
    return this.#groups;
  }
}
