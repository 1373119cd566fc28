import type { Activation, TransformerOps } from '../runtime/ops.ts';
import type { ModelConfig } from './model-config.ts';

/** A causal language model: one class an architecture, written against the operations of a runtime. */
export interface CausalLm {
  readonly config: ModelConfig;
  /** What the last block leaves of the rows that the step asks for, behind the final norm: [logitRows, dim]. */
  hiddenState(ops: TransformerOps): Activation;
  /** Their logits: [logitRows, vocab]. */
  forward(ops: TransformerOps): Activation;
}
