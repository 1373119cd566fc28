import { describeMachine, readLoad, type MachineReport } from '../../src/bench/describe-machine.ts';

/** When and where a report was measured. */
export interface MeasuredRun {
  /** ISO 8601. */
  startedAt: string;
  durationMs: number;
  machine: MachineReport;
}

/** Begins to measure; call what it returns at the end. */
export function startRun(): () => MeasuredRun {
  const startedAt = new Date();
  const loadBefore = readLoad();
  return () => ({
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    machine: describeMachine(loadBefore),
  });
}

/** `2026-12-01; load 0.10 before, 0.20 after, 30 s` */
export function describeTimes({ startedAt, durationMs, machine }: MeasuredRun): string {
  const { loadBefore, loadAfter } = machine;
  const load = `load ${loadBefore.toFixed(2)} before, ${loadAfter.toFixed(2)} after`;
  return `${startedAt.slice(0, 10)}; ${load}, ${(durationMs / 1000).toFixed(0)} s`;
}
