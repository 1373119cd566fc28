/**
 * What a transformer is written against. A model file calls these operations in order and reads like the
 * book; a runtime runs them one by one as tfjs kernels, or records them once and replays the recording.
 *
 * Every activation is a [rows, cols] float32 matrix with one row for each token of the step, so that the dense
 * layers of all sequences are one product. Which sequence a row belongs to is known to `attention` alone.
 */

/** A [rows, cols] float32 matrix, owned by the runtime and gone when the step ends. */
export interface Activation {
  readonly shape: readonly number[];
}

/** A trained tensor in whatever form its runtime keeps it (packed, transposed, quantised). */
export interface Parameter {
  readonly name: string;
  /** The logical shape: a matrix is [out, in], a vector is [size]. */
  readonly shape: readonly number[];
}

/** Where the book puts dropout, apart from the attention weights, which `attention` drops itself. */
export type DropoutPlace = 'embedding' | 'attention-output' | 'mlp-output';

export interface TransformerOps {
  /** Token embedding plus learned position embedding of every row: [vocab, dim], [context, dim] -> [rows, dim]. */
  embed(tokenEmbedding: Parameter, positionEmbedding: Parameter): Activation;
  /** x W^T + b with W as [out, in] and b broadcast over the rows: [rows, in] -> [rows, out]. */
  linear(x: Activation, weight: Parameter, bias: Parameter | undefined): Activation;
  /** LayerNorm over each row, biased variance: (x - mean) / sqrt(var + epsilon) * gain + shift. */
  layerNorm(x: Activation, gain: Parameter, shift: Parameter | undefined, epsilon: number): Activation;
  /**
   * Causal multi-head self-attention of one layer. Writes the keys and values of every row into the KV cache, then
   * lets each row attend to its own sequence up to and including itself: [rows, 3 * dim] (q, k, v side by side,
   * heads striped inside each) -> [rows, dim].
   */
  attention(qkv: Activation, layerIndex: number, numHeads: number): Activation;
  /** GELU in its tanh form, as GPT-2 has it. */
  gelu(x: Activation): Activation;
  /** The shortcut connection: x + y. */
  add(x: Activation, y: Activation): Activation;
  /** Identity but in training. */
  dropout(x: Activation, place: DropoutPlace): Activation;
  /** The rows whose logits are wanted: [rows, dim] -> [logitRows, dim]. */
  selectRows(x: Activation): Activation;
}
