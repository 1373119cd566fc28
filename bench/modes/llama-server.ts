import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { startRun } from '../harness/measured-run.ts';
import { HttpTarget } from '../../src/bench/http-target.ts';
import { availableCores } from '../../src/available-cores.ts';
import { EngineError } from '../../src/errors.ts';
import { compareTargets, type TargetsReadings } from '../harness/compare-targets.ts';
import { isCell, lengthOf, SERVER_ROWS, type GgufRow } from '../harness/gguf-bars.ts';
import { areMet, formatGgufReport, type GgufComparison, type GgufReport } from '../harness/gguf-report.ts';
import { LlamaServer } from '../harness/llama-server.ts';
import { QuietMachine } from '../harness/quiet-machine.ts';
import { startServiceProcess } from '../harness/service-process.ts';
import { benchMode, count, seed, type BenchOption, type ParamsOf } from '../mode.ts';
import { ROOT } from '../../scripts/install-packages.ts';

const path = (flag: string, meaning: string): BenchOption<string> => ({
  flag,
  value: 'PATH',
  meaning,
  read: (text) => {
    if (text !== undefined) return text;
    throw new EngineError('config_invalid', `--${flag} wants a path`);
  },
});

const OPTIONS = {
  program: path('llama-server', "llama.cpp's own server"),
  model: path('model', 'a GGUF file'),
  rounds: count('repeats', 3, 'rounds'),
  maxSeconds: count('max-seconds', 300, 'what one may take for a trial'),
  seed: seed(),
};
type Params = ParamsOf<typeof OPTIONS>;

export const LLAMA_SERVER_MODE = benchMode({
  flag: 'llama-server',
  about:
    "the native runtime beside llama.cpp's own server on one GGUF file, both through HTTP, as a Markdown\n" +
    'table. Fails on a busy machine.',
  options: OPTIONS,
  measure: benchLlamaServer,
  format: formatGgufReport,
  isMet: areMet,
  isDisturbed: ({ disturbances }) => disturbances.length > 0,
});

/** @throws EngineError `conflict` when others are at work on the machine */
async function benchLlamaServer(params: Params, signal: AbortSignal): Promise<GgufReport> {
  const quiet = new QuietMachine();
  await quiet.demand();
  const endRun = startRun();
  const comparison = await compareFile(params, quiet, signal);
  return {
    peer: "llama.cpp's server",
    ...endRun(),
    rounds: params.rounds,
    comparisons: [comparison],
    disturbances: quiet.disturbances,
  };
}

/** Rows of one length have both servers started for just that: so many sequences, so long each. */
async function compareFile(
  params: Params,
  quiet: QuietMachine,
  signal: AbortSignal,
): Promise<GgufComparison> {
  const parts: TargetsReadings[] = [];
  const rows: GgufRow[] = [];
  for (const length of new Set(SERVER_ROWS.map(lengthOf))) {
    const ofLength = SERVER_ROWS.filter((row) => lengthOf(row) === length);
    const part = await comparePart(ofLength, length, params, quiet, signal);
    if (part === undefined) continue;
    parts.push(part);
    rows.push(...ofLength);
  }
  const [first] = parts;
  if (first === undefined) throw new EngineError('config_invalid', 'the model has too short a context');
  const { size } = await stat(params.model);
  return {
    file: basename(params.model),
    rows,
    fileBytes: size,
    ours: first.ours,
    theirs: `llama.cpp's server, -np and -c as the rows need, ${availableCores()} threads`,
    alike: first.alike,
    readings: parts.flatMap(({ readings }) => readings),
  };
}

/** Undefined: the model was not trained for texts of that length. */
async function comparePart(
  rows: readonly GgufRow[],
  length: number,
  params: Params,
  quiet: QuietMachine,
  signal: AbortSignal,
): Promise<TargetsReadings | undefined> {
  const cells = rows.map(({ measure }) => measure).filter(isCell);
  const numSeqs = Math.max(...cells.map((cell) => (cell.kind === 'ttft' ? 1 : cell.streams)));
  const environment = {
    RUNTIME: 'native',
    MODEL: params.model,
    MAX_NUM_SEQS: String(numSeqs),
    // As in --gguf: drafts profit from texts that run in circles.
    SPECULATION: 'off',
  };
  const service = await startServiceProcess(ROOT, environment, signal);
  try {
    const ours = new HttpTarget(service.url);
    const model = await ours.readModel(signal);
    if (model.contextLength < length) return undefined;
    const { program, model: file } = params;
    const options = { program, model: file, numThreads: availableCores(), numSeqs, maxLength: length };
    const theirs = await LlamaServer.start(options, signal);
    try {
      return await compareTargets({ ours, theirs, model, cells, params, quiet, signal });
    } finally {
      await theirs.stop();
    }
  } finally {
    await service.stop();
  }
}
