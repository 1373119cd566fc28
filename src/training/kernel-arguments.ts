/** Which elements die: counter hash of index and seed, see `keepMask` of assembly/dropout.ts. */
export interface DropoutDraw {
  /** Probability of an element to be dropped. */
  readonly rate: number;
  readonly seed: number;
}

export interface SequenceShape {
  readonly numSequences: number;
  readonly seqLen: number;
  readonly numHeads: number;
}

/** Of the 31-bit hash: elements below it die. */
export function dropoutThreshold({ rate }: DropoutDraw): number {
  return Math.round(rate * 2 ** 31);
}

/** What survivors grow by. */
export function survivorFactor({ rate }: DropoutDraw): number {
  return 1 / (1 - rate);
}
