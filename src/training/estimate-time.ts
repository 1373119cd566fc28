interface RunSizes {
  /** Of one optimizer step. */
  readonly stepMs: number;
  readonly numSteps: number;
  readonly tokensPerStep: number;
  readonly numHeldOutTokens: number;
  /** Steps between looks at the held-out text. */
  readonly evaluateEvery: number;
}

/** A forward pass is one of the three products of a step: those of the gradients are two more. */
const FORWARD_SHARE = 1 / 3;

/** Milliseconds that steps take, and the looks at the held-out text between them. */
export function estimateMs(sizes: RunSizes): number {
  const { stepMs, numSteps, tokensPerStep, numHeldOutTokens, evaluateEvery } = sizes;
  const lookMs = (numHeldOutTokens / tokensPerStep) * stepMs * FORWARD_SHARE;
  return numSteps * stepMs + Math.ceil(numSteps / evaluateEvery) * lookMs;
}
