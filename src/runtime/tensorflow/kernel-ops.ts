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
import { assertInvariant } from '../../errors.ts';
import { checkHeads } from './check-heads.ts';
import { checkIndices } from './check-indices.ts';
import type { Kind, RecordedStep, StepInstruction } from './step-instruction.ts';
import type { TensorInfo } from './tensorflow-binding.ts';
import type { TensorflowKvCache } from './tensorflow-kv-cache.ts';
import { parameterTensor } from './tensorflow-parameter.ts';

/** The result of an instruction. How many rows it has is the batch's, and a recording is for every batch. */
class RecordedActivation implements Activation {
  readonly index: number;
  readonly cols: number;
  readonly isSelected: boolean;

  constructor(index: number, { cols, isSelected }: StepInstruction) {
    this.index = index;
    this.cols = cols;
    this.isSelected = isSelected;
  }

  get shape(): readonly number[] {
    return [NaN, this.cols];
  }
}

function recorded(activation: Activation): RecordedActivation {
  assertInvariant(activation instanceof RecordedActivation, 'the activation belongs to this runtime');
  return activation;
}

/** What a batch must fulfil before it is run. */
export type BatchCheck = (batch: StepBatch) => void;

/**
 * Records what a forward pass computes, for the kernels in `native/`, which `npm run setup:tensorflow` compiles into
 * the addon and registers with TensorFlow: the processor alone. The recording holds for every batch.
 */
export class KernelOps implements TransformerOps {
  readonly #cache: TensorflowKvCache;
  readonly #instructions: StepInstruction[] = [];
  readonly checks: BatchCheck[] = [];

  constructor(cache: TensorflowKvCache) {
    this.#cache = cache;
  }

  /** Everything up to a result. */
  stepTo(result: Activation): RecordedStep {
    return { instructions: this.#instructions, result: recorded(result).index };
  }

  embed(tokenEmbedding: Parameter, positionEmbedding: Parameter | undefined, scale = 1): Activation {
    this.checks.push(({ tokenIds }) => checkIndices('token', tokenIds, tokenEmbedding));
    if (positionEmbedding)
      this.checks.push(({ positions }) => checkIndices('position', positions, positionEmbedding));
    const isBook = positionEmbedding !== undefined;
    return this.#record('embed', [], {
      tensors: [parameterTensor(tokenEmbedding), optional(positionEmbedding)],
      scalar: isBook ? 1 : scale,
      cols: tokenEmbedding.shape[1] ?? 0,
    }); // [rows, dim]
  }

  linear(x: Activation, weight: Parameter, bias: Parameter | undefined): Activation {
    const tensors = [parameterTensor(weight), optional(bias)]; // [panels, in, panel width], [out]
    return this.#record('linear', [x], { tensors, numbers: [0], cols: weight.shape[0] ?? 0 }); // [rows, out]
  }

  layerNorm(x: Activation, gain: Parameter, shift: Parameter | undefined, epsilon: number): Activation {
    const tensors = [parameterTensor(gain), optional(shift)]; // [dim] each
    return this.#record('layerNorm', [x], { tensors, scalar: epsilon }); // [rows, dim]
  }

  rmsNorm(x: Activation, gain: Parameter, epsilon: number): Activation {
    return this.#record('rmsNorm', [x], { tensors: [parameterTensor(gain)], scalar: epsilon }); // [rows, dim]
  }

  normHeads(
    qkv: Activation,
    queryGain: Parameter,
    keyGain: Parameter,
    epsilon: number,
    stripes: HeadStripes,
  ): Activation {
    const tensors = [parameterTensor(queryGain), parameterTensor(keyGain)]; // [headDim] each
    return this.#record('normHeads', [qkv], { tensors, numbers: numbersOf(stripes), scalar: epsilon }); // [rows, qkv]
  }

  rotate(qkv: Activation, { pairing, table }: Rotation, stripes: HeadStripes): Activation {
    const numbers = [...numbersOf(stripes), pairing === 'neighbours' ? 1 : 0];
    return this.#record('rotate', [qkv], { tensors: [parameterTensor(table)], numbers }); // [rows, qkv]
  }

  attention(qkv: Activation, layerIndex: number, heads: AttentionHeads): Activation {
    checkHeads(this.#cache.shape, heads);
    const { numHeads, headDim, scale, window = 0 } = heads;
    const { keys, values } = this.#cache.layer(layerIndex);
    return this.#record('attention', [qkv], {
      tensors: [keys, values],
      numbers: [...numbersOf(heads), window],
      scalar: scale,
      cols: numHeads * headDim,
    }); // [rows, heads * headDim]
  }

  gelu(x: Activation): Activation {
    return this.#record('gelu', [x], {}); // [rows, dim]
  }

  gate(x: Activation, activation: GateActivation): Activation {
    const numbers = [activation === 'silu' ? 1 : 0];
    return this.#record('gate', [x], { numbers, cols: recorded(x).cols / 2 }); // [rows, mlpDim]
  }

  add(x: Activation, y: Activation): Activation {
    return this.#record('add', [x, y], {}); // [rows, dim]
  }

  dropout(x: Activation): Activation {
    return x;
  }

  selectRows(x: Activation): Activation {
    return this.#record('select', [x], { isSelected: true }); // [logitRows, dim]
  }

  /** By default a result has the columns and the rows of the first input. */
  #record(
    kind: Kind,
    inputs: readonly Activation[],
    rest: {
      tensors?: readonly (TensorInfo | undefined)[];
      numbers?: readonly number[];
      scalar?: number;
      cols?: number;
      isSelected?: boolean;
    },
  ): Activation {
    const [first] = inputs.map(recorded);
    const instruction: StepInstruction = {
      kind,
      inputs: inputs.map((input) => recorded(input).index),
      tensors: [],
      numbers: [],
      scalar: 0,
      cols: first?.cols ?? 0,
      isSelected: first?.isSelected ?? false,
      ...rest,
    };
    return new RecordedActivation(this.#instructions.push(instruction) - 1, instruction);
  }
}

const numbersOf = ({ numHeads, numKvHeads, headDim }: HeadStripes): number[] => [
  numHeads,
  numKvHeads,
  headDim,
];

const optional = (parameter: Parameter | undefined): TensorInfo | undefined =>
  parameter && parameterTensor(parameter);
