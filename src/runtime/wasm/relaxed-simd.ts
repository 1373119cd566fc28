import { setTimeout as sleep } from 'node:timers/promises';
import { INT8_QUAD_PANELS, PACK_INT8, PANEL_WIDTH, QUAD_GROUP } from './assembly/kernel-ids.ts';
import { KernelPool } from './kernel-pool.ts';
import { linearJobs, linearScratchBytes } from './kernels/linear.ts';
import { panelBytes } from './panel-format.ts';
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

/**
 * Whether this engine computes products of quads as they are defined: it knows relaxed SIMD, and the kernel agrees with
 * plain integers, call after call. A version says neither.
 */
export async function hasRightRelaxedSimd(wasmBytes: Uint8Array, heap: WasmHeap): Promise<boolean> {
  if (!WebAssembly.validate(wasmBytes)) return false;
  const pool = await KernelPool.start({ wasmBytes, heap, numThreads: 1 });
  try {
    for (let round = 0; round < ROUNDS; round++) {
      if (round > 0) await sleep(PAUSE_MILLISECONDS);
      if (!isRight(pool, heap, 1) || !isRight(pool, heap, ROWS)) return false;
    }
    return true;
  } finally {
    await pool.dispose();
  }
}

function isRight(pool: KernelPool, heap: WasmHeap, numRows: number): boolean {
  const shape = { numRows, depth: DEPTH, numCols: COLS, format: INT8_QUAD_PANELS, numThreads: 1 } as const;
  const addresses: number[] = [];
  const allocate = (numBytes: number): number => {
    const address = heap.malloc(numBytes);
    addresses.push(address);
    return address;
  };
  try {
    const numPanels = Math.ceil(COLS / PANEL_WIDTH);
    const staged = allocate(4 * COLS * DEPTH);
    const weight = allocate(numPanels * panelBytes(INT8_QUAD_PANELS, DEPTH));
    const x = allocate(4 * numRows * DEPTH);
    const out = allocate(4 * numRows * COLS);
    const scratch = allocate(linearScratchBytes(shape));
    heap.float32(staged, COLS * DEPTH).set(WEIGHTS.flat());
    heap.float32(x, numRows * DEPTH).set(INPUTS.slice(0, numRows).flat());
    pool.run(PACK_INT8, numPanels, [staged, weight, COLS, DEPTH, INT8_QUAD_PANELS]);
    const jobs = linearJobs(shape, { x, weight, bias: 0, out, scratch });
    for (let call = 0; call < CALLS_A_ROUND; call++) {
      for (const job of jobs) pool.run(...job);
      if (!heap.float32(out, numRows * COLS).every((value, i) => value === EXPECTED[i])) return false;
    }
    return true;
  } finally {
    for (const address of addresses) heap.free(address);
  }
}

const table = (numRows: number, numCols: number, at: (row: number, col: number) => number): number[][] =>
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

const EXPECTED = INPUTS.flatMap((x) =>
  WEIGHTS.map((w) => x.reduce((sum, value, k) => sum + value * (w[k] ?? NaN), 0)),
); // [rows * out]
