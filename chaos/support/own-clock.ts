import { childrenOf, commandLine, longestWaitMs, waitedForProcessorMs } from './proc.ts';

/**
 * The time that passes without what the service, its engine and this process wait for a processor: other work on the
 * machine makes no stream stand still by it.
 */
export class OwnClock {
  readonly #servicePid: number;
  #enginePids: number[] = [];
  readonly #waits = new Map<number, number>();
  #waitedMs = 0;

  constructor(servicePid: number) {
    this.#servicePid = servicePid;
  }

  now(): number {
    this.#note(this.#servicePid, waitedForProcessorMs(this.#servicePid));
    this.#note(process.pid, waitedForProcessorMs(process.pid));
    let engines = this.#enginePids.map((pid) => [pid, longestWaitMs(pid)] as const);
    if (engines.length === 0 || engines.some(([, waitedMs]) => waitedMs === undefined)) {
      this.#enginePids = childrenOf(this.#servicePid).filter((pid) =>
        commandLine(pid).includes('engine-worker'),
      );
      engines = this.#enginePids.map((pid) => [pid, longestWaitMs(pid)]);
    }
    for (const [pid, waitedMs] of engines) this.#note(pid, waitedMs ?? 0);
    return performance.now() - this.#waitedMs;
  }

  /** @param waitedMs since the process began; what a new one waited before it is known here does not count */
  #note(pid: number, waitedMs: number): void {
    this.#waitedMs += Math.max(waitedMs - (this.#waits.get(pid) ?? waitedMs), 0);
    this.#waits.set(pid, waitedMs);
  }
}
