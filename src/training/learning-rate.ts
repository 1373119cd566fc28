export interface Schedule {
  readonly peak: number;
  /** The share of the peak that is left at the end. */
  readonly finalFraction: number;
  readonly numWarmupSteps: number;
  readonly numSteps: number;
}

/** Linear warm-up to the peak, then a half cosine down to `peak * finalFraction`; steps count from 0. */
export function learningRateAt(step: number, schedule: Schedule): number {
  const { peak, finalFraction, numWarmupSteps, numSteps } = schedule;
  if (step < numWarmupSteps) return (peak * (step + 1)) / numWarmupSteps;
  const progress = Math.min(1, (step - numWarmupSteps) / Math.max(1, numSteps - 1 - numWarmupSteps));
  const cosine = (1 + Math.cos(Math.PI * progress)) / 2;
  return peak * (finalFraction + (1 - finalFraction) * cosine);
}
