import type { BenchmarkTarget } from '../../src/bench/benchmark-target.ts';
import type { HttpTarget, RemoteModel } from '../../src/bench/http-target.ts';
import { Workload } from '../../src/bench/workload.ts';
import { tell } from '../mode.ts';
import { compareCells } from './compare-cells.ts';
import { MAX_TOKENS, PROMPT_TOKENS } from './gguf-bars.ts';
import type { GgufComparison } from './gguf-report.ts';
import { numAlike } from './judge-peers.ts';
import type { Cell } from './measure-cell.ts';
import type { QuietMachine } from './quiet-machine.ts';
import { serviceContender } from './service-contender.ts';

interface TargetsOptions {
  ours: HttpTarget;
  theirs: BenchmarkTarget & Pick<HttpTarget, 'complete'>;
  /** As `ours` tells of it. */
  model: RemoteModel;
  cells: readonly Cell[];
  params: { readonly rounds: number; readonly maxSeconds: number; readonly seed: number };
  quiet: QuietMachine;
  signal: AbortSignal;
}

export type TargetsReadings = Pick<GgufComparison, 'ours' | 'alike' | 'readings'>;

/** A service of ours and another server that have the same model, in turn, with the same prompts. */
export async function compareTargets(options: TargetsOptions): Promise<TargetsReadings> {
  const { ours, theirs, model, cells, params, quiet, signal } = options;
  const { vocabSize, runtimeDescription } = model;
  const prompt = new Workload(vocabSize, params.seed + 1).nextPrompt(PROMPT_TOKENS);
  const text = await ours.complete(prompt, MAX_TOKENS, signal);
  const numTokens = numAlike(text, await theirs.complete(prompt, MAX_TOKENS, signal));
  const contenders = [
    serviceContender('ours', ours, new Workload(vocabSize, params.seed)),
    serviceContender('theirs', theirs, new Workload(vocabSize, params.seed)),
  ];
  const readings = await compareCells({ prefix: '', contenders, cells, params, quiet, signal, tell });
  return { ours: runtimeDescription, alike: { numTokens, of: MAX_TOKENS }, readings };
}
