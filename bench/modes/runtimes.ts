import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareRuntimes, type ComparisonOptions, type Contender } from '../harness/compare-runtimes.ts';
import {
  formatComparison,
  type ComparisonReport,
  type ComparisonRow,
  type ModelComparison,
} from '../harness/comparison-table.ts';
import { HttpTarget } from '../../src/bench/http-target.ts';
import { startRun } from '../harness/measured-run.ts';
import { cellTitle } from '../harness/cell-title.ts';
import type { Cell } from '../harness/measure-cell.ts';
import { serviceContender } from '../harness/service-contender.ts';
import { startServiceProcess, type ServiceProcess } from '../harness/service-process.ts';
import { Workload } from '../../src/bench/workload.ts';
import { readConfig } from '../../src/config/config.ts';
import { EngineError } from '../../src/errors.ts';
import { parseGpt2Config } from '../../src/model/gpt2-config.ts';
import { benchMode, models, number, numbers, seed, tell, type BenchOption, type ParamsOf } from '../mode.ts';
import { findModel } from '../models.ts';
import { ROOT } from '../../scripts/install-packages.ts';

/** Enough for the seats of GPT-2 small; a service makes no more seats than it may run sequences. */
const KV_CACHE_MB = 2048;

const runtimes: BenchOption<readonly string[]> = {
  flag: 'runtimes',
  value: 'NAME,NAME,...',
  meaning: 'NAME:f16 asks for half-precision weights',
  read: (text) => text?.split(',') ?? [],
};

const OPTIONS = {
  runtimes,
  models: models(['embedded', 'gpt2-small']),
  concurrency: numbers('concurrency', [1, 8, 32], 'streams that decode at once'),
  promptTokens: number('prompt-tokens', 32, 'of each stream'),
  maxTokens: number('max-tokens', 64, 'of each stream'),
  ttftPromptTokens: numbers('ttft', [128, 512], 'prompts whose first token is waited for'),
  rounds: number('repeats', 3, 'rounds'),
  maxSeconds: number('max-seconds', 30, 'what a runtime may take for one trial; then it is cut off'),
  seed: seed(),
};
type RuntimesParams = ParamsOf<typeof OPTIONS>;

export const RUNTIMES_MODE = benchMode({
  flag: 'runtimes',
  about: 'every runtime with every model, as a Markdown table; NAME:f16 asks for half-precision weights',
  options: OPTIONS,
  measure: benchRuntimes,
  format: formatComparison,
  isMet: ({ models: measured }) =>
    measured.every(({ rows }) => rows.every(({ failure }) => failure === undefined)),
});

/** One contender that runs: its service, and what it says of itself. */
interface Running extends Contender {
  service: ServiceProcess;
  runtime: string;
  device: string;
}

/** Every runtime with every model, each in a process of its own, as its clients see it. */
async function benchRuntimes(params: RuntimesParams, signal: AbortSignal): Promise<ComparisonReport> {
  checkParams(params);
  const endRun = startRun();
  const cells = planCells(params, Infinity);
  const models: ModelComparison[] = [];
  for (const model of params.models) models.push(await benchModel(model, params, signal));
  return {
    ...endRun(),
    cells,
    rounds: params.rounds,
    limitMs: params.maxSeconds * 1000,
    models,
  };
}

/** A name that no setting allows is a slip, not a runtime that is missing here. */
function checkParams(params: RuntimesParams): void {
  for (const label of params.runtimes) {
    readConfig({ ...process.env, ...settingsOf(label) }, []);
  }
  const counts = [...params.concurrency, ...params.ttftPromptTokens, params.promptTokens, params.rounds];
  const isCount = (value: number): boolean => Number.isInteger(value) && value >= 1;
  if (counts.every(isCount) && isCount(params.maxTokens) && params.maxSeconds > 0) return;
  throw new EngineError(
    'config_invalid',
    `counts must be whole numbers from 1 on: ${JSON.stringify(params)}`,
  );
}

function settingsOf(label: string): Record<string, string> {
  const [runtime = '', weights] = label.split(':');
  return { RUNTIME: runtime, ...(weights === undefined ? {} : { WEIGHTS: weights }) };
}

