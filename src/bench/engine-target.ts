import { randomUUID } from 'node:crypto';
import type { Engine, EngineStats } from '../engine/engine.ts';
import { PLAIN_PARAMS } from '../engine/generation-params.ts';
import { PAGE_TOKENS } from '../pages.ts';
import { DEFAULT_SAMPLING_PARAMS } from '../sampling/sampling-params.ts';
import { checkNumTokens, type BenchmarkRequest, type BenchmarkTarget } from './benchmark-target.ts';
import type { EngineLoadReport } from './benchmark-report.ts';
import { assertInvariant } from '../errors.ts';
import { watchEventLoop, type EventLoopDelayReport } from './watch-event-loop.ts';

/** The engine in this process, as a route would use it, without HTTP. */
export class EngineTarget implements BenchmarkTarget {
  readonly mode = 'engine';
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async generate(
    request: BenchmarkRequest,
    onTokens: (numTokens: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    const completion = this.#submit(request);
    const cancel = (): void => completion.cancel('disconnect');
    signal.addEventListener('abort', cancel);
    let numTokens = 0;
    try {
      for await (const event of completion) {
        if (event.type !== 'delta' || event.tokens.length === 0) continue;
        numTokens += event.tokens.length;
        onTokens(event.tokens.length);
      }
    } finally {
      signal.removeEventListener('abort', cancel);
    }
    signal.throwIfAborted();
    checkNumTokens(request, numTokens);
  }

  #submit({ prompts, maxTokens, cacheSalt }: BenchmarkRequest) {
    const id = `bench-${randomUUID()}`;
    const reservation = this.#engine.reserve(prompts.length);
    try {
      return this.#engine.submit(
        {
          ...PLAIN_PARAMS,
          id,
          prompts,
          maxTokens,
          ignoreEos: true,
          sampling: { ...DEFAULT_SAMPLING_PARAMS, temperature: 0 },
          // A benchmark that is run again has the same prompts.
          cacheSalt: cacheSalt ?? id,
          ownerId: '',
          timeoutMs: undefined,
        },
        reservation,
      );
    } catch (error) {
      reservation.release();
      throw error;
    }
  }
}

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
    this.#peakTokens = Math.max(this.#peakTokens, stats.numPagesUsed * PAGE_TOKENS);
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
