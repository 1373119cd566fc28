import type { Activation, BookOps } from '../runtime/ops.ts';
import type { CausalLm } from './architecture.ts';
import type { Gpt2Parameters } from './gpt2-parameters.ts';
import { layerNorm } from './layer-norm.ts';
import type { Gpt2Config } from './gpt2-config.ts';
import { transformerBlock } from './transformer-block.ts';

/** GPT-2 (Radford et al. 2019): learned positions, pre-LayerNorm blocks, a final LayerNorm, the output head. */
export class Gpt2 implements CausalLm {
  readonly config: Gpt2Config;
  readonly #parameters: Gpt2Parameters;

  constructor(config: Gpt2Config, parameters: Gpt2Parameters) {
    this.config = config;
    this.#parameters = parameters;
  }

  forward(ops: BookOps): Activation {
    return ops.linear(this.hiddenState(ops), this.#parameters.head, undefined); // [logitRows, vocab]
  }

  hiddenState(ops: BookOps): Activation {
    const { tokenEmbedding, positionEmbedding, blocks, finalNorm } = this.#parameters;
    let x = ops.dropout(ops.embed(tokenEmbedding, positionEmbedding), 'embedding'); // [rows, dim]
    blocks.forEach((block, layerIndex) => {
      x = transformerBlock(ops, block, x, layerIndex, this.config); // [rows, dim]
    });
    const normed = layerNorm(ops, finalNorm, x, this.config.layerNormEpsilon); // [rows, dim]
    return ops.selectRows(normed); // [logitRows, dim]
  }
}