async function benchModel(
  name: string,
  params: RuntimesParams,
  signal: AbortSignal,
): Promise<ModelComparison> {
  const { directory, label: model } = await findModel(name);
  const config = parseGpt2Config(JSON.parse(await readFile(join(directory, 'config.json'), 'utf8')));
  const cells = planCells(params, config.contextLength);
  const environment = {
    MODEL: directory,
    MAX_NUM_SEQS: String(Math.max(...params.concurrency)),
    MAX_MODEL_LEN: String(Math.min(longestSequence(cells), config.contextLength)),
    KV_CACHE_MB: String(KV_CACHE_MB),
    // The greedy text of random weights runs in circles, which drafts would profit from as no real text lets them.
    SPECULATION: 'off',
  };
  const running: Running[] = [];
  const rows = new Map<string, ComparisonRow>();
  try {
    for (const label of params.runtimes) {
      const started = await startContender(label, environment, params.seed, signal);
      if ('failure' in started) tell(`${model}, ${label}: ${started.failure}`);
      else running.push(started);
      rows.set(label, { label, cells: [], ...('failure' in started ? { failure: started.failure } : {}) });
    }
    for (const row of await measure(model, running, cells, params, signal)) rows.set(row.label, row);
  } finally {
    await Promise.all(running.map(({ service }) => service.stop()));
  }
  return { model, rows: [...rows.values()] };
}

async function measure(
  model: string,
  running: readonly Running[],
  cells: readonly Cell[],
  params: RuntimesParams,
  signal: AbortSignal,
): Promise<ComparisonRow[]> {
  const options: ComparisonOptions = {
    contenders: running,
    cells,
    rounds: params.rounds,
    limitMs: params.maxSeconds * 1000,
    signal,
    onReading: ({ label, cell, round, values, isCutOff }) =>
      tell(
        `${model}, ${label}, round ${round + 1}: ${describeCell(cell)}: ` +
          `${values.map((value) => value.toFixed(1)).join(' ')}${isCutOff ? ' (cut off)' : ''}`,
      ),
  };
  const results = await compareRuntimes(options);
  return Promise.all(
    results.map(async (result, index): Promise<ComparisonRow> => {
      const contender = running[index];
      if (contender === undefined) return result;
      const residentBytes = await contender.service.residentBytes();
      const { runtime, device } = contender;
      return { ...result, runtime, device, ...(residentBytes === undefined ? {} : { residentBytes }) };
    }),
  );
}

/** The cells as they can be run: a first token must fit behind a prompt. */
function planCells(params: RuntimesParams, contextLength: number): Cell[] {
  const { concurrency, promptTokens, maxTokens, ttftPromptTokens } = params;
  return [
    ...concurrency.map((streams): Cell => ({ kind: 'decode', streams, promptTokens, maxTokens })),
    ...ttftPromptTokens.map((tokens): Cell => ({
      kind: 'ttft',
      promptTokens: Math.min(tokens, contextLength - 1),
    })),
  ];
}

function longestSequence(cells: readonly Cell[]): number {
  return Math.max(...cells.map((cell) => cell.promptTokens + (cell.kind === 'ttft' ? 1 : cell.maxTokens)));
}

async function startContender(
  label: string,
  environment: Readonly<Record<string, string>>,
  seed: number,
  signal: AbortSignal,
): Promise<Running | { failure: string }> {
  let service: ServiceProcess;
  try {
    service = await startServiceProcess(ROOT, { ...environment, ...settingsOf(label) }, signal);
  } catch (error) {
    signal.throwIfAborted();
    return { failure: error instanceof EngineError ? error.message : String(error) };
  }
  const target = new HttpTarget(service.url);
  const { vocabSize, runtimeDescription, device } = await target.readModel(signal);
  const contender = serviceContender(label, target, new Workload(vocabSize, seed));
  return { ...contender, runtime: runtimeDescription, device, service };
}

function describeCell(cell: Cell): string {
  return cell.kind === 'ttft' ? `ms to the first token after ${cell.promptTokens}` : cellTitle(cell);
}
