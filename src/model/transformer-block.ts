import type { Activation, TransformerOps } from '../runtime/ops.ts';
import { layerNorm, type LayerNormParameters } from './layer-norm.ts';
import { mlp, type MlpParameters } from './mlp.ts';
import type { ModelConfig } from './model-config.ts';
import { multiHeadAttention, type MultiHeadAttentionParameters } from './multi-head-attention.ts';

export interface TransformerBlockParameters {
  readonly attentionNorm: LayerNormParameters;
  readonly attention: MultiHeadAttentionParameters;
  readonly mlpNorm: LayerNormParameters;
  readonly mlp: MlpParameters;
}

/** A pre-LayerNorm block: attention and MLP, each behind a shortcut connection. [rows, dim] -> [rows, dim]. */
export function transformerBlock(
  ops: TransformerOps,
  parameters: TransformerBlockParameters,
  x: Activation,
  layerIndex: number,
  config: ModelConfig,
): Activation {
  const attentionIn = layerNorm(ops, parameters.attentionNorm, x, config.layerNormEpsilon); // [rows, dim]
  const attended = multiHeadAttention(ops, parameters.attention, attentionIn, layerIndex, config.numHeads);
  const afterAttention = ops.add(x, ops.dropout(attended, 'attention-output')); // [rows, dim]
  const mlpIn = layerNorm(ops, parameters.mlpNorm, afterAttention, config.layerNormEpsilon); // [rows, dim]
  const mlpOut = mlp(ops, parameters.mlp, mlpIn); // [rows, dim]
  return ops.add(afterAttention, ops.dropout(mlpOut, 'mlp-output')); // [rows, dim]
}
