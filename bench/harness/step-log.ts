import type { Engine, EngineStats } from '../../src/engine/engine.ts';

/** One step of an engine. */
export interface LoggedStep {
  /** Sequences that had started before it and not ended. */
  numSequences: number;
  /** Of tokens that it computed, without padding. */
  numRows: number;
  /** New tokens of all sequences, those without alternative among them. */
  numTokens: number;
  durationMs: number;
  /** Of it, in the model. */
  modelMs: number;
  /** For formats: of it, or just before it. */
  formatMs: number;
}

/** Notes each step of an engine in this process' care: what its counters grew by. */
export class StepLog {
  #steps: LoggedStep[] = [];
  #before: EngineStats;

  constructor(engine: Pick<Engine, 'stats' | 'observe'>) {
    this.#before = engine.stats();
    engine.observe({
      onStep: (numRows, durationMs) => {
        const after = engine.stats();
        const grown = (name: keyof EngineStats): number => after[name] - this.#before[name];
        this.#steps.push({
          numSequences: after.numSequencesRunning,
          numRows,
          numTokens: grown('numGeneratedTokens'),
          durationMs,
          modelMs: grown('modelMs'),
          formatMs: grown('formatMs'),
        });
        this.#before = after;
      },
    });
  }

  /** The steps since it was last asked. */
  take(): LoggedStep[] {
    const steps = this.#steps;
    this.#steps = [];
    return steps;
  }
}
