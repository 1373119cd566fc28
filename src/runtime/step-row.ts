/** The most probable tokens of a row of logits, and what a probability needs beside them. */
export interface TopLogits {
  /** Most probable first, the lower id first on ties: [TOP_LOGITS], or the vocabulary if that is smaller. */
  readonly tokenIds: Int32Array;
  readonly logits: Float32Array; // [TOP_LOGITS]
  /** log(sum(exp(logit))) over the whole row: a token's log-probability is its logit less this. */
  readonly logSumExp: number;
}

/** How many tokens of a row come back where the top ones are enough. */
export const TOP_LOGITS = 64;

/** A row of what a forward pass returns: all of it, or its top where the batch says that this is enough. */
export type StepRow = Float32Array | TopLogits;
