import { bookHeads, type Activation, type BookOps } from '../runtime/ops.ts';
import type { Gpt2Config } from './gpt2-config.ts';
import { layerNorm, type LayerNormParameters } from './layer-norm.ts';
import { mlp, type MlpParameters } from './mlp.ts';
import { multiHeadAttention, type MultiHeadAttentionParameters } from './multi-head-attention.ts';

export interface TransformerBlockParameters {
  readonly attentionNorm: LayerNormParameters;
  readonly attention: MultiHeadAttentionParameters;
  readonly mlpNorm: LayerNormParameters;
  readonly mlp: MlpParameters;
}

/** A pre-LayerNorm block: attention and MLP, each behind a shortcut connection. [rows, dim] -> [rows, dim]. */
export function transformerBlock(
  ops: BookOps,
  parameters: TransformerBlockParameters,
  x: Activation,
  layerIndex: number,
  config: Gpt2Config,
): Activation {
  const attentionIn = layerNorm(ops, parameters.attentionNorm, x, config.layerNormEpsilon); // [rows, dim]
  const heads = bookHeads(config.numHeads, config.headDim);
  const attended = multiHeadAttention(ops, parameters.attention, attentionIn, layerIndex, heads); // [rows, dim]
  const afterAttention = ops.add(x, ops.dropout(attended, 'attention-output')); // [rows, dim]
  const mlpIn = layerNorm(ops, parameters.mlpNorm, afterAttention, config.layerNormEpsilon); // [rows, dim]
  const mlpOut = mlp(ops, parameters.mlp, mlpIn); // [rows, dim]
  return ops.add(afterAttention, ops.dropout(mlpOut, 'mlp-output')); // [rows, dim]
}
