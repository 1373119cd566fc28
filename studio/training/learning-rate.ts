/** How the learning rate goes on after the warm-up. */
export const SCHEDULES = ['cosine', 'wsd'] as const;
export type ScheduleName = (typeof SCHEDULES)[number];

export interface Schedule {
  readonly name: ScheduleName;
  readonly peak: number;
  /** The share of the peak that is left at the end. */
  readonly finalFraction: number;
  readonly numWarmupSteps: number;
  readonly numSteps: number;
  /** Of `wsd`: the last steps, in which the rate falls. */
  readonly numDecaySteps: number;
}

/**
 * Linear warm-up to the peak. Then `cosine`: a half cosine down to `peak * finalFraction` in the last step. Or `wsd`
 * (warm-up, stable, decay; Hu et al. 2024, MiniCPM): the peak, and in the last steps a line down to the same. Steps
 * count from 0.
 */
export function learningRateAt(step: number, schedule: Schedule): number {
  const { name, peak, finalFraction, numWarmupSteps, numSteps, numDecaySteps } = schedule;
  if (step < numWarmupSteps) return (peak * (step + 1)) / numWarmupSteps;
  if (name === 'wsd') {
    const numFallen = step + 1 - decayStart(schedule);
    return numFallen <= 0 ? peak : peak * (1 - (1 - finalFraction) * Math.min(1, numFallen / numDecaySteps));
  }
  const progress = Math.min(1, (step - numWarmupSteps) / Math.max(1, numSteps - 1 - numWarmupSteps));
  const cosine = (1 + Math.cos(Math.PI * progress)) / 2;
  return peak * (finalFraction + (1 - finalFraction) * cosine);
}

/** The length of a `wsd` schedule, which may change when a run is resumed. */
export type ScheduleLength = Pick<Schedule, 'numSteps' | 'numDecaySteps'>;

/** The first step of a `wsd` schedule in which the rate is below the peak. */
export function decayStart({ numSteps, numDecaySteps }: ScheduleLength): number {
  return numSteps - numDecaySteps;
}

/** Whether the first `numDone` steps of two `wsd` schedules that differ in length alone have the same learning rates. */
export function beginAlike(numDone: number, a: ScheduleLength, b: ScheduleLength): boolean {
  const areEqual = a.numSteps === b.numSteps && a.numDecaySteps === b.numDecaySteps;
  return areEqual || numDone <= Math.min(decayStart(a), decayStart(b));
}
