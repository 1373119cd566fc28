import { execFileSync } from 'node:child_process';
import { availableCores } from '../../available-cores.ts';
import { assertInvariant, EngineError } from '../../errors.ts';
import { bindToParent } from '../../process/bind-to-parent.ts';
import { childEnvironment } from '../../process/child-environment.ts';
import { hostDevice } from '../host-device.ts';
import type { Parameter } from '../ops.ts';
import { PAGE_TOKENS } from '../../pages.ts';
import { rowsOf } from '../rows-of.ts';
import {
  type Forward,
  type KvCache,
  kvCacheBytes,
  type KvCacheShape,
  type PageTable,
  type Runtime,
  type RuntimeDevice,
  type RuntimeMemory,
} from '../runtime.ts';
import { type StepBatch, type StepRow, TOP_LOGITS, type TopLogits } from '../step-batch.ts';
import { EagerContext } from './eager-context.ts';
import { loadTensorflow } from './load-tensorflow.ts';
import { StepOperands } from './step-operands.ts';
import { StockOps, toHalf } from './stock-ops.ts';
import { tensorflowActivation, TensorflowParameter } from './tensorflow-parameter.ts';
import { FLOAT, INT32, type TensorflowBinding, type TensorInfo } from './tensorflow-binding.ts';
import { TensorflowKvCache } from './tensorflow-kv-cache.ts';
import { checkWeightFormat, type WeightFormat } from '../traits.ts';
import { messageOf } from '../../values.ts';

export interface TensorflowRuntimeOptions {
  name: 'tensorflow' | 'tensorflow-gpu';
  numThreads: number | undefined;
  weights: WeightFormat;
}

/**
 * TensorFlow through tfjs' addon, on a GPU if the library lists one, else on the processor; `tensorflow-gpu` takes
 * nothing less than a GPU. The number of threads is that of the first runtime of a process.
 *
 * @throws EngineError `backend_unavailable` or `config_invalid` with the reason and the remedy
 */
export function createTensorflowRuntime(options: TensorflowRuntimeOptions): Runtime {
  const { name, weights, numThreads = availableCores() } = options;
  checkWeightFormat(name, weights);
  const binding = loadTensorflow(numThreads);
  if (name === 'tensorflow-gpu' && !binding.isUsingGpuDevice()) {
    throw new EngineError(
      'backend_unavailable',
      `TensorFlow ${binding.TF_Version} lists no GPU here; \`nvidia-smi\` must list one, and its library must be ` +
        'the one with CUDA: run `npm run setup:tensorflow -- --gpu`, or take RUNTIME=tensorflow for the processor',
    );
  }
  return new TensorflowRuntime(binding, { ...options, numThreads });
}

class TensorflowRuntime implements Runtime {
  readonly name: 'tensorflow' | 'tensorflow-gpu';
  readonly device: RuntimeDevice;
  readonly numThreads: number;
  readonly #context: EagerContext;
  readonly #isGpu: boolean;
  readonly #weights: WeightFormat;
  readonly #parameters: TensorflowParameter[] = [];
  readonly #caches = new Set<TensorflowKvCache>();

  constructor(binding: TensorflowBinding, options: TensorflowRuntimeOptions & { numThreads: number }) {
    this.name = options.name;
    this.numThreads = options.numThreads;
    this.#context = new EagerContext(binding);
    this.#isGpu = binding.isUsingGpuDevice();
    this.#weights = options.weights;
    this.device = this.#isGpu ? cudaDevice() : hostDevice();
  }

  get description(): string {
    const threads = `${this.numThreads} ${this.numThreads === 1 ? 'thread' : 'threads'}`;
    const place = this.#isGpu ? 'CUDA' : `CPU, stock operations, ${threads}`;
    const format = this.#weights === 'bf16' ? ', weights bf16' : '';
    return `tfjs on TensorFlow ${this.#context.binding.TF_Version}, ${place}${format}`;
  }

  createParameter(name: string, shape: readonly number[], values: Float32Array): Parameter {
    const tensor = this.#allocate(`the parameter ${name}`, 4 * values.length, () =>
      this.#upload(shape, values),
    );
    const parameter = new TensorflowParameter(name, shape, this.#context.keep(tensor));
    this.#parameters.push(parameter);
    return parameter;
  }

  createKvCache(shape: KvCacheShape): KvCache {
    const cache = this.#allocate(
      `a KV cache of ${shape.numPages * PAGE_TOKENS} tokens`,
      kvCacheBytes(shape),
      () => new TensorflowKvCache(this.#context, shape),
    );
    this.#caches.add(cache);
    return cache;
  }

