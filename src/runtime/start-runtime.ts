import { availableCores } from '../available-cores.ts';
import { EngineError } from '../errors.ts';
import type { Runtime } from './runtime.ts';
import {
  checkKvCacheFormat,
  checkWeightFormat,
  defaultThreads,
  heldWeights,
  type KvCacheRequest,
  type RuntimeName,
  type WeightFormat,
} from './traits.ts';

export interface RuntimeOptions {
  /** Threads that compute; `undefined`: as many as suit the runtime and the machine. */
  numThreads: number | undefined;
  weights: WeightFormat;
  /** How keys and values are held; by default as goes with the weights. */
  kvCacheFormat?: KvCacheRequest;
  /** Numbers of a head of keys, on which the default depends. */
  headDim?: number;
  /** Whether a GPU that is a program on the CPU will do. */
  allowSoftware?: boolean;
  /** Called once when the device is gone for good and was not disposed of; no step would work any more. */
  onLost?: (error: EngineError) => void;
}

interface CheckedOptions extends RuntimeOptions {
  numThreads: number;
}

/** One loader a runtime, so that no runtime's packages are loaded but those of the one asked for. */
const LOADERS: Record<RuntimeName, (options: CheckedOptions) => Promise<Runtime>> = {
  'tensorflow-gpu': (options) => startTensorflow('tensorflow-gpu', options),
  tensorflow: (options) => startTensorflow('tensorflow', options),
  webgpu: async ({ weights, allowSoftware, onLost }) => {
    checkWeightFormat('webgpu', weights);
    return (await import('./webgpu/webgpu-runtime.ts')).createWebGpuRuntime({
      weights,
      allowSoftware,
      onLost,
    });
  },
  native: async ({ numThreads, weights, kvCacheFormat, headDim }) =>
    (await import('./native/native-runtime.ts')).createNativeRuntime({
      numThreads,
      weights: heldWeights('native', weights),
      kvCacheFormat,
      headDim,
    }),
  wasm: async ({ numThreads, weights, kvCacheFormat, headDim }) =>
    (await import('./wasm/wasm-runtime.ts')).createWasmRuntime({
      numThreads,
      weights: heldWeights('wasm', weights),
      kvCacheFormat,
      headDim,
    }),
  cpu: async ({ numThreads, weights }) => {
    checkWeightFormat('cpu', weights);
    if (numThreads === 1) return (await import('./cpu/start.ts')).createCpuRuntime();
    throw new EngineError(
      'config_invalid',
      `the cpu runtime computes on 1 thread, not ${numThreads} (THREADS)`,
    );
  },
};

async function startTensorflow(
  name: 'tensorflow' | 'tensorflow-gpu',
  { numThreads, weights }: CheckedOptions,
): Promise<Runtime> {
  const { createTensorflowRuntime } = await import('./tensorflow/tensorflow-runtime.ts');
  return createTensorflowRuntime({ name, numThreads, weights });
}

/**
 * Starts the runtime of that name in the calling thread. There is no fallback: what cannot be had is an error.
 *
 * @throws EngineError `backend_unavailable` or `config_invalid` with the reason
 */
export async function startRuntime(name: RuntimeName, options: RuntimeOptions): Promise<Runtime> {
  checkKvCacheFormat(name, options.kvCacheFormat ?? 'auto');
  const { numThreads = defaultThreads(name, availableCores()) } = options;
  return LOADERS[name]({ ...options, numThreads });
}
