import { availableParallelism } from 'node:os';
import type { RuntimeName } from '../config/settings.ts';
import { EngineError } from '../errors.ts';
import type { Runtime } from './runtime.ts';

export interface RuntimeOptions {
  /** Threads that compute; `undefined`: as many as suit the runtime and the machine. */
  numThreads: number | undefined;
}

const MAX_DEFAULT_THREADS = 8;

const defaultNumThreads = (): number => Math.min(availableParallelism(), MAX_DEFAULT_THREADS);

/** One loader a runtime, so that no runtime's packages are loaded but those of the one asked for. */
const LOADERS: Record<RuntimeName, (options: RuntimeOptions) => Promise<Runtime>> = {
  wasm: async ({ numThreads = defaultNumThreads() }) =>
    (await import('./wasm/wasm-runtime.ts')).createWasmRuntime({ numThreads }),
  cpu: async ({ numThreads = 1 }) => {
    if (numThreads === 1) return (await import('./cpu/cpu-runtime.ts')).createCpuRuntime();
    throw new EngineError(
      'config_invalid',
      `the cpu runtime computes on 1 thread, not ${numThreads} (THREADS)`,
    );
  },
};

/**
 * Starts the runtime of that name in the calling thread. There is no fallback: what cannot be had is an error.
 *
 * @throws EngineError `backend_unavailable` or `config_invalid` with the reason
 */
export function startRuntime(name: RuntimeName, options: RuntimeOptions): Promise<Runtime> {
  return LOADERS[name](options);
}
