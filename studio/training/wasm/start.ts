import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs-core';
import { BackendWasm, setThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import { EngineError } from '../../../src/errors.ts';
import { loadStockModule, type StockModule } from './stock-module.ts';
import { WasmHeap } from './wasm-heap.ts';

/** The wasm backend of tfjs in this thread, with its heap open to our own kernels. */
export interface WasmBackend {
  readonly backend: BackendWasm;
  readonly heap: WasmHeap;
}

let started: Promise<WasmBackend> | undefined;

/**
 * Starts tfjs' stock wasm backend (SIMD, shared memory) in this thread, main or worker, and makes it the current
 * one. tfjs has one engine a thread, so a second call returns the same backend; it lives as long as its thread.
 * Throws `backend_unavailable`.
 */
export async function startWasmBackend(): Promise<WasmBackend> {
  started ??= start();
  const wasmBackend = await started;
  await tf.setBackend('wasm'); // another backend may have become the current one since
  return wasmBackend;
}

async function start(): Promise<WasmBackend> {
  let module: StockModule;
  try {
    module = await loadStockModule();
  } catch (cause) {
    throw new EngineError('backend_unavailable', 'the wasm backend of tfjs did not start', { cause });
  }
  // XNNPACK gets no threads of its own: products run in our kernels, on the kernel pool.
  setThreadsCount(1);
  const backend = new BackendWasm(module);
  tf.removeBackend('wasm');
  tf.registerBackend('wasm', () => backend, 2);
  return { backend, heap: new WasmHeap(module, backend) };
}

/** The bytes of the trainer's kernels. Throws `backend_unavailable` when they are not built. */
export async function readKernels(): Promise<Uint8Array> {
  // Compiled code lies in dist/studio/training/wasm, the sources in studio/training/wasm.
  const folder = import.meta.url.endsWith('.ts') ? '../../../dist/kernels/' : '../../../kernels/';
  try {
    return await readFile(new URL(`${folder}training.wasm`, import.meta.url));
  } catch (cause) {
    throw new EngineError('backend_unavailable', "the trainer's kernels are not built: run `npm run build`", {
      cause,
    });
  }
}
