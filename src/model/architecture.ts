import type { Parameter, Activation, TransformerOps } from '../runtime/ops.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { ExpectedTensor, StoredTensor } from '../weights/match-tensors.ts';
import type { TensorEntry } from '../weights/tensor-source.ts';
import type { ModelConfig } from './model-config.ts';

/** A causal language model: one class an architecture, written against the operations of a runtime. */
export interface CausalLm {
  readonly config: ModelConfig;
  /** What the last block leaves of the rows that the step asks for, behind the final norm: [logitRows, dim]. */
  hiddenState(ops: TransformerOps): Activation;
  /** Their logits: [logitRows, vocab]. */
  forward(ops: TransformerOps): Activation;
}

/** A kind of model that can be served: how its files describe it, and what it computes. */
export interface Architecture {
  /** Each `model_type` that its config.json may have. */
  readonly modelTypes: readonly string[];
  /** The `general.architecture` of its GGUF files. */
  readonly ggufName: string;
  /**
   * By a config.json, already parsed.
   * @throws EngineError `config_invalid` naming the field
   */
  fromConfigJson(json: unknown): ModelPlan;
  /**
   * By the metadata of a GGUF file, and by which tensors there are for what the format has no key for.
   * @throws EngineError `config_invalid` naming the key
   */
  fromGguf(metadata: GgufMetadata, tensors: TensorShapes): ModelPlan;
}

export type GgufMetadata = ReadonlyMap<string, unknown>;
export type TensorShapes = ReadonlyMap<string, Pick<TensorEntry, 'shape'>>;

/** A model of which everything is known but the numbers. */
export interface ModelPlan {
  readonly config: ModelConfig;
  /** Every trained parameter, in the order of the forward pass. */
  readonly parameters: readonly PlannedParameter[];
  /** Stored tensors that tables are computed from. */
  readonly constants?: readonly ExpectedTensor[];
  /**
   * Where the parts of all parameters are stored.
   * @throws EngineError `weights_invalid` naming every missing, misshapen or unexpected tensor
   */
  findTensors(entries: ReadonlyMap<string, TensorEntry>): StoredTensor[];
  /**
   * The model over its parameters.
   * @param find the parameter of that name, which is loaded
   */
  build(find: (name: string) => Parameter, context: BuildContext): CausalLm;
}

/** What a model is built with beside its parameters. */
export interface BuildContext {
  /** For tables that are computed, not trained. */
  readonly runtime: Pick<Runtime, 'createParameter'>;
  /** Most tokens of a sequence. */
  readonly numPositions: number;
  /** The values of the plan's constants. */
  readonly constantsByName: ReadonlyMap<string, Float32Array>;
}

/** A parameter and the stored tensors that it is made of: their rows one below the other. */
export interface PlannedParameter extends ExpectedTensor {
  readonly parts: readonly ExpectedTensor[];
  /** Added to every number: some store a gain as its distance from 1. */
  readonly offset?: number;
}
