import type { Activation, AttentionHeads, BookOps } from '../runtime/ops.ts';
import { linear, type LinearParameters } from './linear.ts';

export interface MultiHeadAttentionParameters {
  /** Queries, keys and values as one striped product: weight [3 * dim, dim]. */
  readonly qkv: LinearParameters;
  /** Mixes the concatenated heads: weight [dim, dim]. */
  readonly output: LinearParameters;
}

/**
 * Causal multi-head self-attention with an output projection (the book, 3.6.2): no loop over heads, each takes its
 * own stripe of the projected columns. [rows, dim] -> [rows, dim].
 */
export function multiHeadAttention(
  ops: BookOps,
  parameters: MultiHeadAttentionParameters,
  x: Activation,
  layerIndex: number,
  heads: AttentionHeads,
): Activation {
  const qkv = linear(ops, parameters.qkv, x); // [rows, 3 * dim]
  const context = ops.attention(qkv, layerIndex, heads); // [rows, dim]
  return linear(ops, parameters.output, context); // [rows, dim]
}
