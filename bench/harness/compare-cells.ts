import { median } from '../../src/bench/latency-summary.ts';
import { EngineError } from '../../src/errors.ts';
import { compareRuntimes, type Contender } from './compare-runtimes.ts';
import { measureTitle } from './gguf-bars.ts';
import type { GgufReading } from './gguf-report.ts';
import type { Cell } from './measure-cell.ts';
import type { QuietMachine } from './quiet-machine.ts';

interface CellsOptions {
  /** Before each line that is told: a file's name and a comma, or nothing. */
  readonly prefix: string;
  /** `ours` and `theirs`. */
  readonly contenders: readonly Contender[];
  readonly cells: readonly Cell[];
  readonly params: { readonly rounds: number; readonly maxSeconds: number };
  readonly quiet: QuietMachine;
  readonly signal: AbortSignal;
  readonly tell: (line: string) => void;
}

/**
 * Both sides in turn on a quiet machine, each reading told as it comes.
 * @throws EngineError `backend_failure` where a side fails
 */
export async function compareCells(options: CellsOptions): Promise<GgufReading[]> {
  const { prefix, contenders, cells, params, quiet, signal, tell } = options;
  const readings: GgufReading[] = [];
  const results = await compareRuntimes({
    contenders,
    cells,
    rounds: params.rounds,
    limitMs: params.maxSeconds * 1000,
    signal,
    beforeTrial: () => quiet.startTrial(),
    afterTrial: ({ label, cell, round }) =>
      quiet.endTrial(`${prefix}${label}, ${measureTitle(cell)}, round ${round + 1}`),
    onReading: ({ label, cell, round, values }) => {
      if (values.length === 0) return;
      const value = median(values);
      readings.push({ measure: cell, round, ...(label === 'ours' ? { ours: value } : { theirs: value }) });
      tell(`${prefix}round ${round + 1}, ${measureTitle(cell)}, ${label}: ${value.toFixed(1)}`);
    },
  });
  for (const { label, failure } of results) {
    if (failure !== undefined) throw new EngineError('backend_failure', `${prefix}${label}: ${failure}`);
  }
  return readings;
}
