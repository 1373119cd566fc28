import type { Activation, AttentionHeads, Parameter, Rotation, TransformerOps } from '../runtime/ops.ts';
import { linear, type LinearParameters } from './linear.ts';

export interface RotaryAttentionParameters {
  /** Queries, keys and values as one striped product: weight [(numHeads + 2 numKvHeads) * headDim, dim]. */
  readonly qkv: LinearParameters;
  /** Mixes the concatenated heads: weight [dim, numHeads * headDim]. */
  readonly output: LinearParameters;
  /** Gains [headDim] of the norms of queries and keys, where the model has them. */
  readonly headNorms: { readonly query: Parameter; readonly key: Parameter } | undefined;
}

/** What a layer's attention does beside its weights. */
export interface RotaryAttentionLayer {
  readonly heads: AttentionHeads;
  readonly rotation: Rotation;
  readonly rmsNormEpsilon: number;
}

/**
 * Causal self-attention with rotated queries and keys, which may share keys and values among heads, look back over a
 * window alone, and norm each head before it is turned: [rows, dim] -> [rows, dim].
 */
export function rotaryAttention(
  ops: TransformerOps,
  parameters: RotaryAttentionParameters,
  x: Activation,
  layerIndex: number,
  { heads, rotation, rmsNormEpsilon }: RotaryAttentionLayer,
): Activation {
  const { headNorms } = parameters;
  let qkv = linear(ops, parameters.qkv, x); // [rows, qkv]
  if (headNorms) qkv = ops.normHeads(qkv, headNorms.query, headNorms.key, rmsNormEpsilon, heads); // [rows, qkv]
  const context = ops.attention(ops.rotate(qkv, rotation, heads), layerIndex, heads); // [rows, heads * headDim]
  return linear(ops, parameters.output, context); // [rows, dim]
}
