import { buildStepBatch } from '../../src/runtime/build-step-batch.ts';
import { bookHeads, type Activation, type TransformerOps } from '../../src/runtime/ops.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { inPages, type SeatSegment, seatShape } from './seats.ts';
import { flat, type Rows } from './matrix.ts';
import { wholeRow } from './step-runner.ts';

interface RunOptions {
  /** Heads of keys. */
  numHeads?: number;
  /** By default the third part of a row, one for each head. */
  headDim?: number;
  /** How the rows come: by default one sequence in one step. Row r has token r. */
  segments?: readonly SeatSegment[];
}

/**
 * Runs single operations of a runtime on numbers of one's own: the rows go in as a token embedding without positions.
 * Returns the rows of whatever `compute` returns.
 */
export async function runOps(
  runtime: Runtime,
  inputs: Rows,
  compute: (x: Activation, ops: TransformerOps) => Activation,
  options: RunOptions = {},
): Promise<number[][]> {
  const numTokens = inputs.length;
  const dim = inputs[0]?.length ?? 0;
  const {
    numHeads = 1,
    headDim = Math.max(1, Math.floor(dim / 3 / numHeads)),
    segments = [{ seat: 0, positionStart: 0, tokenIds: inputs.map((_, r) => r), logits: 'all' }],
  } = options;
  const embedding = runtime.createParameter('inputs', [numTokens, dim], flat(inputs));
  const noPositions = runtime.createParameter(
    'positions',
    [numTokens, dim],
    new Float32Array(numTokens * dim),
  );
  const seats = { numSeats: 4, seatLength: numTokens };
  const cache = runtime.createKvCache(seatShape({ numLayers: 1, numKvHeads: numHeads, headDim, ...seats }));
  const batch = buildStepBatch(inPages(segments, numTokens));
  const result = await runtime.runStep(batch, cache, (ops) =>
    compute(ops.embed(embedding, noPositions), ops),
  );
  const rows = result.map((row) => [...wholeRow(row)]);
  cache.dispose();
  return rows;
}

/** Rows of queries, keys and values through a runtime's causal attention: [tokens][heads * headDim]. */
export function runCausalAttention(
  runtime: Runtime,
  q: Rows,
  k: Rows,
  v: Rows,
  numHeads = 1,
): Promise<number[][]> {
  const qkv = q.map((row, token) => [...row, ...(k[token] ?? []), ...(v[token] ?? [])]); // [tokens][3 * dim]
  return runOps(
    runtime,
    qkv,
    (x, ops) => ops.attention(x, 0, bookHeads(numHeads, (q[0]?.length ?? 0) / numHeads)),
    { numHeads },
  );
}

/**
 * Unmasked attention by causal means: the last token sees everything, so each query takes its turn as the last.
 * [queries][headDim]
 */
export async function runFullAttention(runtime: Runtime, q: Rows, k: Rows, v: Rows): Promise<number[][]> {
  const rows: number[][] = [];
  for (const query of q) {
    rows.push((await runCausalAttention(runtime, [...q.slice(0, -1), query], k, v)).at(-1) ?? []);
  }
  return rows;
}

/** The weights behind an attention, read off by giving each key a one in a column of its own: [queries][keys]. */
export async function attentionWeights(
  attend: (v: Rows) => Promise<number[][]>,
  numKeys: number,
  headDim: number,
): Promise<number[][]> {
  const weights: number[][] = [];
  for (let start = 0; start < numKeys; start += headDim) {
    const markers = Array.from({ length: numKeys }, (_, key) =>
      Array.from({ length: headDim }, (_, col) => (key === start + col ? 1 : 0)),
    ); // [keys][headDim]
    (await attend(markers)).forEach((row, query) => (weights[query] ??= []).push(...row));
  }
  return weights.map((row) => row.slice(0, numKeys));
}
