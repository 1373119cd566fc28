import { decodeBfloat16, encodeBfloat16 } from '../../src/runtime/half-precision.ts';
import type { StoredRows } from '../../src/runtime/runtime.ts';
import type { Rows } from './matrix.ts';
import { storedPart } from './stored-rows.ts';

/** Products of bfloat16 as native defines them, in the order of Intel's TDPBF16PS. */

const BLOCK = 32;
/** Numbers of rows and weights are zero below it. */
const LEAST = 2 ** -56;
/** A bias below it is zero. */
const LEAST_BIAS = 2 ** -103;

export function roundToBfloat16(values: readonly number[]): number[] {
  const rounded = new Float32Array(values.length);
  decodeBfloat16(encodeBfloat16(Float32Array.from(values)), rounded);
  return [...rounded].map((value) => (Math.abs(value) < LEAST ? 0 : value));
}

/** Rows as a file has them. */
export function storedBfloats(rows: Rows): StoredRows {
  const halves = encodeBfloat16(Float32Array.from(rows.flat()));
  return storedPart('BF16', rows.length, new Uint8Array(halves.buffer));
}

const double = new Float64Array(1);
const word = new BigInt64Array(double.buffer);

/** a * b + c, rounded once: a * b is exact in float64, and their sum is rounded to odd before it is to float32. */
function fma(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  const back = sum - product;
  const error = product - (sum - back) + (c - back);
  if (error === 0 || !Number.isFinite(sum)) return Math.fround(sum);
  double[0] = sum;
  const bits = word[0] ?? 0n;
  if ((bits & 1n) === 0n) word[0] = bits + (error > 0 === sum > 0 ? 1n : -1n);
  return Math.fround(double[0]);
}

/** One row by one output. */
function multiplyRow(x: readonly number[], weights: readonly number[], bias: number): number {
  let sum = Math.abs(bias) < LEAST_BIAS ? 0 : bias;
  for (let start = 0; start < x.length; start += BLOCK) {
    let [even, odd] = [0, 0];
    for (let k = start; k < Math.min(start + BLOCK, x.length); k += 2) {
      even = fma(x[k] ?? 0, weights[k] ?? 0, even);
      odd = fma(x[k + 1] ?? 0, weights[k + 1] ?? 0, odd);
    }
    sum = Math.fround(sum + Math.fround(even + odd));
  }
  return sum;
}

/** [rows, depth] x [out, depth] + bias -> [rows, out], of numbers of float32. */
export function multiplyBfloats(rows: Rows, weights: Rows, bias: readonly number[]): number[][] {
  const rounded = weights.map(roundToBfloat16);
  return rows.map((row) => {
    const x = roundToBfloat16(row);
    return rounded.map((numbers, out) => multiplyRow(x, numbers, bias[out] ?? 0));
  });
}
