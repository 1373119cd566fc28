import { residentByProgram, residentBytes, treeOf } from './proc.ts';

const PERIOD_MS = 100;
/** Children come and go seldom; to look for them costs more than to read their memory. */
const PERIODS_PER_SCAN = 5;

export interface MemoryPeak {
  numBytes: number;
  byProgram: Record<string, number>;
}

/** The most that the service and its children had in memory together. */
export class MemorySampler {
  readonly #pid: number;
  #tree: number[] = [];
  #numSamples = 0;
  #peak: MemoryPeak = { numBytes: 0, byProgram: {} };
  #timer: NodeJS.Timeout | undefined;

  constructor(pid: number) {
    this.#pid = pid;
  }

  start(): void {
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), PERIOD_MS);
  }

  stop(): MemoryPeak {
    clearInterval(this.#timer);
    this.#sample();
    return this.#peak;
  }

  #sample(): void {
    if (this.#numSamples++ % PERIODS_PER_SCAN === 0) this.#tree = treeOf(this.#pid);
    const numBytes = this.#tree.reduce((sum, pid) => sum + residentBytes(pid), 0);
    if (numBytes > this.#peak.numBytes) this.#peak = { numBytes, byProgram: residentByProgram(this.#tree) };
  }
}
