import { setTimeout as sleep } from 'node:timers/promises';
import type { FLOAT32_PANELS } from './assembly/kernel-ids.ts';
import { INT8_QUAD_PANELS, PACK_INT8, PACK_WEIGHT, PANEL_WIDTH, QUAD_GROUP } from './assembly/kernel-ids.ts';
import { KernelPool } from './kernel-pool.ts';
import { linearJobs, linearScratchBytes } from './kernels/linear.ts';
import { panelBytes } from './wasm-parameter.ts';
import type { WasmHeap } from './wasm-heap.ts';

/** Products of the check. All numbers are integers, and a group of a row spans 127, so quantising them loses nothing. */
const [ROWS, DEPTH, COLS] = [5, 200, 20];
const LARGEST = 127;
/**
 * An engine compiles a function twice, in haste and then for speed, and the second takes effect at some later call:
 * Node 20's first calls were wrong, its later ones right.
 */
const ROUNDS = 4;
const CALLS_A_ROUND = 50;
const PAUSE_MILLISECONDS = 5;

/** Formats whose products relaxed SIMD computes; bfloat16 is multiplied as float32 is. */
export type RelaxedFormat = typeof INT8_QUAD_PANELS | typeof FLOAT32_PANELS;

/**
 * Whether this engine computes products of a format by relaxed SIMD as they are defined: it knows relaxed SIMD, and the
 * kernel agrees with plain integers, call after call. In float32 it may round products of fractions before it adds them
 * or not, but in every call alike, and for a row by itself as in company. A version says none of this.
 */
export async function hasRightRelaxedSimd(
  wasmBytes: Uint8Array,
  heap: WasmHeap,
  format: RelaxedFormat,
): Promise<boolean> {
  if (!WebAssembly.validate(wasmBytes)) return false;
  const pool = await KernelPool.start({ wasmBytes, heap, numThreads: 1 });
  const engine = { pool, heap, format };
  const check = (inputs: Rows, expected: ArrayLike<number>) =>
    [inputs.slice(0, 1), inputs].every((rows) => alwaysGives(expected, engine, rows));
  try {
    const fractions = withProduct(engine, THIRDS, (multiply) => multiply().slice());
    for (let round = 0; round < ROUNDS; round++) {
      if (round > 0) await sleep(PAUSE_MILLISECONDS);
      if (!check(INPUTS, EXPECTED) || !check(THIRDS, fractions)) return false;
    }
    return true;
  } finally {
    await pool.dispose();
  }
}

interface CheckedEngine {
  pool: KernelPool;
  heap: WasmHeap;
  format: RelaxedFormat;
}

/** Whether each call of a round gives what is expected of the first rows. */
function alwaysGives(expected: ArrayLike<number>, engine: CheckedEngine, inputs: Rows): boolean {
  return withProduct(engine, inputs, (multiply) => {
    for (let call = 0; call < CALLS_A_ROUND; call++) {
      if (!multiply().every((value, i) => value === expected[i])) return false;
    }
    return true;
  });
}

/** Gives `use` what multiplies the rows by the check's weights: [rows * out], valid until it is called again. */
function withProduct<T>(
  { pool, heap, format }: CheckedEngine,
  inputs: Rows,
  use: (multiply: () => Float32Array) => T,
): T {
  const numRows = inputs.length;
  const shape = { numRows, depth: DEPTH, numCols: COLS, format, numThreads: 1 } as const;
  const addresses: number[] = [];
  const allocate = (numBytes: number): number => {
    const address = heap.malloc(numBytes);
    addresses.push(address);
    return address;
  };
  try {
    const numPanels = Math.ceil(COLS / PANEL_WIDTH);
    const staged = allocate(4 * COLS * DEPTH);
    const weight = allocate(numPanels * panelBytes(format, DEPTH));
    const x = allocate(4 * numRows * DEPTH);
    const out = allocate(4 * numRows * COLS);
    const scratch = allocate(linearScratchBytes(shape));
    heap.float32(staged, COLS * DEPTH).set(WEIGHTS.flat());
    heap.float32(x, numRows * DEPTH).set(inputs.flat());
    const pack = format === INT8_QUAD_PANELS ? PACK_INT8 : PACK_WEIGHT;
    pool.run(pack, numPanels, [staged, weight, COLS, DEPTH, format]);
    const jobs = linearJobs(shape, { x, weight, bias: 0, out, scratch });
    return use(() => {
      for (const job of jobs) pool.run(...job);
      return heap.float32(out, numRows * COLS);
    });
  } finally {
    for (const address of addresses) heap.free(address);
  }
}

type Rows = readonly (readonly number[])[];

const table = (numRows: number, numCols: number, at: (row: number, col: number) => number): Rows =>
  Array.from({ length: numRows }, (_, row) => Array.from({ length: numCols }, (_, col) => at(row, col)));

/** From -127 to 127, and both of them in each output. */
const WEIGHTS = table(COLS, DEPTH, (col, k) =>
  k < 2 ? (k === 0 ? LARGEST : -LARGEST) : ((k * 89 + col * 37) % (2 * LARGEST + 1)) - LARGEST,
); // [out][in]

/** From -20 row to 127 more than that, and both of them in each group. */
const INPUTS = table(ROWS, DEPTH, (row, k) => {
  const place = k % QUAD_GROUP;
  return (place < 2 ? place * LARGEST : (k * 53 + row * 31) % (LARGEST + 1)) - 20 * row;
}); // [rows][in]

/** What float32 does not hold exactly. */
const THIRDS = INPUTS.map((row) => row.map((value) => value / 3)); // [rows][in]

const EXPECTED = INPUTS.flatMap((x) =>
  WEIGHTS.map((w) => x.reduce((sum, value, k) => sum + value * (w[k] ?? NaN), 0)),
); // [rows * out]
