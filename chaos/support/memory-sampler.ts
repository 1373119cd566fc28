import { residentBytes, treeOf } from './proc.ts';

const PERIOD_MS = 100;
/** Children come and go seldom; to look for them costs more than to read their memory. */
const PERIODS_PER_SCAN = 5;

/** The most that a process and its children had in memory together. */
export class MemorySampler {
  readonly #pid: number;
  #tree: number[] = [];
  #numSamples = 0;
  #peakBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(pid: number) {
    this.#pid = pid;
  }

  start(): void {
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), PERIOD_MS);
  }

  stop(): number {
    clearInterval(this.#timer);
    this.#sample();
    return this.#peakBytes;
  }

  #sample(): void {
    if (this.#numSamples++ % PERIODS_PER_SCAN === 0) this.#tree = treeOf(this.#pid);
    const bytes = this.#tree.reduce((sum, pid) => sum + residentBytes(pid), 0);
    this.#peakBytes = Math.max(this.#peakBytes, bytes);
  }
}
