import type { Activation, TransformerOps } from '../runtime/ops.ts';
import type { CausalLm } from './causal-lm.ts';
import type { Gpt2Parameters } from './gpt2-parameters.ts';
import { layerNorm } from './layer-norm.ts';
import type { ModelConfig } from './model-config.ts';
import { transformerBlock } from './transformer-block.ts';

/** GPT-2 (Radford et al. 2019): learned positions, pre-LayerNorm blocks, a final LayerNorm, the output head. */
export class Gpt2 implements CausalLm {
  readonly config: ModelConfig;
  readonly #parameters: Gpt2Parameters;

  constructor(config: ModelConfig, parameters: Gpt2Parameters) {
    this.config = config;
    this.#parameters = parameters;
  }

  forward(ops: TransformerOps): Activation {
    const { tokenEmbedding, positionEmbedding, blocks, finalNorm, head } = this.#parameters;
    let x = ops.dropout(ops.embed(tokenEmbedding, positionEmbedding), 'embedding'); // [rows, dim]
    blocks.forEach((block, layerIndex) => {
      x = transformerBlock(ops, block, x, layerIndex, this.config); // [rows, dim]
    });
    const normed = layerNorm(ops, finalNorm, x, this.config.layerNormEpsilon); // [rows, dim]
    const selected = ops.selectRows(normed); // [logitRows, dim]
    return ops.linear(selected, head, undefined); // [logitRows, vocab]
  }
}
