import type { Activation, TransformerOps } from '../runtime/ops.ts';
import type { ModelConfig } from './model-config.ts';

/** A causal language model: one class an architecture, written against the operations of a runtime. */
export interface CausalLm {
  readonly config: ModelConfig;
  /** The logits of the rows that the step asks for: [logitRows, vocab]. */
  forward(ops: TransformerOps): Activation;
}
