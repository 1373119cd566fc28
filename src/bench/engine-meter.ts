import type { Engine, EngineStats } from '../engine/engine.ts';
import type { EngineLoadReport } from './benchmark-report.ts';
import { assertInvariant } from '../errors.ts';
import { watchEventLoop } from './watch-event-loop.ts';
import type { EventLoopDelayReport } from './watch-event-loop.ts';

const SAMPLE_INTERVAL_MS = 10;

/** Reads an engine's counters before and after a run, and its gauges in between. */
export class EngineMeter {
  readonly #engine: Engine;
  readonly #before: EngineStats;
  readonly #stopWatching = watchEventLoop();
  readonly #sampling: NodeJS.Timeout;
  #peakTokens = 0;
  #eventLoopDelayMs: EventLoopDelayReport | undefined;
  #after: EngineStats | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#before = this.#sample();
    this.#sampling = setInterval(() => this.#sample(), SAMPLE_INTERVAL_MS);
  }

  /** Ends the run; to be called whether it went well or not. */
  stop(): void {
    clearInterval(this.#sampling);
    this.#after = this.#sample();
    this.#eventLoopDelayMs = this.#stopWatching();
  }

  #sample(): EngineStats {
    const stats = this.#engine.stats();
    this.#peakTokens = Math.max(this.#peakTokens, stats.kvCacheTokensUsed);
    return stats;
  }

  report(): EngineLoadReport {
    const after = this.#after;
    const eventLoopDelayMs = this.#eventLoopDelayMs;
    assertInvariant(
      after !== undefined && eventLoopDelayMs !== undefined,
      'a meter is stopped before it reports',
    );
    const { kvCacheBytes, kvCacheTokens } = this.#engine.model;
    const grown = (name: keyof EngineStats): number => after[name] - this.#before[name];
    const numSteps = grown('numSteps');
    const numRows = grown('numRows');
    return {
      numSteps,
      rowsPerStep: ratio(numRows, numSteps),
      paddingWaste: ratio(grown('numPaddedRows'), numRows + grown('numPaddedRows')),
      attentionSaved: 1 - ratio(grown('numScores'), grown('numRectangularScores')),
      kvBytesPeak: this.#peakTokens * ratio(kvCacheBytes, kvCacheTokens),
      eventLoopDelayMs,
    };
  }
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
