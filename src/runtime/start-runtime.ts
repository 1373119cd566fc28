import type { RuntimeName } from '../config/settings.ts';
import type { Runtime } from './runtime.ts';

export interface RuntimeOptions {
  numThreads: number;
}

/** One loader a runtime, so that no runtime's packages are loaded but those of the one asked for. */
const LOADERS: Record<RuntimeName, (options: RuntimeOptions) => Promise<Runtime>> = {
  wasm: async (options) => (await import('./wasm/wasm-runtime.ts')).createWasmRuntime(options),
  cpu: async () => (await import('./cpu/cpu-runtime.ts')).createCpuRuntime(),
};

/**
 * Starts the runtime of that name in the calling thread. There is no fallback: what cannot be had is an error.
 *
 * @throws EngineError `backend_unavailable` with the reason
 */
export function startRuntime(name: RuntimeName, options: RuntimeOptions): Promise<Runtime> {
  return LOADERS[name](options);
}
