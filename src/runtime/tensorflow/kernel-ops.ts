import { assertInvariant, EngineError } from '../../errors.ts';
import type { Activation, AttentionHeads, Parameter, TransformerOps } from '../ops.ts';
import type { StepBatch } from '../step-batch.ts';
import { checkIndices } from './check-indices.ts';
import type { EagerContext } from './eager-context.ts';
import { TensorflowActivation, tensorflowActivation } from './tensorflow-activation.ts';
import { BFLOAT16, FLOAT, INT32, type DType, type TensorInfo } from './tensorflow-binding.ts';
import type { TensorflowKvCache } from './tensorflow-kv-cache.ts';
import { parameterTensor } from './tensorflow-parameter.ts';

const GATHER = { Tparams: { type: FLOAT }, Tindices: { type: INT32 }, Taxis: { type: INT32 } } as const;
const NONE = {} as const;

/**
 * The operations of one step by the kernels in `native/`, which `npm run setup:tensorflow` compiles into the addon
 * and registers with TensorFlow: the processor alone. Padding is left out of the step.
 */
export class KernelOps implements TransformerOps {
  readonly #context: EagerContext;
  readonly #batch: StepBatch;
  readonly #cache: TensorflowKvCache;
  readonly #nothing: TensorInfo; // [0], for a bias or shift left out
  #places: { lanes: TensorInfo; positions: TensorInfo } | undefined; // each [rows]

  /** Made inside a step, for that step. */
  constructor(context: EagerContext, batch: StepBatch, cache: TensorflowKvCache) {
    this.#context = context;
    this.#batch = batch;
    this.#cache = cache;
    this.#nothing = context.upload([0], new Float32Array());
  }

