import type { Engine } from '../engine/engine.ts';
import { EngineError } from '../errors.ts';
import type { BenchmarkReport } from './benchmark-report.ts';
import { runBenchmark } from './run-benchmark.ts';
import type { BenchmarkOptions } from './run-benchmark.ts';

/** The benchmarks of one live engine: one at a time, the last result is kept. */
export class BenchmarkRunner {
  readonly #engine: Engine;
  #running = false;
  #last: BenchmarkReport | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The report of the last benchmark that ran to its end. */
  get last(): BenchmarkReport | undefined {
    return this.#last;
  }

  /** @throws EngineError `conflict` while another one runs, and what `runBenchmark` throws */
  async run(options: Omit<BenchmarkOptions, 'engine'>): Promise<BenchmarkReport> {
    if (this.#running) {
      throw new EngineError('conflict', 'a benchmark is running already; wait for it to end', {
        retryable: true,
      });
    }
    this.#running = true;
    try {
      this.#last = await runBenchmark({ ...options, engine: this.#engine });
      return this.#last;
    } finally {
      this.#running = false;
    }
  }
}