  /** Computed in this thread before it returns: the promise is the interface's. */
  runStep(batch: StepBatch, cache: KvCache, forward: Forward): Promise<readonly StepRow[]> {
    return new Promise((resolve) => resolve(this.#runStep(batch, cache, forward)));
  }

  /** Stock operations take the whole matrix. */
  numComputedRows({ tokenIds }: StepBatch): number {
    return tokenIds.length;
  }

  copyPage(cache: KvCache, from: number, to: number, table: PageTable = 'pages'): void {
    assertInvariant(cache instanceof TensorflowKvCache, 'the KV cache belongs to this runtime');
    this.#attempt('a copy', () => cache.copyPage(from, to, table));
  }

  clearPage(cache: KvCache, page: number, from: number, table: PageTable = 'pages'): void {
    assertInvariant(cache instanceof TensorflowKvCache, 'the KV cache belongs to this runtime');
    this.#attempt('clearing a page', () => cache.clearPage(page, from, table));
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
    if (shape.length < 2 || this.#weights !== 'bf16') return tensor;
    const half = toHalf(this.#context, tensor); // shape
    this.#context.free(tensor);
    return half;
  }

  #allocate<T>(what: string, numBytes: number, make: () => T): T {
    const refusal = (reason: string, cause?: unknown): EngineError =>
      new EngineError(
        'backend_unavailable',
        `TensorFlow has no room for ${what}, ${numBytes} bytes, beside ${this.#context.numBytes} in use: take ` +
          `a smaller KV_CACHE_MB or a smaller model (${reason})`,
        { cause },
      );
    // The library would try for ten seconds.
    const { memoryBytes = Infinity, name } = this.device;
    if (this.#context.numBytes + numBytes > memoryBytes) throw refusal(`${name} has ${memoryBytes}`);
    try {
      return make();
    } catch (cause) {
      throw refusal(cause instanceof Error ? (cause.message.split('\n').at(-1) ?? '') : String(cause), cause);
    }
  }

  #runStep(batch: StepBatch, cache: KvCache, forward: Forward): StepRow[] {
    assertInvariant(cache instanceof TensorflowKvCache, 'the KV cache belongs to this runtime');
    return this.#attempt('a step', () => this.#context.step(() => this.#compute(batch, cache, forward)));
  }

  #compute(batch: StepBatch, cache: TensorflowKvCache, forward: Forward): StepRow[] {
    cache.noteWritten(batch.segments);
    const operations = new StockOps(this.#context, batch, cache);
    const { tensor, numRows } = tensorflowActivation(forward(operations));
    const topIsEnough = this.#isGpu && batch.topRows.length > 0 && batch.topRows.every(Boolean);
    if (!topIsEnough) return this.#readRows(tensor, numRows);
    return topRows(this.#context, new StepOperands(this.#context), tensor, numRows);
  }

  #attempt<T>(what: string, run: () => T): T {
    try {
      return run();
    } catch (cause) {
      if (cause instanceof EngineError) throw cause;
      throw new EngineError('backend_failure', `TensorFlow failed ${what}: ${messageOf(cause)}`, { cause });
    }
  }

  #readRows(tensor: TensorInfo, numRows: number): Float32Array[] {
    const [, numCols = 0] = tensor.shape;
    const values = this.#context.read(tensor); // [rows, cols]
    assertInvariant(values instanceof Float32Array, 'activations are float32');
    return rowsOf(values.subarray(0, numRows * numCols), numCols);
  }
}

const QUERY = ['--query-gpu=name,memory.total', '--format=csv,noheader,nounits'];

/** The GPU that tfjs' addon takes, the last of those TensorFlow lists, as NVIDIA's own tool describes it. */
function cudaDevice(): RuntimeDevice {
  try {
    const [program, ...args] = bindToParent(['nvidia-smi', ...QUERY]);
    const options = { encoding: 'utf8', timeout: 10_000, env: childEnvironment() } as const;
    const lines = execFileSync(program, args, options).trim().split('\n');
    return parseCudaDevice(lines.at(-1) ?? '');
  } catch {
    return { name: 'a CUDA GPU (nvidia-smi, which knows its name, did not run)' };
  }
}

/** `NVIDIA H100 80GB HBM3, 81559`, the memory in MiB. */
export function parseCudaDevice(line: string): RuntimeDevice {
  const [name = '', memoryMib = ''] = line.split(',').map((part) => part.trim());
  const memoryBytes = Number.parseInt(memoryMib, 10) * 2 ** 20;
  return Number.isNaN(memoryBytes) ? { name } : { name, memoryBytes };
}

const T = { T: { type: FLOAT } } as const;
const REDUCE = { ...T, Tidx: { type: INT32 }, keep_dims: true } as const;
const TOP = { ...T, sorted: true } as const;

/**
 * The most probable tokens of each row and its log-sum-exp, so that a step reads back a few numbers a row:
 * [rows, vocab] -> [numRows]. `TopKV2` puts the lower index first on ties.
 */
export function topRows(
  context: EagerContext,
  operands: StepOperands,
  logits: TensorInfo,
  numRows: number,
): TopLogits[] {
  const numTop = Math.min(TOP_LOGITS, logits.shape[1] ?? 0);
  const axis = operands.vector([1]);
  const [values, indices] = context.runMany('TopKV2', TOP, [logits, operands.integer(numTop)], 2) as [
    TensorInfo,
    TensorInfo,
  ]; // both [rows, numTop]
  const largest = context.run('Max', REDUCE, [logits, axis]); // [rows, 1]
  const shifted = context.run('Sub', T, [logits, largest]); // [rows, vocab]
  const exponentials = context.run('Exp', T, [shifted]); // [rows, vocab]
  const sums = context.run('Sum', REDUCE, [exponentials, axis]); // [rows, 1]
  const logs = context.run('Log', T, [sums]); // [rows, 1]
  const logSumExps = context.run('AddV2', T, [logs, largest]); // [rows, 1]
  const topLogits = context.read(values) as Float32Array; // [rows, numTop]
  const tokenIds = context.read(indices) as Int32Array; // [rows, numTop]
  const normalisers = context.read(logSumExps); // [rows, 1]
  return Array.from({ length: numRows }, (_, row) => ({
    tokenIds: tokenIds.subarray(row * numTop, (row + 1) * numTop),
    logits: topLogits.subarray(row * numTop, (row + 1) * numTop),
    logSumExp: normalisers[row] ?? 0,
  }));
}
