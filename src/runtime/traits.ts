import { EngineError } from '../errors.ts';

/** What is known of each runtime before it starts. Configuration, the memory estimate and the doctor read it here. */

/** The runtimes a user may ask for by name. */
export const RUNTIME_NAMES = ['tensorflow-gpu', 'webgpu', 'native', 'tensorflow', 'wasm', 'cpu'] as const;
export type RuntimeName = (typeof RUNTIME_NAMES)[number];

/** How matrices of weights are held in memory; `auto`: the format that the runtime's traits name. */
export const WEIGHT_FORMATS = ['auto', 'f32', 'f16', 'bf16', 'int8'] as const;
export type WeightFormat = (typeof WEIGHT_FORMATS)[number];

/** How the numbers of keys and values are held; as int8, those of a token in a head share a scale. */
export const KV_CACHE_FORMATS = ['f32', 'f16', 'int8'] as const;
export type KvCacheFormat = (typeof KV_CACHE_FORMATS)[number];
/** What a user may ask for; `auto`: what goes with the weights. */
export type KvCacheRequest = KvCacheFormat | 'auto';

interface RuntimeTraits {
  /** The formats that it can hold matrices in. */
  readonly weightFormats: readonly Exclude<WeightFormat, 'auto'>[];
  /**
   * What `WEIGHTS=auto` means, by measurement (docs/performance.md). `auto`: it depends on the matrix
   * (`losslessHalves`).
   */
  readonly autoWeights: WeightFormat;
  /** Formats of model files whose matrices stay in 16 bits under `WEIGHTS=auto`; others are widened to float32. */
  readonly losslessHalves: readonly string[];
  /** Whether `auto` keeps the blocks of a GGUF file as they are, and makes blocks of int8 of anything else. */
  readonly keepsBlocks: boolean;
  /** How keys and values are held beside weights of a format; in float32 beside one that is not named. */
  readonly cacheBeside: Readonly<Partial<Record<WeightFormat, KvCacheFormat>>>;
  /** What is in the place of int8 where heads are too wide for one scale. */
  readonly cacheOfWideHeads: KvCacheFormat;
  /** Which formats of keys and values may be asked for beside. */
  readonly cacheFormats: readonly KvCacheFormat[];
  /** Resident memory of an engine process whose model has next to no weights, rounded up; a GPU's tensors aside. */
  readonly processBytes: number;
  /** What its tensors may take together; Infinity: as much as the device has. */
  readonly maxTensorBytes: number;
  /** Whether its tensors lie in the memory of a GPU, unless that is one in software. */
  readonly usesGpu: boolean;
  /** Whether the first step of a shape may take minutes. */
  readonly compilesShapes: boolean;
  /** Most threads that compute where `THREADS` is not set: there is one for each core. */
  readonly maxDefaultThreads: number;
}

/** Addresses of a wasm heap have 32 bits. */
const WASM_HEAP_BYTES = 4 * 2 ** 30;

const TRAITS = {
  'tensorflow-gpu': {
    weightFormats: ['f32', 'bf16'],
    autoWeights: 'auto',
    losslessHalves: [],
    keepsBlocks: false,
    cacheBeside: {},
    cacheOfWideHeads: 'f32',
    cacheFormats: [],
    processBytes: 300e6,
    maxTensorBytes: Infinity,
    usesGpu: true,
    compilesShapes: false,
    maxDefaultThreads: Infinity,
  },
  webgpu: {
    weightFormats: ['f32', 'f16', 'bf16'],
    autoWeights: 'auto',
    losslessHalves: ['F16'],
    keepsBlocks: false,
    cacheBeside: {},
    cacheOfWideHeads: 'f32',
    cacheFormats: [],
    processBytes: 300e6,
    maxTensorBytes: Infinity,
    usesGpu: true,
    compilesShapes: true,
    maxDefaultThreads: 1,
  },
  native: {
    weightFormats: ['f32', 'f16', 'bf16', 'int8'],
    // What a file has in blocks or halves stays so; float32 becomes int8.
    autoWeights: 'auto',
    losslessHalves: [],
    keepsBlocks: true,
    // At most 0.05 % more bits a byte than float16, half its memory, as fast or faster (docs/performance.md).
    cacheBeside: { auto: 'int8', int8: 'int8', f16: 'f16', bf16: 'f16' },
    cacheOfWideHeads: 'f16',
    cacheFormats: KV_CACHE_FORMATS,
    processBytes: 120e6,
    maxTensorBytes: Infinity,
    usesGpu: false,
    compilesShapes: false,
    maxDefaultThreads: Infinity,
  },
  tensorflow: {
    weightFormats: ['f32', 'bf16'],
    autoWeights: 'auto',
    losslessHalves: [],
    keepsBlocks: false,
    cacheBeside: {},
    cacheOfWideHeads: 'f32',
    cacheFormats: [],
    processBytes: 300e6,
    maxTensorBytes: Infinity,
    usesGpu: false,
    compilesShapes: false,
    maxDefaultThreads: Infinity,
  },
  wasm: {
    weightFormats: ['f32', 'f16', 'bf16', 'int8'],
    // As native: at most 0.5 % more bits a byte, a quarter of float32's memory, two to four times its speed.
    autoWeights: 'auto',
    losslessHalves: [],
    keepsBlocks: true,
    // Not in float16: WebAssembly has no instruction that widens it.
    cacheBeside: { auto: 'int8', int8: 'int8' },
    // WebAssembly has no instruction that widens float16, and float32 takes four times the memory.
    cacheOfWideHeads: 'int8',
    cacheFormats: KV_CACHE_FORMATS,
    processBytes: 120e6,
    maxTensorBytes: WASM_HEAP_BYTES,
    usesGpu: false,
    compilesShapes: false,
    maxDefaultThreads: 8,
  },
  cpu: {
    weightFormats: ['f32'],
    autoWeights: 'auto',
    losslessHalves: [],
    keepsBlocks: false,
    cacheBeside: {},
    cacheOfWideHeads: 'f32',
    cacheFormats: [],
    processBytes: 120e6,
    maxTensorBytes: Infinity,
    usesGpu: false,
    compilesShapes: false,
    maxDefaultThreads: 1,
  },
} as const satisfies Record<RuntimeName, RuntimeTraits>;

