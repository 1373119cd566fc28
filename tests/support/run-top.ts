import { expect } from 'vitest';
import { buildStepBatch } from '../../src/runtime/build-step-batch.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { TOP_LOGITS, type StepRow, type TopLogits, type WeighedRow } from '../../src/runtime/step-batch.ts';
import { flat, someRows, type Rows } from './matrix.ts';

/** Rows of logits through the runtime as they are: one sequence, a token a row. */
export async function runTop(
  runtime: Runtime,
  logits: Rows,
  topRows: readonly boolean[],
  temperatures: readonly number[] = [],
): Promise<StepRow[]> {
  const numCols = logits[0]?.length ?? 0;
  const table = runtime.createParameter('logits', [logits.length, numCols], flat(logits));
  const zeros = runtime.createParameter('zeros', [1, numCols], new Float32Array(numCols));
  const cache = runtime.createKvCache({
    numLayers: 1,
    numKvHeads: 1,
    headDim: 1,
    numPages: logits.length,
    maxStepPages: logits.length,
  });
  const batch = buildStepBatch(
    logits.map((_, row) => ({
      pages: [row],
      positionStart: 0,
      tokenIds: [row],
      logits: 'last' as const,
      topIsEnough: topRows[row] ?? false,
      temperature: temperatures[row] ?? 0,
    })),
  );
  const rows = await runtime.runStep(batch, cache, (ops) => ops.selectRows(ops.embed(table, zeros)));
  cache.dispose();
  return rows.map(copyOf);
}

/** Rows may be views of what the next step overwrites. */
function copyOf(row: StepRow): StepRow {
  if (row instanceof Float32Array) return Float32Array.from(row);
  const copies = { tokenIds: Int32Array.from(row.tokenIds), logits: Float32Array.from(row.logits) };
  if ('row' in row) return { ...copies, row: Float32Array.from(row.row), totalWeight: row.totalWeight };
  return { ...copies, logSumExp: row.logSumExp };
}

/** Holds a weighed row to the whole row sorted, and the sum of its weights to float64. */
export function expectWeighed(
  row: StepRow | undefined,
  logits: readonly number[],
  temperature: number,
): void {
  expect(row).toHaveProperty('row', Float32Array.from(logits));
  const weighed = row as WeighedRow;
  expectMostProbable(weighed, logits);
  const largest = logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
  const total = logits.reduce((sum, logit) => sum + Math.exp((logit - largest) / temperature), 0);
  expect(weighed.totalWeight / total).toBeCloseTo(1, 5);
}

function expectMostProbable(top: Pick<TopLogits, 'tokenIds' | 'logits'>, logits: readonly number[]): void {
  const order = logits.map((_, id) => id).sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0) || a - b);
  expect([...top.tokenIds]).toEqual(order.slice(0, TOP_LOGITS));
  expect([...top.logits]).toEqual(order.slice(0, TOP_LOGITS).map((id) => logits[id] ?? NaN));
}

/** Holds a row's top to the whole row sorted, and its log-sum-exp to float64. */
export function expectTop(row: StepRow | undefined, logits: readonly number[]): void {
  expect(row).not.toBeInstanceOf(Float32Array);
  const top = row as TopLogits;
  expectMostProbable(top, logits);
  expect(top.logSumExp).toBeCloseTo(logSumExpOf(logits), 5);
}

/** In float64. */
export function logSumExpOf(logits: readonly number[]): number {
  const largest = logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
  return largest + Math.log(logits.reduce((total, logit) => total + Math.exp(logit - largest), 0));
}

export const TOP_CASES_VOCAB = 5003;
export const SPREAD_LOGITS = (someRows(1, TOP_CASES_VOCAB, 11)[0] ?? []).map((value) =>
  Math.fround(value * 20),
);
const TIES = SPREAD_LOGITS.map((value) => Math.round(value / 10) + 0);

export const TOP_CASES: { name: string; logits: number[] }[] = [
  { name: 'all different', logits: SPREAD_LOGITS.map((value, id) => Math.fround(value + id * 1e-4)) },
  { name: 'many ties', logits: TIES },
  { name: 'all equal', logits: Array<number>(TOP_CASES_VOCAB).fill(-3.5) },
  { name: 'few that are allowed', logits: TIES.map((value, id) => (id % 1700 === 99 ? value : -Infinity)) },
  { name: 'all negative', logits: SPREAD_LOGITS.map((value) => value - 100) },
  {
    name: 'the largest at the end',
    logits: SPREAD_LOGITS.map((value, id) => (id === TOP_CASES_VOCAB - 1 ? 99 : value)),
  },
];
