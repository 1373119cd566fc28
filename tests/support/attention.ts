import { buildStepBatch, type SegmentInput } from '../../src/runtime/build-step-batch.ts';
import type { AttentionHeads } from '../../src/runtime/ops.ts';
import type { Forward, Runtime } from '../../src/runtime/runtime.ts';
import { inSeat, seatPages } from './seats.ts';
import { flat, product, softmaxRows, someRows, transposed, type Rows } from './matrix.ts';
import { wholeRow } from './step-runner.ts';

/** Heads of attention, and how many tokens a sequence has. */
export interface AttentionCase extends AttentionHeads {
  readonly length: number;
}

/** Below, at and beyond the tokens that kernels take together, and their multiples. */
const LENGTH = 150;

/** Scores that are neither all alike nor all but one nothing, of whole numbers up to 127. */
export const attentionCase = (
  numHeads: number,
  numKvHeads: number,
  headDim: number,
  window?: number,
): AttentionCase => ({
  numHeads,
  numKvHeads,
  headDim,
  scale: 4 / (127 ** 2 * Math.sqrt(headDim)),
  window,
  length: LENGTH,
});

/** Numbers of a row of queries, keys and values. */
export const widthOf = ({ numHeads, numKvHeads, headDim }: AttentionHeads): number =>
  (numHeads + 2 * numKvHeads) * headDim;

/** Rows of which int8 holds every number: whole, the largest 127. */
export function wholeNumbers(given: AttentionCase): number[][] {
  return someRows(given.length, widthOf(given), 7).map((row) => [
    127,
    ...row.slice(1).map((value) => Math.round(127 * value)),
  ]);
}

/** One sequence in chunks of the given lengths, each a step of its own: [tokens][heads * headDim]. */
export async function attendInChunks(
  runtime: Runtime,
  qkv: Rows,
  given: AttentionHeads,
  chunks: readonly number[],
): Promise<number[][]> {
  const { numPages } = seatPages({ numSeats: 3, seatLength: qkv.length });
  const steps: SegmentInput[][] = [];
  let positionStart = 0;
  for (const numRows of chunks) {
    steps.push([{ ...inSeat(1, qkv.length), ...tokensFrom(positionStart, numRows) }]);
    positionStart += numRows;
  }
  return (await attendInSteps(runtime, { qkv, given, steps, numPages })).flat();
}

/** Consecutive tokens of a sequence, token r the row r of the inputs. */
export const tokensFrom = (positionStart: number, numRows: number): Omit<SegmentInput, 'pages'> => ({
  positionStart,
  tokenIds: Array.from({ length: numRows }, (_, i) => positionStart + i),
  logits: 'all',
});

interface AttentionSteps {
  /** Token r is row r of these. */
  qkv: Rows;
  given: AttentionHeads;
  steps: readonly (readonly SegmentInput[])[];
  /** Of the cache. */
  numPages: number;
  /** Of the layer, if it has pages of its own. */
  numWindowPages?: number;
  /** What rows are padded to. */
  buckets?: readonly number[];
}

/** Steps one after the other over one cache, in its last layer: [steps][rows][heads * headDim]. */
export async function attendInSteps(
  runtime: Runtime,
  { qkv, given, steps, numPages, numWindowPages, buckets = [] }: AttentionSteps,
): Promise<number[][][]> {
  const width = qkv[0]?.length ?? 0;
  const tokens = runtime.createParameter('qkv', [qkv.length, width], flat(qkv));
  const { numKvHeads, headDim } = given;
  const windowed =
    numWindowPages === undefined ? undefined : { layers: new Set([1]), numPages: numWindowPages };
  const shape = { numLayers: 2, numKvHeads, headDim, numPages, windowed, maxStepPages: numPages };
  const cache = runtime.createKvCache(shape);
  // One function for all steps: a runtime may record it.
  const forward: Forward = (ops) => ops.attention(ops.embed(tokens, undefined), 1, given);
  const attended: number[][][] = [];
  for (const step of steps) {
    const batch = buildStepBatch(step, buckets);
    const rows = await runtime.runStep(batch, cache, forward);
    attended.push(rows.slice(0, batch.numRows).map((row) => [...wholeRow(row)]));
  }
  cache.dispose();
  return attended;
}

/**
 * Attention by its definition in float64: [tokens][heads * headDim].
 * @param stored what a cache makes of the keys, or values, of a head
 */
export function attentionInFloat64(
  qkv: Rows,
  given: AttentionHeads,
  stored: (rows: number[][]) => Rows,
): number[][] {
  const { numHeads, numKvHeads, headDim, scale, window = Infinity } = given;
  const stripe = (index: number) => qkv.map((row) => row.slice(index * headDim, (index + 1) * headDim));
  const attended = Array.from({ length: numHeads }, (_, head) => {
    const kvHead = Math.floor(head / (numHeads / numKvHeads));
    const keys = stored(stripe(numHeads + kvHead));
    const values = stored(stripe(numHeads + numKvHeads + kvHead));
    const scores = product(stripe(head), transposed(keys)).map((row, query) =>
      row.map((score, key) => (key <= query && key > query - window ? score * scale : -Infinity)),
    );
    return product(softmaxRows(scores), values); // [tokens][headDim]
  });
  return qkv.map((_, token) => attended.flatMap((head) => head[token] ?? []));
}
