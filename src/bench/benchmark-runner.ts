import type { Engine } from '../engine/engine.ts';
import { EngineError } from '../errors.ts';
import type { BenchmarkReport } from './benchmark-report.ts';
import { runBenchmark } from './run-benchmark.ts';
import type { BenchmarkOptions } from './run-benchmark.ts';

/** The benchmarks of live engines: one at a time, the last result is kept. */
export class BenchmarkRunner {
  #running = false;
  #last: BenchmarkReport | undefined;

  /** The report of the last benchmark that ran to its end. */
  get last(): BenchmarkReport | undefined {
    return this.#last;
  }

  /** @throws EngineError `conflict` while another one runs, and what `runBenchmark` throws */
  async run(options: BenchmarkOptions & { engine: Engine }): Promise<BenchmarkReport> {
    if (this.#running) {
      throw new EngineError('conflict', 'a benchmark is running already; wait for it to end', {
        retryable: true,
      });
    }
    this.#running = true;
    try {
      this.#last = await runBenchmark(options);
      return this.#last;
    } finally {
      this.#running = false;
    }
  }
}
