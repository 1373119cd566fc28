import TinyQueue from 'tinyqueue';
import type { InSlices } from '../process/in-slices.ts';

/** A piece of a SentencePiece vocabulary. */
export interface Piece {
  score: number;
  /** The text may be joined into it on the way to a longer piece, but it is taken apart again where it is left. */
  isUnused: boolean;
}

/** Two neighbours that join to a piece: symbols `left` and `right`, which together end at `end`. */
interface Candidate {
  rank: number;
  left: number;
  right: number;
  end: number;
}

/** A text as a chain of symbols; -1 is where the chain ends. A symbol is named by its first character's index. */
interface Chain {
  text: string;
  /** Where each symbol starts in the text, and where it ends; 0 for one that has joined the one before it. */
  starts: Int32Array;
  ends: Int32Array;
  previous: Int32Array;
  next: Int32Array;
}

const NONE = -1;
/** Symbols or joins between two places where the work can be interrupted; a few milliseconds. */
const STEPS_PER_SLICE = 4096;

/** The place of a join among all: the lowest first. Undefined: the two do not join. */
type RankJoin = (chain: Chain, left: number, right: number) => number | undefined;

/**
 * Joins neighbours in a text, those of the lowest rank first, the leftmost among equals, until none can be joined. A text
 * of n characters takes O(n log n): each join makes at most two new candidates, kept in a heap.
 */
function* joinSymbols(text: string, rankOf: RankJoin): InSlices<Chain> {
  const chain = chainOf(text);
  const candidates = new TinyQueue<Candidate>([], (a, b) => a.rank - b.rank || a.left - b.left);
  const propose = (left: number, right: number): void => {
    if (left === NONE || right === NONE) return;
    const rank = rankOf(chain, left, right);
    if (rank !== undefined) candidates.push({ rank, left, right, end: chain.ends[right] ?? 0 });
  };
  let numSteps = 0;
  for (let right = 1; right < chain.starts.length; right++) {
    propose(right - 1, right);
    if (++numSteps % STEPS_PER_SLICE === 0) yield;
  }
  for (let best = candidates.pop(); best !== undefined; best = candidates.pop()) {
    if (++numSteps % STEPS_PER_SLICE === 0) yield;
    if (isStale(chain, best)) continue;
    join(chain, best);
    propose(chain.previous[best.left] ?? NONE, best.left);
    propose(best.left, chain.next[best.left] ?? NONE);
  }
  return chain;
}

/**
 * Byte-pair encoding by a list of merges: pairs rank, and join to what they are together.
 * @param rankOf a pair's place in the list
 */
export function* mergePairs(
  text: string,
  rankOf: (left: string, right: string) => number | undefined,
): InSlices<string[]> {
  const chain = yield* joinSymbols(text, (among, left, right) =>
    rankOf(textOf(among, left), textOf(among, right)),
  );
  return symbolsOf(chain);
}

/**
 * Byte-pair encoding as SentencePiece does it (bpe_model.cc), and llama.cpp after it: of all neighbours that join to a
 * piece of the vocabulary, those with the highest score are joined first, the leftmost among equals.
 *
 * Why not merges derived from the scores, for a library: a list of merges ranks pairs, and here pieces rank, however
 * they come about. Where one piece can be joined of different halves ("aaa" of "a" and "aa", or of "aa" and "a"), where
 * two pieces share a score, or where a character is no piece by itself, the two differ.
 */
export class PieceMerger {
  readonly #pieces: ReadonlyMap<string, Piece>;

  constructor(pieces: ReadonlyMap<string, Piece>) {
    this.#pieces = pieces;
  }

  /** The pieces that a text becomes, in order; a character of no piece stands alone. */
  *split(text: string): InSlices<string[]> {
    /** The halves of unused pieces. */
    const halves = new Map<string, readonly [string, string]>();
    const rankOf: RankJoin = (chain, left, right) => {
      const joined = chain.text.slice(chain.starts[left], chain.ends[right]);
      const piece = this.#pieces.get(joined);
      if (piece === undefined) return undefined;
      if (piece.isUnused) halves.set(joined, [textOf(chain, left), textOf(chain, right)]);
      return -piece.score;
    };
    const chain = yield* joinSymbols(text, rankOf);
    return symbolsOf(chain).flatMap((symbol) => this.#resegment(symbol, halves));
  }

  /** An unused piece comes apart into what it was joined of. */
  #resegment(symbol: string, halves: ReadonlyMap<string, readonly [string, string]>): string[] {
    const pair = this.#pieces.get(symbol)?.isUnused === true ? halves.get(symbol) : undefined;
    return pair === undefined ? [symbol] : pair.flatMap((half) => this.#resegment(half, halves));
  }
}

function chainOf(text: string): Chain {
  const starts: number[] = [];
  for (let i = 0; i < text.length; i += (text.codePointAt(i) ?? 0) > 0xffff ? 2 : 1) starts.push(i);
  const numSymbols = starts.length;
  return {
    text,
    starts: Int32Array.from(starts),
    ends: Int32Array.from(starts, (_, i) => starts[i + 1] ?? text.length),
    previous: Int32Array.from(starts, (_, i) => i - 1),
    next: Int32Array.from(starts, (_, i) => (i + 1 < numSymbols ? i + 1 : NONE)),
  };
}

/** One of the two has joined another symbol since: the left one from either side, or the right one from its right. */
function isStale({ ends, next }: Chain, { left, right, end }: Candidate): boolean {
  return ends[left] === 0 || next[left] !== right || ends[right] !== end;
}

/** The right symbol becomes a part of the left one. */
function join({ ends, previous, next }: Chain, { left, right, end }: Candidate): void {
  ends[left] = end;
  ends[right] = 0;
  const following = next[right] ?? NONE;
  next[left] = following;
  if (following !== NONE) previous[following] = left;
}

function textOf({ text, starts, ends }: Chain, symbol: number): string {
  return text.slice(starts[symbol], ends[symbol]);
}

function symbolsOf(chain: Chain): string[] {
  const symbols: string[] = [];
  if (chain.starts.length === 0) return symbols;
  for (let symbol = 0; symbol !== NONE; symbol = chain.next[symbol] ?? NONE) {
    symbols.push(textOf(chain, symbol));
  }
  return symbols;
}
