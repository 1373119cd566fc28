import type { EngineStats } from '../engine.ts';
import type { EngineGauges, StepReport } from '../protocol.ts';

type Totals = Omit<
  EngineStats,
  'numRequestsRunning' | 'numRequestsWaiting' | 'numTokensWaiting' | 'numLanes' | 'kvCacheTokens'
>;

const ZERO: Totals = {
  numLanesUsed: 0,
  kvCacheTokensUsed: 0,
  numTensors: 0,
  runtimeBytes: 0,
  engineResidentBytes: 0,
  numSteps: 0,
  numRows: 0,
  numPaddedRows: 0,
  numScores: 0,
  numRectangularScores: 0,
  promptTokens: 0,
  preemptions: 0,
  recomputedTokens: 0,
  prefixCacheQueries: 0,
  prefixCacheHits: 0,
  draftTokens: 0,
  acceptedDraftTokens: 0,
  generationTokens: 0,
  wastedTokens: 0,
  numRestarts: 0,
};

/** Counters over all steps since the service started, and the gauges as the last message left them. */
export class EngineTotals {
  #totals: Totals = ZERO;

  get(): Totals {
    return this.#totals;
  }

  addStep({ gauges, ...report }: StepReport): void {
    const totals = this.#totals;
    this.#totals = {
      ...totals,
      ...gauges,
      numSteps: totals.numSteps + 1,
      numRows: totals.numRows + report.numRows,
      numPaddedRows: totals.numPaddedRows + report.numPaddedRows,
      numScores: totals.numScores + report.numScores,
      numRectangularScores: totals.numRectangularScores + report.numRectangularScores,
      promptTokens: totals.promptTokens + report.numPromptTokens,
      preemptions: totals.preemptions + report.numPreemptions,
      recomputedTokens: totals.recomputedTokens + report.numRecomputedTokens,
      prefixCacheQueries: totals.prefixCacheQueries + report.numQueriedTokens,
      prefixCacheHits: totals.prefixCacheHits + report.numCachedTokens,
      draftTokens: totals.draftTokens + report.numDraftTokens,
      acceptedDraftTokens: totals.acceptedDraftTokens + report.numAcceptedTokens,
      generationTokens:
        totals.generationTokens + report.updates.filter(({ token }) => token !== undefined).length,
    };
  }

  setGauges(gauges: EngineGauges): void {
    this.#totals = { ...this.#totals, ...gauges };
  }

  /** The process is gone, and what it held with it. */
  clearGauges(): void {
    this.setGauges({
      numLanesUsed: 0,
      kvCacheTokensUsed: 0,
      numTensors: 0,
      runtimeBytes: 0,
      engineResidentBytes: 0,
    });
  }

  addWastedTokens(numTokens: number): void {
    this.#totals = { ...this.#totals, wastedTokens: this.#totals.wastedTokens + numTokens };
  }

  addRestart(): void {
    this.#totals = { ...this.#totals, numRestarts: this.#totals.numRestarts + 1 };
  }
}
