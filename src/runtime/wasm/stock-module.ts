import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compileFunction } from 'node:vm';
import { EngineError } from '../../errors.ts';

/** What we use of the emscripten module inside tfjs' threaded SIMD build. */
export interface StockModule {
  readonly wasmMemory: WebAssembly.Memory;
  _malloc(numBytes: number): number;
  _free(address: number): void;
  cwrap<Args extends unknown[], Result>(
    name: string,
    returnType: string | null,
    argTypes: string[],
  ): (...args: Args) => Result;
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
  const glue = compileFunction(
    await readFile(file, 'utf8'),
    ['module', 'exports', 'require', '__filename', '__dirname', 'process', 'global', 'Worker'],
    { filename: file },
  );
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
    init: module.cwrap('init', null, []),
    initWithThreadsCount: module.cwrap('init_with_threads_count', null, ['number']),
    getThreadsCount: module.cwrap('get_threads_count', 'number', []),
    registerTensor: module.cwrap('register_tensor', null, ['number', 'number', 'number']),
    disposeData: module.cwrap('dispose_data', null, ['number']),
    dispose: module.cwrap('dispose', null, []),
  };
  return module;
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
