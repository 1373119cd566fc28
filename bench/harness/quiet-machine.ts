import { EngineError } from '../../src/errors.ts';
import { readCpu, shareOfOthers, type CpuReading } from './cpu-load.ts';

/**
 * Others may take so much of all cores before figures count as disturbed. A kernel and an idle desktop stay below a
 * twentieth; one busy process on a machine of ten cores is a tenth.
 */
export const MOST_FOR_OTHERS = 0.1;
const WATCH_MS = 500;
const PATIENCE_MS = 20_000;
const MAX_REPEATS = 3;

/** `undefined` (no time went by) is as good as quiet. */
export function isBusy(share: number | undefined): boolean {
  return share !== undefined && share > MOST_FOR_OTHERS;
}

/**
 * Watches what others take of the machine: before anything starts, and over each trial. The benchmark's own processes
 * are taken off by their processor time, so work beside a trial shows while it lasts; the load average is for the
 * report alone, since it remembers a minute.
 */
export class QuietMachine {
  #trialStart: CpuReading | undefined;
  readonly #numRepeats = new Map<string, number>();
  /** Trials beside which others were at work each time they were tried, in words. */
  readonly disturbances: string[] = [];

  /** @throws EngineError `conflict` when others are at work and go on */
  async demand(): Promise<void> {
    const share = await waitForPause();
    if (!isBusy(share)) return;
    throw new EngineError(
      'conflict',
      `the machine is busy: others take ${percent(share)} of its cores, and figures would say nothing; ` +
        `at most ${percent(MOST_FOR_OTHERS)} is quiet. Stop them, or wait`,
    );
  }

  /** Waits a while for a pause of the others, and starts the watch. */
  async startTrial(): Promise<void> {
    await waitForPause();
    this.#trialStart = await readCpu();
  }

  async endTrial(name: string): Promise<'keep' | 'repeat'> {
    const share =
      this.#trialStart === undefined ? undefined : shareOfOthers(this.#trialStart, await readCpu());
    return this.judgeTrial(name, share);
  }

  /** A trial that was disturbed is worth some more tries; then it is kept, and told of. */
  judgeTrial(name: string, share: number | undefined): 'keep' | 'repeat' {
    if (!isBusy(share)) return 'keep';
    const numRepeats = this.#numRepeats.get(name) ?? 0;
    this.#numRepeats.set(name, numRepeats + 1);
    if (numRepeats < MAX_REPEATS) return 'repeat';
    this.disturbances.push(`${name}: others took ${percent(share)} of the cores`);
    return 'keep';
  }
}

/** What others took at last: of a quiet half second, or when patience was at its end. */
async function waitForPause(): Promise<number | undefined> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const before = await readCpu();
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
    const share = shareOfOthers(before, await readCpu());
    if (!isBusy(share) || performance.now() > until) return share;
  }
}

function percent(share = 0): string {
  return `${(share * 100).toFixed(0)} %`;
}
