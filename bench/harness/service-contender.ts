import type { BenchmarkTarget } from '../../src/bench/benchmark-target.ts';
import type { Contender } from './compare-runtimes.ts';
import { requestStreams } from './run-streams.ts';
import type { Workload } from '../../src/bench/workload.ts';

/** A service of ours as one that takes part. */
export function serviceContender(label: string, target: BenchmarkTarget, workload: Workload): Contender {
  return {
    label,
    run: requestStreams(target, workload),
    // One token comes when what was cut off is out of the way.
    settle: (signal) => target.generate({ prompts: [[0]], maxTokens: 1 }, () => undefined, signal),
  };
}
