import { availableParallelism } from 'node:os';
import type { RuntimeName, WeightFormat } from '../config/settings.ts';
import { EngineError } from '../errors.ts';
import { heldWeights } from './number-formats.ts';
import type { Runtime } from './runtime.ts';

export interface RuntimeOptions {
  /** Threads that compute; `undefined`: as many as suit the runtime and the machine. */
  numThreads: number | undefined;
  weights: WeightFormat;
  /** Whether a GPU that is a program on the CPU will do. */
  allowSoftware?: boolean;
  /** Called once when the device is gone for good while nobody disposed of it; no step would work any more. */
  onLost?: (error: EngineError) => void;
}

/** What `auto` took, and why. */
export interface RuntimeChoice {
  runtime: Runtime;
  /** For people: what stood before it in the order, and why that could not be had. */
  reason: string;
}

const MAX_DEFAULT_THREADS = 8;

const defaultNumThreads = (): number => Math.min(availableParallelism(), MAX_DEFAULT_THREADS);

/** One loader a runtime, so that no runtime's packages are loaded but those of the one asked for. */
const LOADERS: Record<RuntimeName, (options: RuntimeOptions) => Promise<Runtime>> = {
  'tensorflow-gpu': (options) => startTensorflow('tensorflow-gpu', options),
  tensorflow: (options) => startTensorflow('tensorflow', options),
  webgpu: async ({ weights, allowSoftware, onLost }) => {
    const options = { weights: notInt8('webgpu', weights), allowSoftware, onLost };
    return (await import('./webgpu/webgpu-runtime.ts')).createWebGpuRuntime(options);
  },
  wasm: async ({ numThreads = defaultNumThreads(), weights }) =>
    (await import('./wasm/wasm-runtime.ts')).createWasmRuntime({
      numThreads,
      weights: heldWeights('wasm', weights),
    }),
  cpu: async ({ numThreads = 1, weights }) => {
    requireFloat32(weights);
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

/** What `RUNTIME=auto` tries, the fastest first. */
const BY_SPEED: readonly RuntimeName[] = ['tensorflow-gpu', 'webgpu', 'tensorflow', 'wasm'];

/** Which of the runtimes that work here `auto` takes. */
export function fastestOf(names: readonly RuntimeName[]): RuntimeName | undefined {
  return BY_SPEED.find((name) => names.includes(name));
}

/**
 * Starts the fastest runtime that works here, and says why it is this one. A GPU in software is never taken: it is
 * slower than the processor it runs on.
 *
 * @throws EngineError `backend_unavailable` with every reason when none works
 */
export async function startFastestRuntime(options: RuntimeOptions): Promise<RuntimeChoice> {
  const refusals: string[] = [];
  for (const name of BY_SPEED) {
    try {
      const runtime = await startRuntime(name, { ...options, allowSoftware: false });
      return { runtime, reason: ['the fastest that works here', ...refusals].join('; ') };
    } catch (error) {
      if (!(error instanceof EngineError) || !REFUSALS.has(error.code)) throw error;
      refusals.push(`not ${name}: ${error.message}`);
    }
  }
  throw new EngineError('backend_unavailable', `no runtime works here; ${refusals.join('; ')}`);
}

const REFUSALS: ReadonlySet<string> = new Set(['backend_unavailable', 'config_invalid']);

function requireFloat32(weights: WeightFormat): void {
  if (weights === 'auto' || weights === 'f32') return;
  throw new EngineError('config_invalid', `the cpu runtime holds weights as f32, not ${weights} (WEIGHTS)`);
}

function notInt8(name: RuntimeName, weights: WeightFormat): Exclude<WeightFormat, 'int8'> {
  if (weights !== 'int8') return weights;
  throw new EngineError(
    'config_invalid',
    `the ${name} runtime does not hold weights as int8, the wasm runtime does (WEIGHTS, RUNTIME)`,
  );
}

async function startTensorflow(
  name: 'tensorflow' | 'tensorflow-gpu',
  options: RuntimeOptions,
): Promise<Runtime> {
  const { numThreads } = options;
  const weights = notInt8(name, options.weights);
  const { createTensorflowRuntime } = await import('./tensorflow/tensorflow-runtime.ts');
  return createTensorflowRuntime({ name, numThreads, weights });
}
