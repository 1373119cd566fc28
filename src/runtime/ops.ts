/**
 * What a transformer is written against. A model file calls these operations in order and reads like the
 * book; a runtime runs them one by one as operations of its library, or records them once and replays the recording.
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

/** The heads of a layer's attention, and what each query may look at. */
export interface AttentionHeads {
  /** Heads of queries; a multiple of `numKvHeads`. */
  readonly numHeads: number;
  /**
   * Heads of keys and values. Query head h uses head floor(h / (numHeads / numKvHeads)): all alike is grouped-query
   * attention (Ainslie et al. 2023), one for each is the book's.
   */
  readonly numKvHeads: number;
  readonly headDim: number;
  /** What scores are multiplied by, 1 / sqrt(headDim) for most. */
  readonly scale: number;
  /** Tokens that a query sees, itself included; `undefined`: all up to itself. */
  readonly window: number | undefined;
}

/** The book's: as many heads of keys as of queries, scaled by the key's width, nothing out of sight. */
export function bookHeads(numHeads: number, headDim: number): AttentionHeads {
  return { numHeads, numKvHeads: numHeads, headDim, scale: 1 / Math.sqrt(headDim), window: undefined };
}

/** Columns of queries, keys and values side by side. */
export const qkvDim = ({ numHeads, numKvHeads, headDim }: HeadStripes): number =>
  (numHeads + 2 * numKvHeads) * headDim;

/** How queries, keys and values lie side by side in a row: [numHeads, then twice numKvHeads] stripes of headDim. */
export type HeadStripes = Pick<AttentionHeads, 'numHeads' | 'numKvHeads' | 'headDim'>;

/**
 * Rotary positions (Su et al. 2021): pair i of a head is turned by position * frequency i. A pair is either i and
 * i + headDim / 2 (`halves`, as Hugging Face stores heads) or 2 i and 2 i + 1 (`neighbours`, as the paper has it and
 * GGUF stores Llama's).
 */
export interface Rotation {
  readonly pairing: 'halves' | 'neighbours';
  /**
   * A vector of [positions * headDim]: for each position the headDim / 2 cosines of its pairs, then as many sines.
   * A vector, and hence float32 on every runtime.
   */
  readonly table: Parameter;
}

/** What the book's GPT needs: the operations that can be trained, too. */
export interface BookOps {
  /** Token embedding plus learned position embedding of every row: [vocab, dim], [context, dim] -> [rows, dim]. */
  embed(tokenEmbedding: Parameter, positionEmbedding: Parameter): Activation;
  /** x W^T + b with W as [out, in] and b broadcast over the rows: [rows, in] -> [rows, out]. */
  linear(x: Activation, weight: Parameter, bias: Parameter | undefined): Activation;
  /** LayerNorm over each row, biased variance: (x - mean) / sqrt(var + epsilon) * gain + shift. */
  layerNorm(x: Activation, gain: Parameter, shift: Parameter | undefined, epsilon: number): Activation;
  /**
   * Causal multi-head self-attention of one layer. Writes the keys and values of every row into the KV cache, then
   * lets each row attend to its own sequence up to and including itself: [rows, (numHeads + 2 numKvHeads) * headDim]
   * (q, k, v side by side, heads striped inside each) -> [rows, numHeads * headDim].
   */
  attention(qkv: Activation, layerIndex: number, heads: AttentionHeads): Activation;
  /** GELU in its tanh form, as GPT-2 has it. */
  gelu(x: Activation): Activation;
  /** The shortcut connection: x + y. */
  add(x: Activation, y: Activation): Activation;
  /** Identity but in training. */
  dropout(x: Activation, place: DropoutPlace): Activation;
  /** The rows whose logits are wanted: [rows, dim] -> [logitRows, dim]. */
  selectRows(x: Activation): Activation;
}

export type GateActivation = 'silu' | 'gelu';

/** The book's operations, and what later decoders put in the place of some. */
export interface TransformerOps extends BookOps {
  /** As in the book; without positions (they are rotated in later) the tokens alone, times `scale` (1 if left out). */
  embed(tokenEmbedding: Parameter, positionEmbedding: Parameter | undefined, scale?: number): Activation;
  /** RMSNorm over each row (Zhang and Sennrich 2019): x / sqrt(mean(x^2) + epsilon) * gain. */
  rmsNorm(x: Activation, gain: Parameter, epsilon: number): Activation;
  /**
   * RMSNorm of each head of the queries and of the keys by itself; values stay as they are. Each gain is [headDim].
   * [rows, qkv] -> the same.
   */
  normHeads(
    qkv: Activation,
    queryGain: Parameter,
    keyGain: Parameter,
    epsilon: number,
    stripes: HeadStripes,
  ): Activation;
  /** Turns each head of queries and keys by its row's position; values stay as they are. [rows, qkv] -> the same. */
  rotate(qkv: Activation, rotation: Rotation, stripes: HeadStripes): Activation;
  /**
   * The middle of a gated MLP (Shazeer 2020), gate and value side by side: activation(gate) * value, with SiLU
   * (x * logistic(x)) or the tanh GELU. [rows, 2 * mlpDim] -> [rows, mlpDim].
   */
  gate(x: Activation, activation: GateActivation): Activation;
}
