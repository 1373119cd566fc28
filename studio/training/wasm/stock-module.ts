import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compileFunction } from 'node:vm';
import { assertInvariant, EngineError } from '../../../src/errors.ts';

/** What we use of the emscripten module inside tfjs' threaded SIMD build. */
export interface StockModule {
  readonly wasmMemory: WebAssembly.Memory;
  _malloc(numBytes: number): number;
  _free(address: number): void;
  _init(): void;
  _init_with_threads_count(numThreads: number): void;
  _get_threads_count(): number;
  _register_tensor(id: number, size: number, memoryOffset: number): void;
  _dispose_data(id: number): void;
  _dispose(): void;
  /** The names by which BackendWasm calls the six above; the package sets them after loading, and so do we. */
  tfjs: {
    init(): void;
    initWithThreadsCount(numThreads: number): void;
    getThreadsCount(): number;
    registerTensor(id: number, size: number, memoryOffset: number): void;
    disposeData(id: number): void;
    dispose(): void;
  };
}

type ModuleFactory = (config: { locateFile(path: string): string }) => Promise<StockModule>;

/**
 * Loads the stock wasm binary of tfjs with shared memory. tfjs itself refuses threads under Node
 * (tensorflow/tfjs#3830), and its glue starts eight workers before anything runs. Only the memory is wanted here,
 * so the glue is evaluated unchanged in a scope where `Worker` and `process` are stand-ins: no threads, and no
 * process-wide handlers of uncaught exceptions.
 */
export async function loadStockModule(): Promise<StockModule> {
  const require = createRequire(import.meta.url);
  const folder = join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')), '..', 'wasm-out');
  const file = join(folder, 'tfjs-backend-wasm-threaded-simd.js');
  const glue: unknown = compileFunction(
    await readFile(file, 'utf8'),
    ['module', 'exports', 'require', '__filename', '__dirname', 'process', 'global', 'Worker'],
    { filename: file },
  );
  assertInvariant(isGlue(glue), 'compiled glue is a function');
  const commonJs: { exports: unknown } = { exports: {} };
  const localRequire = (id: string): unknown =>
    id === 'worker_threads' ? { Worker: IdleWorker } : require(id);
  const globals = { performance };
  glue(commonJs, commonJs.exports, localRequire, file, folder, processStandIn, globals, IdleWorker);
  if (!isFactory(commonJs.exports)) {
    throw new EngineError('backend_unavailable', `${file} exports no module factory`);
  }
  const module = await commonJs.exports({ locateFile: (path) => join(folder, path) });
  module.tfjs = {
    init: () => module._init(),
    initWithThreadsCount: (numThreads) => module._init_with_threads_count(numThreads),
    getThreadsCount: () => module._get_threads_count(),
    registerTensor: (id, size, memoryOffset) => module._register_tensor(id, size, memoryOffset),
    disposeData: (id) => module._dispose_data(id),
    dispose: () => module._dispose(),
  };
  return module;
}

function isGlue(value: unknown): value is (...scope: unknown[]) => void {
  return typeof value === 'function';
}

function isFactory(value: unknown): value is ModuleFactory {
  return typeof value === 'function';
}

/** A thread of the glue's pool that is always ready and never asked to do anything. */
class IdleWorker {
  #onMessage: ((message: { cmd: string }) => void) | undefined;

  on(event: string, listener: (message: { cmd: string }) => void): void {
    if (event === 'message') this.#onMessage = listener;
  }

  postMessage({ cmd }: { cmd: string }): void {
    if (cmd !== 'load')
      throw new EngineError('backend_unavailable', 'a stock kernel asked for a thread of its own');
    queueMicrotask(() => this.#onMessage?.({ cmd: 'loaded' }));
  }

  unref(): void {}
  terminate(): void {}
}

const processStandIn = {
  versions: process.versions,
  argv: [],
  on: () => undefined,
  listeners: () => [],
  removeListener: () => undefined,
};
