import { type DiskCounts, NO_DISK_COUNTS } from '../disk-counts.ts';
import type { EngineStats, StepCounters } from '../engine.ts';
import type { DiskNote, DiskReport, EngineGauges, StepReport } from '../protocol.ts';

type Totals = Omit<
  EngineStats,
  'numSequencesRunning' | 'numSequencesWaiting' | 'numTokensWaiting' | 'maxNumSeqs' | 'kvCacheTokens'
>;

/** What each step adds to. */
const ZERO_COUNTERS: StepCounters = {
  numRows: 0,
  numPaddedRows: 0,
  numScores: 0,
  numRectangularScores: 0,
  numComputedPromptTokens: 0,
  numPreemptions: 0,
  numEvictedPages: 0,
  numRecomputedTokens: 0,
  numPrefixCacheQueries: 0,
  numPrefixCacheHits: 0,
  numDraftTokens: 0,
  numAcceptedDraftTokens: 0,
  modelMs: 0,
  formatMs: 0,
};
const STEP_COUNTERS = Object.keys(ZERO_COUNTERS) as (keyof StepCounters)[];

const DISK_COUNTERS = Object.keys(NO_DISK_COUNTS) as (keyof DiskCounts)[];

const ZERO: Totals = {
  numSeatsUsed: 0,
  numPagesUsed: 0,
  numPagesShared: 0,
  numPagesKept: 0,
  numWindowPagesUsed: 0,
  numTensors: 0,
  runtimeBytes: 0,
  engineResidentBytes: 0,
  numDiskBytes: 0,
  ...NO_DISK_COUNTS,
  ...ZERO_COUNTERS,
  numSteps: 0,
  numGeneratedTokens: 0,
  numWastedTokens: 0,
  numRestarts: 0,
};

/** Counters over all steps since the service started, and the gauges as the last message left them. */
export class EngineTotals {
  #totals: Totals = ZERO;

  get(): Totals {
    return this.#totals;
  }

  addStep(report: StepReport): void {
    const totals = { ...this.#totals, ...report.gauges };
    totals.numSteps++;
    for (const counter of STEP_COUNTERS) totals[counter] += report[counter];
    for (const { token } of report.updates) if (token !== undefined) totals.numGeneratedTokens++;
    this.#totals = totals;
  }

  /** @param onNote told of each of its notes */
  addDisk({ counts, numBytes, notes }: DiskReport, onNote?: (note: DiskNote) => void): void {
    for (const note of notes) onNote?.(note);
    const totals = { ...this.#totals, numDiskBytes: numBytes };
    for (const counter of DISK_COUNTERS) totals[counter] += counts[counter];
    this.#totals = totals;
  }

  setGauges(gauges: EngineGauges): void {
    this.#totals = { ...this.#totals, ...gauges };
  }

  /** The process is gone, and what it held with it. */
  clearGauges(): void {
    this.setGauges({
      numSeatsUsed: 0,
      numPagesUsed: 0,
      numPagesShared: 0,
      numPagesKept: 0,
      numWindowPagesUsed: 0,
      numTensors: 0,
      runtimeBytes: 0,
      engineResidentBytes: 0,
    });
  }

  addWastedTokens(numTokens: number): void {
    this.#totals = { ...this.#totals, numWastedTokens: this.#totals.numWastedTokens + numTokens };
  }

  addRestart(): void {
    this.#totals = { ...this.#totals, numRestarts: this.#totals.numRestarts + 1 };
  }
}
