import type { Gpt2 } from '../../src/model/gpt2.ts';
import type { BytePairEncoder } from './byte-pair-encoder.ts';
import { encodeDocument } from './chat-format.ts';
import type { Source } from './corpus.ts';
import { batchOf, groupsOf, type Piece, piecesOf } from './document-batches.ts';
import { textsOf } from './documents.ts';
import type { TrainingKernels } from './kernels.ts';
import { evaluateRows } from './loss-and-gradients.ts';
import type { SequenceKind } from './train-options.ts';
import type { TokenBuffers } from './token-buffers.ts';

export interface HeldOut {
  /** One array a source: `<|endoftext|>`, then its held-out tokens. `<|endoftext|>` also ends each document. */
  readonly sequences: readonly Int32Array[];
  /** UTF-8 bytes of the held-out texts; special tokens have none. */
  readonly numBytes: number;
}

/** A window of a sequence; rows from `firstCounted` on count, those before are context. */
interface Window {
  readonly tokens: Int32Array;
  readonly start: number;
  readonly firstCounted: number;
}

export function encodeHeldOut(sources: readonly Source[], encoder: BytePairEncoder): HeldOut {
  const { endOfTextId } = encoder;
  const sequences = sources.map(({ kind, heldOut }) => {
    const documents = heldOut.map((document) => [...encodeDocument(encoder, document)]);
    // The rest of a book is cut off at both ends: it is no document with an end of its own.
    const ended = kind === 'book' ? documents : documents.map((tokens) => [...tokens, endOfTextId]);
    return Int32Array.from([endOfTextId, ...ended.flat()]);
  });
  const texts = sources.flatMap(({ heldOut }) => heldOut.flatMap(textsOf));
  return { sequences, numBytes: texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) };
}

interface WindowSizes {
  /** Windows that are computed together. */
  readonly batchSize: number;
  readonly contextLength: number;
  readonly stride: number;
}

/**
 * Bits per byte over the whole held-out text, every token counted once. A window begins `stride` tokens after the
 * one before: with a stride below the context length each token but the first sees contextLength - stride or more
 * tokens before it; with a stride equal to it, windows lie side by side.
 */
function heldOutBitsPerByte(
  kernels: TrainingKernels,
  model: Gpt2,
  buffers: TokenBuffers,
  heldOut: HeldOut,
  { batchSize: numSequences, contextLength: seqLen, stride }: WindowSizes,
): number {
  const windows = heldOut.sequences.flatMap((tokens) => [...windowsOf(tokens, seqLen, stride)]);
  let nats = 0;
  for (let first = 0; first < windows.length; first += numSequences) {
    const group = windows.slice(first, first + numSequences);
    const ids = new Int32Array(numSequences * seqLen); // [rows]
    const targets = new Int32Array(numSequences * seqLen); // [rows]
    group.forEach(({ tokens, start }, i) => {
      const end = Math.min(start + seqLen, tokens.length - 1);
      ids.set(tokens.subarray(start, end), i * seqLen);
      targets.set(tokens.subarray(start + 1, end + 1), i * seqLen);
    });
    buffers.fill({ ids, targets, numSequences, seqLen });
    const losses = evaluateRows(kernels, model, buffers); // [rows]
    group.forEach(({ tokens, start, firstCounted }, i) => {
      const numRows = Math.min(seqLen, tokens.length - 1 - start);
      for (let row = firstCounted; row < numRows; row++) nats += losses[i * seqLen + row] ?? NaN;
    });
  }
  return nats / Math.LN2 / heldOut.numBytes;
}

/**
 * Bits per byte over the held-out documents, each by itself from position 0 on: every token counted once but the first of
 * each, and its end.
 *
 * @param maxRows tokens that are computed together
 */
function bitsPerByteOfDocuments(
  kernels: TrainingKernels,
  model: Gpt2,
  buffers: TokenBuffers,
  { sequences, numBytes }: HeldOut,
  { endId, contextLength, maxRows }: { endId: number; contextLength: number; maxRows: number },
): number {
  let nats = 0;
  for (const tokens of sequences) {
    const pieces = piecesOf(tokens, endId, contextLength).sort(
      (one, other) => one.end - one.start - (other.end - other.start),
    );
    for (const group of groupsOf(pieces, maxRows)) {
      const batch = batchOf(tokens, group, endId);
      buffers.fill(batch);
      const losses = evaluateRows(kernels, model, buffers); // [rows]
      nats += sumOf(
        group.flatMap((piece, i) => [...losses.subarray(i * batch.seqLen).slice(0, numTargets(piece))]),
      );
    }
  }
  return nats / Math.LN2 / numBytes;
}

const numTargets = ({ start, end }: Piece): number => end - 1 - start;
const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

interface Judged {
  readonly kernels: TrainingKernels;
  readonly model: Gpt2;
  readonly buffers: TokenBuffers;
  readonly heldOut: HeldOut;
  readonly endId: number;
}

interface Reading {
  readonly sequences: SequenceKind;
  readonly batchSize: number;
  readonly contextLength: number;
}

/** Bits per byte, read as in training: by documents; or by windows side by side, and where `all` are wanted overlapping, too. */
export function heldOutFigures(
  { kernels, model, buffers, heldOut, endId }: Judged,
  { sequences, batchSize, contextLength }: Reading,
  all = false,
): readonly number[] {
  if (sequences === 'documents') {
    const maxRows = batchSize * contextLength;
    return [bitsPerByteOfDocuments(kernels, model, buffers, heldOut, { endId, contextLength, maxRows })];
  }
  const strides = [contextLength, ...(all ? [Math.ceil(contextLength / 2)] : [])];
  return strides.map((stride) =>
    heldOutBitsPerByte(kernels, model, buffers, heldOut, { batchSize, contextLength, stride }),
  );
}

/** Windows whose counted rows together cover every token but the first, once each. */
export function* windowsOf(tokens: Int32Array, seqLen: number, stride: number): Generator<Window> {
  const numTargets = tokens.length - 1;
  for (let start = 0; start < numTargets; start += stride) {
    const firstCounted = start === 0 ? 0 : seqLen - stride;
    if (start + firstCounted >= numTargets) return;
    yield { tokens, start, firstCounted };
  }
}
