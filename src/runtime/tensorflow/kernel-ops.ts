import { EngineError } from '../../errors.ts';
import type {
  Activation,
  AttentionHeads,
  GateActivation,
  HeadStripes,
  Parameter,
  Rotation,
  TransformerOps,
} from '../ops.ts';
import type { StepBatch } from '../step-batch.ts';
import { checkHeads } from './check-heads.ts';
import { checkIndices } from './check-indices.ts';
import type { EagerContext } from './eager-context.ts';
import { once } from './once.ts';
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
  #laneOfRow: TensorInfo | undefined; // [rows]
  #positions: TensorInfo | undefined; // [rows]

  /** Made inside a step, for that step. */
  constructor(context: EagerContext, batch: StepBatch, cache: TensorflowKvCache) {
    this.#context = context;
    this.#batch = batch;
    this.#cache = cache;
    this.#nothing = context.upload([0], new Float32Array());
  }

  embed(tokenEmbedding: Parameter, positionEmbedding: Parameter | undefined, scale = 1): Activation {
    checkIndices('token', this.#batch.tokenIds, tokenEmbedding);
    if (positionEmbedding) checkIndices('position', this.#batch.positions, positionEmbedding);
    const tokens = parameterTensor(tokenEmbedding);
    const positions = this.#optional(positionEmbedding);
    const isBook = positionEmbedding !== undefined;
    const attributes = embedAttributes(formatOf(tokens), formatOf(positions), isBook ? 1 : scale);
    const inputs = [tokens, positions, this.#rows(this.#batch.tokenIds), this.#positionOfRow()];
    return this.#run('TokenflareEmbed', attributes, inputs); // [rows, dim]
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

  rmsNorm(x: Activation, gain: Parameter, epsilon: number): Activation {
    const inputs = [tensorflowActivation(x).tensor, parameterTensor(gain)];
    return this.#run('TokenflareRmsNorm', normAttributes(epsilon), inputs); // [rows, dim]
  }

  normHeads(
    qkv: Activation,
    queryGain: Parameter,
    keyGain: Parameter,
    epsilon: number,
    stripes: HeadStripes,
  ): Activation {
    const { numHeads, numKvHeads, headDim } = stripes;
    const attributes = normHeadsAttributes(numHeads, numKvHeads, headDim, epsilon);
    const inputs = [tensorflowActivation(qkv).tensor, parameterTensor(queryGain), parameterTensor(keyGain)];
    return this.#run('TokenflareNormHeads', attributes, inputs); // [rows, qkv]
  }

  rotate(qkv: Activation, { pairing, table }: Rotation, stripes: HeadStripes): Activation {
    const { numHeads, numKvHeads, headDim } = stripes;
    const attributes = rotateAttributes(numHeads, numKvHeads, headDim, pairing === 'neighbours');
    const inputs = [tensorflowActivation(qkv).tensor, parameterTensor(table), this.#positionOfRow()];
    return this.#run('TokenflareRotate', attributes, inputs); // [rows, qkv]
  }

  attention(qkv: Activation, layerIndex: number, heads: AttentionHeads): Activation {
    checkHeads(this.#cache.shape, heads);
    const { numHeads, numKvHeads, headDim, scale, window = 0 } = heads;
    this.#laneOfRow ??= this.#rows(this.#batch.lanes); // [rows]
    const { keys, values } = this.#cache.layer(layerIndex);
    const inputs = [tensorflowActivation(qkv).tensor, keys, values, this.#laneOfRow, this.#positionOfRow()];
    const attributes = attentionAttributes(numHeads, numKvHeads, headDim, scale, window);
    return this.#run('TokenflareAttention', attributes, inputs); // [rows, heads * headDim]
  }

  gelu(x: Activation): Activation {
    return this.#run('TokenflareGelu', NONE, [tensorflowActivation(x).tensor]); // [rows, dim]
  }

  gate(x: Activation, activation: GateActivation): Activation {
    const attributes = gateAttributes(activation === 'silu');
    return this.#run('TokenflareGate', attributes, [tensorflowActivation(x).tensor]); // [rows, mlpDim]
  }

  add(x: Activation, y: Activation): Activation {
    // TensorFlow's own sum wakes its pool, whose threads then spin in the way of ours.
    return this.#run('TokenflareAdd', NONE, [tensorflowActivation(x).tensor, tensorflowActivation(y).tensor]); // [rows, dim]
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

  #positionOfRow(): TensorInfo {
    return (this.#positions ??= this.#rows(this.#batch.positions)); // [rows]
  }

  #optional(parameter: Parameter | undefined): TensorInfo {
    return parameter === undefined ? this.#nothing : parameterTensor(parameter);
  }
}

/** A matrix in the form that the kernels read: float32 [out, in] -> [panels, in, panel width]. */
export function packMatrix(context: EagerContext, matrix: TensorInfo, format: DType): TensorInfo {
  return context.run('TokenflarePack', packAttributes(format), [matrix]); // [panels, in, width]
}

/** As in `native/ops.cc`: counts up with every change of the operations. */
const REVISION = 2;

/**
 * Whether the addon has the kernels: one built by others has not, nor a processor without AVX2.
 *
 * @throws EngineError `backend_unavailable` if they are not those of this version
 */
export function hasKernels(context: EagerContext): boolean {
  const revision = revisionOf(context);
  if (revision === undefined && !canPack(context)) return false;
  if (revision === REVISION) return true;
  throw new EngineError(
    'backend_unavailable',
    `the addon of TensorFlow has kernels of revision ${revision ?? 1} where this version has ${REVISION}; run ` +
      '`npm run setup:tensorflow` again',
  );
}

function revisionOf(context: EagerContext): number | undefined {
  try {
    const revision = context.run('TokenflareRevision', NONE, []); // []
    const [value] = context.read(revision); // []
    context.free(revision);
    return value;
  } catch {
    return undefined;
  }
}

/** The first revision could not say so. */
function canPack(context: EagerContext): boolean {
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

const formatOf = ({ dtype }: TensorInfo): DType => (dtype === BFLOAT16 ? BFLOAT16 : FLOAT);

const packAttributes = once((type: DType) => ({ T: { type } }));
const linearAttributes = once((type: DType, size: number) => ({ T: { type }, size }));
const embedAttributes = once((tokens: DType, positions: DType, scale: number) => ({
  T: { type: tokens },
  U: { type: positions },
  scale: { float: scale },
}));
const normAttributes = once((epsilon: number) => ({ epsilon: { float: epsilon } }));
const stripesOf = (numHeads: number, numKvHeads: number, headDim: number) => ({
  num_heads: numHeads,
  num_kv_heads: numKvHeads,
  head_dim: headDim,
});
const normHeadsAttributes = once(
  (numHeads: number, numKvHeads: number, headDim: number, epsilon: number) => ({
    ...stripesOf(numHeads, numKvHeads, headDim),
    epsilon: { float: epsilon },
  }),
);
const rotateAttributes = once(
  (numHeads: number, numKvHeads: number, headDim: number, neighbours: boolean) => ({
    ...stripesOf(numHeads, numKvHeads, headDim),
    neighbours,
  }),
);
const attentionAttributes = once(
  (numHeads: number, numKvHeads: number, headDim: number, scale: number, window: number) => ({
    ...stripesOf(numHeads, numKvHeads, headDim),
    scale: { float: scale },
    window,
  }),
);
const gateAttributes = once((silu: boolean) => ({ silu }));
