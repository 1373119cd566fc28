import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KvCacheShape, Runtime } from '../../src/runtime/runtime.ts';
import { createWasmRuntime } from '../../src/runtime/wasm/wasm-runtime.ts';
import {
  attendInChunks,
  attentionCase as heads,
  attentionInFloat64,
  wholeNumbers,
  widthOf,
  type AttentionCase,
} from '../support/attention.ts';
import { expectClose } from '../support/compare.ts';
import { integerRows, largestOf } from '../support/integer-rows.ts';
import { someRows, type Rows } from '../support/matrix.ts';

const attentionOverRounded = (qkv: Rows, given: AttentionCase): number[][] =>
  attentionInFloat64(qkv, given, (rows) => integerRows(rows, 127));

const CASES: readonly AttentionCase[] = [
  ...[1, 3, 4, 7, 8, 12, 20, 64, 130].map((headDim) => heads(2, 2, headDim)),
  heads(6, 2, 16),
  heads(2, 1, 10, 1),
  heads(2, 1, 10, 9),
  heads(4, 2, 24, 70),
  { ...heads(1, 1, 600), length: 20 },
];

describe.each([1, 2, 3])('attention over keys and values in int8 on %i threads', (numThreads) => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await createWasmRuntime({ numThreads, weights: 'int8' });
  });
  afterAll(() => runtime.dispose());

  it.each(CASES)(
    'is that of float64 over rounded keys and values: $numHeads heads, $numKvHeads of keys, of $headDim, window $window',
    async (given) => {
      const qkv = wholeNumbers(given);
      const expected = attentionOverRounded(qkv, given);
      const tolerance = 2e-4 * largestOf(expected);
      for (const chunks of [[given.length], Array<number>(given.length).fill(1)]) {
        expectClose((await attendInChunks(runtime, qkv, given, chunks)).flat(), expected.flat(), tolerance);
      }
    },
  );

  it('keeps what weighs little beside a token that weighs nearly all', async () => {
    const given = heads(1, 1, 8);
    const qkv = wholeNumbers(given).map((row, token) => [
      ...Array<number>(8).fill(127),
      // Weights of 1 and of some 1e-4.
      ...Array<number>(8).fill(token === 0 ? 3 : 0),
      // The first token has nothing to say, so that the others decide.
      ...row.slice(16).map((value) => (token === 0 ? value / 1e6 : value)),
    ]);
    const small = { ...given, scale: 9.2 / (8 * 127 * 3) };
    const expected = attentionOverRounded(qkv, small);
    const last = expected.at(-1) ?? [];
    const [actual] = (await attendInChunks(runtime, qkv, small, Array<number>(given.length).fill(1))).slice(
      -1,
    );
    expectClose(actual ?? [], last, 2e-3 * largestOf([last]));
  });

  it('tells of a key or a value that is not a number in every row that sees it, and in no other', async () => {
    const given = heads(1, 1, 8);
    for (const broken of [8, 16]) {
      const qkv = wholeNumbers({ ...given, length: 12 });
      const good = await attendInChunks(runtime, qkv, given, Array<number>(12).fill(1));
      (qkv[5] ?? [])[broken] = NaN;
      const rows = await attendInChunks(runtime, qkv, given, Array<number>(12).fill(1));
      // A number that is none spoils its row of the embedding, hence queries, keys and values of the sixth token.
      expect(rows.slice(0, 5)).toEqual(good.slice(0, 5));
      for (const row of rows.slice(5)) expect(row.every(Number.isNaN)).toBe(true);
    }
  });
});

describe('attention over keys and values in int8, bit for bit', () => {
  it.each(CASES.slice(4))(
    'is the same by one chunk, by several, one at a time and on any number of threads: $numHeads heads of $headDim',
    async (given) => {
      const { length } = given;
      const qkv = someRows(length, widthOf(given), 6);
      const results: number[][][] = [];
      for (const numThreads of [1, 2, 3]) {
        const runtime = await createWasmRuntime({ numThreads, weights: 'int8' });
        for (const chunks of [
          [length],
          [1, length - 1],
          [3, 8, 5, length - 16],
          Array<number>(length).fill(1),
        ]) {
          results.push(await attendInChunks(runtime, qkv, given, chunks));
        }
        await runtime.dispose();
      }
      for (const result of results) expect(result).toEqual(results[0]);
    },
  );
});

describe('a cache in int8', () => {
  it('takes a byte a number, and a scale for the keys and one for the values of a token', async () => {
    const runtime = await createWasmRuntime({ numThreads: 1, weights: 'int8' });
    const shape: KvCacheShape = { numLayers: 3, numKvHeads: 2, headDim: 64, numLanes: 5, laneLength: 41 };
    const before = runtime.memory().numBytes;
    const cache = runtime.createKvCache(shape);
    expect(cache.numBytes).toBe(3 * 2 * 5 * 48 * 2 * (64 + 4));
    expect(runtime.memory().numBytes - before).toBe(cache.numBytes);
    cache.dispose();
    expect(runtime.memory().numBytes).toBe(before);
    await runtime.dispose();
  });
});
