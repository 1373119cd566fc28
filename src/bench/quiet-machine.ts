import { EngineError } from '../errors.ts';
import { readCpu, shareOfOthers, type CpuReading } from './cpu-load.ts';

/**
 * Others may take so much of all cores before figures count as disturbed. A kernel and an idle desktop stay below a
 * twentieth; one busy process on a machine of ten cores is a tenth.
 */
export const MOST_FOR_OTHERS = 0.1;
const WATCH_MS = 1000;
const POLL_MS = 500;
const PATIENCE_MS = 20_000;

/** `undefined` (no time went by) is as good as quiet. */
export function isBusy(share: number | undefined): boolean {
  return share !== undefined && share > MOST_FOR_OTHERS;
}

/**
 * Watches what others take of the machine: before anything starts, and over each turn. The benchmark's own processes
 * are taken off by their processor time, so work beside a turn shows while it lasts; the load average is for the
 * report alone, since it remembers a minute.
 */
export class QuietMachine {
  #turnStart: CpuReading | undefined;
  /** Turns in which others took more than their part, in words. */
  readonly disturbances: string[] = [];

  /** @throws EngineError `conflict` when others are at work */
  async demand(): Promise<void> {
    const share = await watch(WATCH_MS);
    if (!isBusy(share)) return;
    throw new EngineError(
      'conflict',
      `the machine is busy: others take ${percent(share)} of its cores, and figures would say nothing; ` +
        `at most ${percent(MOST_FOR_OTHERS)} is quiet. Stop them, or wait`,
    );
  }

  /** Waits a while for a pause of the others, and starts the watch. */
  async startTurn(): Promise<void> {
    const until = performance.now() + PATIENCE_MS;
    while (isBusy(await watch(POLL_MS)) && performance.now() < until);
    this.#turnStart = await readCpu();
  }

  async endTurn(name: string): Promise<void> {
    if (this.#turnStart === undefined) return;
    const share = shareOfOthers(this.#turnStart, await readCpu());
    if (isBusy(share)) this.disturbances.push(`${name}: others took ${percent(share)} of the cores`);
  }
}

async function watch(ms: number): Promise<number | undefined> {
  const before = await readCpu();
  await new Promise((resolve) => setTimeout(resolve, ms));
  return shareOfOthers(before, await readCpu());
}

function percent(share = 0): string {
  return `${(share * 100).toFixed(0)} %`;
}
