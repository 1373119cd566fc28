import type { Engine, EngineStats } from '../engine/engine.ts';
import type { EngineLoadReport } from './benchmark-report.ts';
import { assertInvariant } from '../errors.ts';
import { watchEventLoop } from './event-loop-delay.ts';
import type { EventLoopDelayReport } from './event-loop-delay.ts';

/** Reads an engine's counters around a run. */
export class EngineMeter {
  readonly #engine: Engine;
  readonly #before: EngineStats;
  readonly #stopWatching = watchEventLoop();
  #eventLoopDelayMs: EventLoopDelayReport | undefined;
  #after: EngineStats | undefined;
  #peakTokens = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#before = engine.stats();
  }

  /** To be called often: the cache's peak is the largest value seen. */
  sample(): void {
    this.#peakTokens = Math.max(this.#peakTokens, this.#engine.stats().kvCacheTokensUsed);
  }

  /** Ends the run; to be called whether it went well or not. */
  stop(): void {
    this.#after = this.#engine.stats();
    this.#eventLoopDelayMs = this.#stopWatching();
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
