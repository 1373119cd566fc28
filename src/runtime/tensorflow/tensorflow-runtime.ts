import { availableParallelism } from 'node:os';
import { assertInvariant, EngineError } from '../../errors.ts';
import type { WeightFormat } from '../../config/settings.ts';
import { hostDevice } from '../host-device.ts';
import type { Parameter, TransformerOps } from '../ops.ts';
import { rowsOf } from '../rows-of.ts';
import type { Forward, KvCache, KvCacheShape, Runtime, RuntimeDevice, RuntimeMemory } from '../runtime.ts';
import type { StepBatch } from '../step-batch.ts';
import type { StepRow } from '../step-row.ts';
import { cudaDevice } from './cuda-device.ts';
import { EagerContext } from './eager-context.ts';
import { loadTensorflow } from './load-tensorflow.ts';
import { BFLOAT16, FLOAT, type TensorflowBinding, type TensorInfo } from './tensorflow-binding.ts';
import { blockLayout, laneLayout, TensorflowKvCache } from './tensorflow-kv-cache.ts';
import { StockOps } from './stock-ops.ts';
import { tensorflowActivation } from './tensorflow-activation.ts';
import { hasKernels, KernelOps, packMatrix } from './kernel-ops.ts';
import { TensorflowParameter } from './tensorflow-parameter.ts';
import { StepOperands } from './step-operands.ts';
import { topRows } from './top-rows.ts';

const TO_HALF = { SrcT: { type: FLOAT }, DstT: { type: BFLOAT16 }, Truncate: false } as const;

export interface TensorflowRuntimeOptions {
  name: 'tensorflow' | 'tensorflow-gpu';
  numThreads: number | undefined;
  weights: WeightFormat;
}

/**
 * TensorFlow through tfjs' addon, on a GPU if the library lists one, else on the processor; `tensorflow-gpu` takes
 * nothing less than a GPU. Throws `backend_unavailable` or `config_invalid`.
 */
export function createTensorflowRuntime(options: TensorflowRuntimeOptions): Runtime {
  const { name, weights, numThreads = availableParallelism() } = options;
  if (weights === 'f16') {
    throw new EngineError(
      'config_invalid',
      `the ${name} runtime holds weights as f32 or bf16, not f16 (WEIGHTS)`,
    );
  }
  const binding = loadTensorflow(numThreads);
  if (name === 'tensorflow-gpu' && !binding.isUsingGpuDevice()) {
    throw new EngineError(
      'backend_unavailable',
      `TensorFlow ${binding.TF_Version} lists no GPU here; \`nvidia-smi\` must list one, and its library must be ` +
        'the one with CUDA: run `npm run setup:tensorflow -- --gpu`, or take RUNTIME=tensorflow for the processor',
    );
  }
  return new TensorflowRuntime(name, binding, numThreads, weights === 'bf16');
}

class TensorflowRuntime implements Runtime {
  readonly name: 'tensorflow' | 'tensorflow-gpu';
  readonly device: RuntimeDevice;
  readonly numThreads: number;
  readonly #context: EagerContext;
  readonly #isGpu: boolean;
  /** Our own kernels in place of stock operations, where there is no GPU. */
  readonly #hasKernels: boolean;
  readonly #halfMatrices: boolean;
  readonly #parameters: TensorflowParameter[] = [];
  readonly #caches = new Set<TensorflowKvCache>();

  constructor(
    name: 'tensorflow' | 'tensorflow-gpu',
    binding: TensorflowBinding,
    numThreads: number,
    halfMatrices: boolean,
  ) {
    this.name = name;
    this.numThreads = numThreads;
    this.#context = new EagerContext(binding);
    this.#isGpu = binding.isUsingGpuDevice();
    this.#hasKernels = !this.#isGpu && hasKernels(this.#context);
    this.#halfMatrices = halfMatrices;
    this.device = this.#isGpu ? cudaDevice() : hostDevice();
  }

  get description(): string {
    const threads = `${this.numThreads} ${this.numThreads === 1 ? 'thread' : 'threads'}`;
    const place = this.#isGpu ? 'CUDA' : `CPU, ${threads}`;
    const format = this.#halfMatrices ? ', weights bf16' : '';
    const kernels = this.#hasKernels ? ', own kernels' : '';
    return `tfjs on TensorFlow ${this.#context.binding.TF_Version}, ${place}${kernels}${format}`;
  }

  createParameter(name: string, shape: readonly number[], values: Float32Array): Parameter {
    const parameter = new TensorflowParameter(name, shape, this.#context.keep(this.#upload(shape, values)));
    this.#parameters.push(parameter);
    return parameter;
  }

  createKvCache(shape: KvCacheShape): KvCache {
    const layout = this.#hasKernels ? laneLayout(shape) : blockLayout(shape);
    const cache = new TensorflowKvCache(this.#context, shape, layout);
    this.#caches.add(cache);
    return cache;
  }

  /** Computed in this thread before it returns: the promise is the interface's. */
  runStep(batch: StepBatch, cache: KvCache, forward: Forward): Promise<readonly StepRow[]> {
    return new Promise((resolve) => resolve(this.#runStep(batch, cache, forward)));
  }

  memory(): RuntimeMemory {
    return { numTensors: this.#context.binding.getNumOfTensors(), numBytes: this.#context.numBytes };
  }

  dispose(): Promise<void> {
    for (const { tensor } of this.#parameters) this.#context.free(tensor);
    for (const cache of this.#caches) cache.dispose();
    this.#parameters.length = 0;
    this.#caches.clear();
    return Promise.resolve();
  }

  #upload(shape: readonly number[], values: Float32Array): TensorInfo {
    const tensor = this.#context.upload(shape, values); // shape
    if (shape.length < 2) return tensor;
    const matrix = this.#toMatrix(tensor); // shape, or packed
    if (matrix !== tensor) this.#context.free(tensor);
    return matrix;
  }

  #toMatrix(tensor: TensorInfo): TensorInfo {
    if (this.#hasKernels) return packMatrix(this.#context, tensor, this.#halfMatrices ? BFLOAT16 : FLOAT);
    return this.#halfMatrices ? this.#context.run('Cast', TO_HALF, [tensor]) : tensor; // shape
  }

  #operations(batch: StepBatch, cache: TensorflowKvCache): TransformerOps {
    const Operations = this.#hasKernels ? KernelOps : StockOps;
    return new Operations(this.#context, batch, cache);
  }

  #runStep(batch: StepBatch, cache: KvCache, forward: Forward): StepRow[] {
    assertInvariant(cache instanceof TensorflowKvCache, 'the KV cache belongs to this runtime');
    try {
      return this.#context.step(() => {
        const { tensor, numRows } = tensorflowActivation(forward(this.#operations(batch, cache)));
        const topIsEnough = this.#isGpu && batch.topRows.length > 0 && batch.topRows.every(Boolean);
        return topIsEnough
          ? topRows(this.#context, new StepOperands(this.#context), tensor, numRows)
          : this.#readRows(tensor, numRows);
      });
    } catch (cause) {
      if (cause instanceof EngineError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new EngineError('backend_failure', `TensorFlow failed a step: ${reason}`, { cause });
    }
  }

  #readRows(tensor: TensorInfo, numRows: number): Float32Array[] {
    const [, numCols = 0] = tensor.shape;
    const values = this.#context.read(tensor); // [rows, cols]
    assertInvariant(values instanceof Float32Array, 'activations are float32');
    return rowsOf(values.subarray(0, numRows * numCols), numCols);
  }
}