  embed(tokenEmbedding: Parameter, positionEmbedding: Parameter | undefined): Activation {
    assertInvariant(positionEmbedding, 'tokens without positions are not there yet');
    checkIndices('token', this.#batch.tokenIds, tokenEmbedding);
    checkIndices('position', this.#batch.positions, positionEmbedding);
    const tokens = parameterTensor(tokenEmbedding);
    const positions = parameterTensor(positionEmbedding);
    const inputs = [tokens, positions, this.#rows(this.#batch.tokenIds), this.#rows(this.#batch.positions)];
    return this.#run('TokenflareEmbed', EMBED[formatOf(tokens)][formatOf(positions)], inputs); // [rows, dim]
  }

  linear(x: Activation, weight: Parameter, bias: Parameter | undefined): Activation {
    const packed = parameterTensor(weight); // [panels, in, panel width]
    const [numOut = 0] = weight.shape;
    const inputs = [tensorflowActivation(x).tensor, packed, this.#optional(bias)];
    return this.#run('TokenflareLinear', linearAttributes(formatOf(packed), numOut), inputs); // [rows, out]
  }

  layerNorm(x: Activation, gain: Parameter, shift: Parameter | undefined, epsilon: number): Activation {
    const inputs = [tensorflowActivation(x).tensor, parameterTensor(gain), this.#optional(shift)];
    return this.#run('TokenflareLayerNorm', normAttributes(epsilon), inputs); // [rows, dim]
  }

  attention(qkv: Activation, layerIndex: number, { numHeads }: AttentionHeads): Activation {
    const { shape } = this.#cache;
    assertInvariant(shape.numKvHeads === numHeads, `the cache is made for ${numHeads} heads`);
    this.#places ??= { lanes: this.#rows(this.#batch.lanes), positions: this.#rows(this.#batch.positions) };
    const { keys, values } = this.#cache.layer(layerIndex);
    const { lanes, positions } = this.#places;
    const inputs = [tensorflowActivation(qkv).tensor, keys, values, lanes, positions];
    return this.#run('TokenflareAttention', attentionAttributes(shape.headDim), inputs); // [rows, dim]
  }

  gelu(x: Activation): Activation {
    return this.#run('TokenflareGelu', NONE, [tensorflowActivation(x).tensor]); // [rows, dim]
  }

  add(x: Activation, y: Activation): Activation {
    // TensorFlow's own sum wakes its pool, whose threads then spin in the way of ours.
    return this.#run('TokenflareAdd', NONE, [tensorflowActivation(x).tensor, tensorflowActivation(y).tensor]); // [rows, dim]
  }

  rmsNorm(): Activation {
    throw new EngineError('internal', 'rmsNorm is not there yet');
  }

  normHeads(): Activation {
    throw new EngineError('internal', 'normHeads is not there yet');
  }

  rotate(): Activation {
    throw new EngineError('internal', 'rotate is not there yet');
  }

  gate(): Activation {
    throw new EngineError('internal', 'gate is not there yet');
  }

  dropout(x: Activation): Activation {
    return x;
  }

  selectRows(x: Activation): Activation {
    const { logitRows, numLogitRows } = this.#batch;
    const rows = this.#context.upload([numLogitRows], logitRows.subarray(0, numLogitRows)); // [logitRows]
    const axis = this.#context.upload([], Int32Array.of(0));
    return this.#run('GatherV2', GATHER, [tensorflowActivation(x).tensor, rows, axis]); // [logitRows, dim]
  }

  #run(
    name: string,
    attributes: Parameters<EagerContext['run']>[1],
    inputs: readonly TensorInfo[],
  ): Activation {
    const tensor = this.#context.run(name, attributes, inputs); // [rows, cols]
    return new TensorflowActivation(tensor, tensor.shape[0] ?? 0);
  }

  /** What a step says of each row, without its padding: [rows]. */
  #rows(values: Int32Array): TensorInfo {
    const { numRows } = this.#batch;
    return this.#context.upload([numRows], values.subarray(0, numRows)); // [rows]
  }

  #optional(parameter: Parameter | undefined): TensorInfo {
    return parameter === undefined ? this.#nothing : parameterTensor(parameter);
  }
}

/**
 * A matrix in the form that the kernels read: float32 [out, in] -> [panels, in, panel width]. Whether the kernels are
 * there at all shows when one of them is first called.
 */
export function packMatrix(context: EagerContext, matrix: TensorInfo, format: DType): TensorInfo {
  return context.run('TokenflarePack', format === BFLOAT16 ? PACK.half : PACK.float, [matrix]); // [panels, in, width]
}

/** Whether the addon has the kernels: one built by others has not, nor a processor without AVX2. */
export function hasKernels(context: EagerContext): boolean {
  const matrix = context.upload([1, 1], Float32Array.of(1));
  try {
    context.free(packMatrix(context, matrix, FLOAT));
    return true;
  } catch {
    return false;
  } finally {
    context.free(matrix);
  }
}

type Format = 'float' | 'half';

const PACK = { float: { T: { type: FLOAT } }, half: { T: { type: BFLOAT16 } } } as const;
const EMBED = {
  float: { float: { ...PACK.float, U: { type: FLOAT } }, half: { ...PACK.float, U: { type: BFLOAT16 } } },
  half: { float: { ...PACK.half, U: { type: FLOAT } }, half: { ...PACK.half, U: { type: BFLOAT16 } } },
} as const;

const formatOf = (packed: TensorInfo): Format => (packed.dtype === BFLOAT16 ? 'half' : 'float');

/** Attributes are made once for each value, since each is converted once. */
function once<K, A>(make: (key: K) => A): (key: K) => A {
  const made = new Map<K, A>();
  return (key) => {
    let attributes = made.get(key);
    if (attributes === undefined) made.set(key, (attributes = make(key)));
    return attributes;
  };
}

const linearOf = {
  float: once((size: number) => ({ T: { type: FLOAT } as const, size })),
  half: once((size: number) => ({ T: { type: BFLOAT16 } as const, size })),
};
const linearAttributes = (format: Format, size: number) => linearOf[format](size);
const normAttributes = once((epsilon: number) => ({ epsilon: { float: epsilon } }));
const attentionAttributes = once((size: number) => ({ size }));
