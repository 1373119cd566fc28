import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadAddon } from '../../src/runtime/native/native-addon.ts';
import type { KernelRuntime } from '../../src/runtime/kernels/kernel-runtime.ts';
import { createNativeRuntime } from '../../src/runtime/native/native-runtime.ts';
import { KV_CACHE_FORMATS, type KvCacheFormat } from '../../src/runtime/traits.ts';
import {
  attendInChunks,
  attentionCase as heads,
  attentionInFloat64,
  wholeNumbers,
  widthOf,
  type AttentionCase,
} from '../support/attention.ts';
import { expectClose, firstDifference } from '../support/compare.ts';
import { integerRows, largestOf } from '../support/integer-rows.ts';
import { someRows, type Rows } from '../support/matrix.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';

const CASES: readonly AttentionCase[] = [
  ...[1, 3, 16, 20, 64, 130].map((headDim) => heads(2, 2, headDim)),
  // Heads that share keys by two, three, four, five and nine.
  heads(4, 2, 24),
  heads(6, 2, 16),
  heads(4, 1, 40),
  heads(5, 1, 16),
  heads(9, 1, 64),
  heads(2, 1, 10, 1),
  heads(2, 1, 10, 9),
  heads(4, 2, 24, 70),
  { ...heads(1, 1, 600), length: 20 },
];

/** What a cache makes of whole numbers: float16 holds each of them. */
const stored =
  (format: KvCacheFormat) =>
  (rows: number[][]): Rows =>
    format === 'int8' ? integerRows(rows, 127) : rows;

describe.runIf(RUNTIME_NAMES_HERE.includes('native'))('attention by every instruction set', () => {
  const instructionSets = RUNTIME_NAMES_HERE.includes('native') ? loadAddon().start(1) : [];
  const create = (kvCacheFormat: KvCacheFormat, numThreads: number, instructionSet: number): KernelRuntime =>
    createNativeRuntime({ numThreads, weights: 'f32', kvCacheFormat, instructionSet });

  describe.each(KV_CACHE_FORMATS)('over keys and values in %s', (format) => {
    const runtimes: KernelRuntime[] = [];
    beforeAll(() => {
      instructionSets.forEach((_, index) => runtimes.push(create(format, 2, index)));
    });
    afterAll(() => Promise.all(runtimes.map((runtime) => runtime.dispose())));

    it.each(CASES)(
      'is that of float64: $numHeads heads, $numKvHeads of keys, of $headDim, window $window',
      async (given) => {
        const qkv = wholeNumbers(given);
        const expected = attentionInFloat64(qkv, given, stored(format));
        const tolerance = 2e-4 * largestOf(expected);
        for (const runtime of runtimes) {
          for (const chunks of [[given.length], Array<number>(given.length).fill(1)]) {
            const actual = await attendInChunks(runtime, qkv, given, chunks);
            expectClose(actual.flat(), expected.flat(), tolerance);
          }
        }
      },
    );

    it.each(CASES.slice(2))(
      'has the same bits by one chunk, by several and one at a time: $numHeads heads of $headDim',
      async (given) => {
        const { length } = given;
        const qkv = someRows(length, widthOf(given), 6);
        const whole = await attendInChunks(create(format, 1, 0), qkv, given, [length]);
        for (const runtime of runtimes) {
          for (const chunks of [
            [length],
            [1, length - 1],
            [3, 8, 5, length - 16],
            Array<number>(length).fill(1),
          ]) {
            const rows = await attendInChunks(runtime, qkv, given, chunks);
            expect(
              firstDifference(rows, whole),
              `${runtime.description}, in ${chunks.length}`,
            ).toBeUndefined();
          }
        }
      },
    );

    it('tells of a key or a value that is not a number in every row that sees it, and in no other', async () => {
      const given = heads(1, 1, 8);
      for (const runtime of runtimes) {
        for (const broken of [8, 16]) {
          const qkv = wholeNumbers({ ...given, length: 12 });
          const good = await attendInChunks(runtime, qkv, given, Array<number>(12).fill(1));
          (qkv[5] ?? [])[broken] = NaN;
          const rows = await attendInChunks(runtime, qkv, given, Array<number>(12).fill(1));
          expect(rows.slice(0, 5)).toEqual(good.slice(0, 5));
          // A value that is none spoils its own column alone where columns have no scale in common.
          for (const row of rows.slice(5)) expect(row.some(Number.isNaN)).toBe(true);
        }
      }
    });
  });
});
