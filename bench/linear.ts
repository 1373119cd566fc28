/**
 * Times the dense products of a decode step of GPT-2 small (12 layers and the output head, each matrix its own, so that
 * weights come from memory) on the wasm kernels: `node dist/bench/linear.js [--threads 1,2] [--rows 1,4,...]
 * [--weights f32,bf16,int8]`. Prints the median of some runs in ms, the least, arithmetic and traffic of weights.
 */
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { JOB_BYTES, KernelPool, writeJob } from '../src/runtime/wasm/kernel-pool.ts';
import type { Job } from '../src/runtime/wasm/job.ts';
import { linearJobs, linearScratchBytes } from '../src/runtime/wasm/kernels/linear.ts';
import { readKernels, startWasmBackend } from '../src/runtime/wasm/start.ts';
import type { WasmHeap } from '../src/runtime/wasm/wasm-heap.ts';
import { WasmParameter, type WasmWeightFormat } from '../src/runtime/wasm/wasm-parameter.ts';

const NUM_LAYERS = 12;
const LAYER_SHAPES = [
  [2304, 768],
  [768, 768],
  [3072, 768],
  [768, 3072],
] as const;
const HEAD_SHAPE = [50257, 768] as const;
const SHAPES = [...Array.from({ length: NUM_LAYERS }, () => LAYER_SHAPES).flat(), HEAD_SHAPE];
const MIN_RUNS = 5;
const MIN_MILLISECONDS = 600;

const { values: flags } = parseArgs({
  options: {
    threads: { type: 'string', default: '1,2' },
    rows: { type: 'string', default: '1,4,8,16,32,128' },
    weights: { type: 'string', default: 'f32,bf16,int8' },
  },
});

const numbers = (list: string): number[] => list.split(',').map(Number);

/** Numbers of no pattern; bell-shaped ones would take as long. */
function noise(length: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

function pack(pool: KernelPool, format: WasmWeightFormat): WasmParameter[] {
  const values = noise(HEAD_SHAPE[0] * HEAD_SHAPE[1]);
  return SHAPES.map(
    ([rows, depth], i) =>
      new WasmParameter(pool, `w${i}`, [rows, depth], values.subarray(0, rows * depth), format),
  );
}

function measure(pool: KernelPool, heap: WasmHeap, weights: readonly WasmParameter[], numRows: number): void {
  const largestDepth = Math.max(...SHAPES.map(([, depth]) => depth));
  const x = heap.malloc(4 * numRows * largestDepth);
  heap.float32(x, numRows * largestDepth).set(noise(numRows * largestDepth));
  const out = heap.malloc(4 * numRows * HEAD_SHAPE[0]);
  const shapes = weights.map(({ shape: [numCols = 0, depth = 0], format }) => ({
    numRows,
    depth,
    numCols,
    format,
    numThreads: pool.numThreads,
  }));
  const scratch = heap.malloc(Math.max(...shapes.map(linearScratchBytes)));
  const jobs: Job[] = weights.flatMap(({ tensor }, i) => {
    const shape = shapes[i];
    if (shape === undefined) return [];
    return linearJobs(shape, { x, weight: heap.tensorAddress(tensor), bias: 0, out, scratch });
  });
  const list = heap.malloc(jobs.length * JOB_BYTES);
  const words = heap.int32(list, (jobs.length * JOB_BYTES) / 4);
  jobs.forEach((job, i) => writeJob(words, i, ...job));
  const times: number[] = [];
  const startedAt = performance.now();
  while (times.length < MIN_RUNS || performance.now() - startedAt < MIN_MILLISECONDS) {
    const before = performance.now();
    pool.runList(list, jobs.length);
    times.push(performance.now() - before);
  }
  times.sort((a, b) => a - b);
  const median = times[times.length >> 1] ?? NaN;
  const numWeights = SHAPES.reduce((sum, [rows, depth]) => sum + rows * depth, 0);
  const bytes = weights.reduce((sum, { tensor }) => sum + tensor.size * 4, 0);
  const least = times[0] ?? NaN;
  const gigaflops = (2 * numWeights * numRows) / median / 1e6;
  console.log(
    `${pool.numThreads} threads  ${String(numRows).padStart(3)} rows  ${median.toFixed(2).padStart(8)} ms ` +
      `(least ${least.toFixed(2)})  ${gigaflops.toFixed(0)} GFLOP/s  ${(bytes / median / 1e6).toFixed(1)} GB/s`,
  );
  for (const address of [x, out, scratch, list]) heap.free(address);
}

console.log(`Node ${process.version}`);
const { heap } = await startWasmBackend();
for (const format of flags.weights.split(',') as WasmWeightFormat[]) {
  for (const numThreads of numbers(flags.threads)) {
    const module = format === 'int8-quads' ? 'inference-relaxed' : 'inference';
    const pool = await KernelPool.start({ wasmBytes: await readKernels(module), heap, numThreads });
    const weights = pack(pool, format);
    // Kernels are compiled for speed while the first steps run.
    console.log(`${format}, ${(tf.memory().numBytes / 1e6).toFixed(0)} MB`);
    for (const numRows of [1, 4, ...numbers(flags.rows)]) measure(pool, heap, weights, numRows);
    for (const { tensor } of weights) tensor.dispose();
    await pool.dispose();
  }
}
