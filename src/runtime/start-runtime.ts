import { availableParallelism } from 'node:os';
import { EngineError } from '../errors.ts';
import type { Runtime } from './runtime.ts';
import {
  BY_SPEED,
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
  /** Whether a GPU that is a program on the CPU will do. */
  allowSoftware?: boolean;
  /** Called once when the device is gone for good and was not disposed of; no step would work any more. */
  onLost?: (error: EngineError) => void;
}

/** What `auto` took, and why. */
export interface RuntimeChoice {
  runtime: Runtime;
  /** For people: what stood before it in the order and could not be had. */
  reason: string;
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
  native: async ({ numThreads, weights, kvCacheFormat }) =>
    (await import('./native/native-runtime.ts')).createNativeRuntime({
      numThreads,
      weights: heldWeights('native', weights),
      ...(kvCacheFormat === undefined ? {} : { kvCacheFormat }),
    }),
  wasm: async ({ numThreads, weights, kvCacheFormat }) =>
    (await import('./wasm/wasm-runtime.ts')).createWasmRuntime({
      numThreads,
      weights: heldWeights('wasm', weights),
      ...(kvCacheFormat === undefined ? {} : { kvCacheFormat }),
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
  const { numThreads = defaultThreads(name, availableParallelism()) } = options;
  return LOADERS[name]({ ...options, numThreads });
}

/** Which of the runtimes that work here `auto` takes. */
export function fastestOf(names: readonly RuntimeName[]): RuntimeName | undefined {
  return BY_SPEED.find((name) => names.includes(name));
}

/**
 * Starts the fastest runtime that works here, and says which were refused before it. A GPU in software is never taken: it is
 * slower than the processor it runs on.
 *
 * @throws EngineError `backend_unavailable` with every reason when none works
 */
export async function startFastestRuntime({
  allowsNative = true,
  ...options
}: RuntimeOptions & { allowsNative?: boolean }): Promise<RuntimeChoice> {
  const refused = new Map<RuntimeName, string>();
  for (const name of BY_SPEED) {
    if (name === 'native' && !allowsNative) {
      refused.set(name, 'NATIVE is off');
      continue;
    }
    try {
      const runtime = await startRuntime(name, { ...options, allowSoftware: false });
      return { runtime, reason: reasonFor([...refused.keys()]) };
    } catch (error) {
      if (!(error instanceof EngineError) || !REFUSALS.has(error.code)) throw error;
      refused.set(name, error.message);
    }
  }
  const reasons = [...refused].map(([name, reason]) => `not ${name}: ${reason}`);
  throw new EngineError('backend_unavailable', `no runtime works here; ${reasons.join('; ')}`);
}

/** In a start's log line. Why each was refused is for `tokenflare doctor` to say. */
const reasonFor = (refused: readonly RuntimeName[]): string =>
  refused.length === 0
    ? 'the fastest of all'
    : `the fastest here; not ${refused.join(', ')}: see \`tokenflare doctor\``;

const REFUSALS: ReadonlySet<string> = new Set(['backend_unavailable', 'config_invalid']);