export const RUNTIME_TRAITS: Record<RuntimeName, RuntimeTraits> = TRAITS;

/** The format that matrices are held in; `auto` where it depends on each matrix. */
export function heldWeights(runtime: RuntimeName, weights: WeightFormat): WeightFormat {
  return weights === 'auto' ? RUNTIME_TRAITS[runtime].autoWeights : weights;
}

/** Numbers of a head that share a scale as int8: with 256, Gemma 3 loses 0.3 % of its bits (docs/performance.md). */
const MAX_SCALED_HEAD = 64;

/** How a runtime holds keys and values, whose heads have `headDim` numbers. */
export function kvCacheFormat(
  runtime: RuntimeName,
  weights: WeightFormat,
  asked: KvCacheRequest = 'auto',
  headDim = MAX_SCALED_HEAD,
): KvCacheFormat {
  if (asked !== 'auto') return asked;
  const { cacheBeside, cacheOfWideHeads } = RUNTIME_TRAITS[runtime];
  const format = cacheBeside[heldWeights(runtime, weights)] ?? 'f32';
  return format === 'int8' && headDim > MAX_SCALED_HEAD ? cacheOfWideHeads : format;
}

/**
 * Bytes of one weight of a matrix.
 * @param storedFormat of the model's files: `F16`, `BF16`, `Q8_0`
 */
export function bytesPerWeight(runtime: RuntimeName, weights: WeightFormat, storedFormat: string): number {
  const held = heldWeights(runtime, weights);
  // The scales of int8, one for each output, are next to nothing.
  if (held !== 'auto') return { f32: 4, f16: 2, bf16: 2, int8: 1 }[held];
  return RUNTIME_TRAITS[runtime].losslessHalves.includes(storedFormat) ? 2 : 4;
}

/** What `WEIGHTS` may ask of a runtime. */
export type WeightFormatOf<Name extends RuntimeName> =
  'auto' | (typeof TRAITS)[Name]['weightFormats'][number];

/** @throws EngineError `config_invalid` for a format that the runtime does not have */
export function checkWeightFormat<Name extends RuntimeName>(
  runtime: Name,
  weights: WeightFormat,
): asserts weights is WeightFormatOf<Name> {
  const { weightFormats } = RUNTIME_TRAITS[runtime];
  if (weights === 'auto' || weightFormats.includes(weights)) return;
  const known = new Intl.ListFormat('en', { type: 'disjunction' }).format(weightFormats);
  throw new EngineError(
    'config_invalid',
    `the ${runtime} runtime holds weights as ${known}, not ${weights} (WEIGHTS)`,
  );
}

/** @throws EngineError `config_invalid` for a format of keys and values that the runtime cannot be asked for */
export function checkKvCacheFormat(runtime: RuntimeName, asked: KvCacheRequest): void {
  const { cacheFormats } = RUNTIME_TRAITS[runtime];
  if (asked === 'auto' || cacheFormats.includes(asked)) return;
  throw new EngineError(
    'config_invalid',
    `the ${runtime} runtime holds keys and values as goes with its weights, not as ${asked} (KV_CACHE_FORMAT)`,
  );
}

/** Threads that compute where `THREADS` is not set. */
export const defaultThreads = (runtime: RuntimeName, numCores: number): number =>
  Math.min(numCores, RUNTIME_TRAITS[runtime].maxDefaultThreads);
