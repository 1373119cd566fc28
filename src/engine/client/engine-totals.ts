import { type DiskCounts, NO_DISK_COUNTS } from '../disk-counts.ts';
import type { EngineStats, StepCounters } from '../engine.ts';
import type { DiskNote, DiskReport, EngineGauges, StepReport } from '../protocol.ts';

/** Gauges of the service process: the queue and the model have them, no message of the engine does. */
type ClientGauges = Pick<
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

/** Every key, so that none is added later: V8 of Node 20 takes 1 us and more for each. */
const ZERO: EngineStats = {
  numSequencesRunning: 0,
  numSequencesWaiting: 0,
  numTokensWaiting: 0,
  maxNumSeqs: 0,
  kvCacheTokens: 0,
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
  readonly #totals: EngineStats = { ...ZERO };

  /** A copy, which later steps do not change. */
  statsWith(gauges: ClientGauges): EngineStats {
    return Object.assign({ ...this.#totals }, gauges);
  }

  addStep(report: StepReport): void {
    const totals = this.#totals;
    this.setGauges(report.gauges);
    totals.numSteps++;
    for (const counter of STEP_COUNTERS) totals[counter] += report[counter];
    for (const { token } of report.updates) if (token !== undefined) totals.numGeneratedTokens++;
  }

  /** @param onNote told of each of its notes */
  addDisk({ counts, numBytes, notes }: DiskReport, onNote?: (note: DiskNote) => void): void {
    for (const note of notes) onNote?.(note);
    this.#totals.numDiskBytes = numBytes;
    for (const counter of DISK_COUNTERS) this.#totals[counter] += counts[counter];
  }

  setGauges(gauges: EngineGauges): void {
    Object.assign(this.#totals, gauges);
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
    this.#totals.numWastedTokens += numTokens;
  }

  addRestart(): void {
    this.#totals.numRestarts++;
  }
}
