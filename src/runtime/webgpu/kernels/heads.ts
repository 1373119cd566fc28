import { PAGE_TOKENS } from '../../../pages.ts';
import type { HeadStripes, Rotation } from '../../ops.ts';
import { type LayerCache, pageField } from './cache-write.ts';
import { defineKernel, numRowsOf, strideOf, type Binding, type Kernel } from './kernel.ts';
import { sumOfWorkgroupFunction } from './norm.ts';

interface HeadsDimensions {
  stripes: HeadStripes;
  paddedRows: number;
  /** Of the norm of each head of queries and keys, if there is one. */
  epsilon: number | undefined;
  /** How queries and keys are turned by their position, if they are. */
  pairing: Rotation['pairing'] | undefined;
  /** Keys and values go to that cache, queries to the result; without one, all three. */
  cache: LayerCache | undefined;
}

const WORKGROUP_SIZE = 64;

/**
 * What happens to heads between the product and attention: norm, rotation, cache write, as there are. A workgroup takes
 * one head of one row: [rows, qkv] -> [rows, qkv], or [rows, heads * headDim] and the cache of a layer.
 * Bindings: step, qkv, then query gain, key gain, table as there are, result, then keys and values as there are.
 */
export function headsKernel(dimensions: HeadsDimensions): Kernel {
  const { stripes, paddedRows, epsilon, pairing, cache } = dimensions;
  const { numHeads, numKvHeads, headDim } = stripes;
  const numStripes = numHeads + 2 * numKvHeads;
  const hasNorm = epsilon !== undefined;
  const binding = (name: string, access: Binding['access']): Binding => ({ name, type: 'f32', access });
  return defineKernel({
    name: 'heads',
    bindings: [
      binding('qkv', 'read'),
      ...(hasNorm ? [binding('query_gain', 'read'), binding('key_gain', 'read')] : []),
      ...(pairing ? [binding('table', 'read')] : []),
      binding('result', 'write'),
      ...(cache ? [binding('keys', 'write'), binding('values', 'write')] : []),
    ],
    declarations: `
const HEAD_DIM = ${headDim}u;
const KEY_STRIPE = ${numHeads}u;
const VALUE_STRIPE = ${numHeads + numKvHeads}u;
${hasNorm ? sumOfWorkgroupFunction(WORKGROUP_SIZE) : ''}
${storeFunction(dimensions)}`,
    workgroupSize: WORKGROUP_SIZE,
    body: `
  let row = group.y;
  let stripe = group.x;
  if (row >= ${numRowsOf('step')}) { return; }
  let start = row * ${strideOf(numStripes * headDim)} + stripe * HEAD_DIM;
  if (stripe >= VALUE_STRIPE) {
    for (var i = thread; i < HEAD_DIM; i += ${WORKGROUP_SIZE}) { store(row, stripe, i, qkv[start + i]); }
    return;
  }
  ${hasNorm ? scaleOfHead(epsilon) : ''}
  ${
    pairing
      ? turnPairs(pairing, hasNorm)
      : `
  for (var i = thread; i < HEAD_DIM; i += ${WORKGROUP_SIZE}) { store(row, stripe, i, ${numberAt('i', hasNorm)}); }`
  }`,
    workgroups: [numStripes, paddedRows, 1],
  });
}

const scaleOfHead = (epsilon: number): string => `
  var squares = 0.0;
  for (var i = thread; i < HEAD_DIM; i += ${WORKGROUP_SIZE}) { squares += qkv[start + i] * qkv[start + i]; }
  let scale = 1.0 / sqrt(sum_of_workgroup(thread, squares) / f32(HEAD_DIM) + ${epsilon});`;

const numberAt = (col: string, hasNorm: boolean): string =>
  hasNorm
    ? `qkv[start + ${col}] * scale * select(key_gain[${col}], query_gain[${col}], stripe < KEY_STRIPE)`
    : `qkv[start + ${col}]`;

const turnPairs = (pairing: Rotation['pairing'], hasNorm: boolean): string => `
  let turn = step_row(row).y * HEAD_DIM;
  for (var pair = thread; pair < HEAD_DIM / 2; pair += ${WORKGROUP_SIZE}) {
    let first = ${pairing === 'halves' ? 'pair' : '2 * pair'};
    let second = ${pairing === 'halves' ? 'pair + HEAD_DIM / 2' : '2 * pair + 1'};
    let a = ${numberAt('first', hasNorm)};
    let b = ${numberAt('second', hasNorm)};
    let cosine = table[turn + pair];
    let sine = table[turn + HEAD_DIM / 2 + pair];
    store(row, stripe, first, a * cosine - b * sine);
    store(row, stripe, second, a * sine + b * cosine);
  }`;

function storeFunction({ stripes, cache }: HeadsDimensions): string {
  const { numHeads, numKvHeads, headDim } = stripes;
  if (cache === undefined) {
    return `
fn store(row: u32, stripe: u32, col: u32, value: f32) {
  result[row * ${strideOf((numHeads + 2 * numKvHeads) * headDim)} + stripe * HEAD_DIM + col] = value;
}`;
  }
  return `
fn cache_slot(row: u32, head: u32) -> u32 {
  let info = step_row(row);
  return ((info.${pageField(cache)} * ${numKvHeads}u + head) * ${PAGE_TOKENS}u + info.y % ${PAGE_TOKENS}u) * HEAD_DIM;
}
fn store(row: u32, stripe: u32, col: u32, value: f32) {
  if (stripe < KEY_STRIPE) {
    result[row * ${strideOf(numHeads * headDim)} + stripe * HEAD_DIM + col] = value;
  } else if (stripe < VALUE_STRIPE) {
    keys[cache_slot(row, stripe - KEY_STRIPE) + col] = value;
  } else {
    values[cache_slot(row, stripe - VALUE_STRIPE) + col] = value;
  }
}`;
}
