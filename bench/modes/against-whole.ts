import { resolve } from 'node:path';
import { describeMachine, readLoad } from '../../src/bench/describe-machine.ts';
import { HttpTarget } from '../../src/bench/http-target.ts';
import { ROOT } from '../../scripts/install-packages.ts';
import { compareTargets } from '../harness/compare-targets.ts';
import { isCell, MAX_TOKENS, PROMPT_TOKENS, type GgufRow } from '../harness/gguf-bars.ts';
import { formatGgufReport, type GgufComparison, type GgufReport } from '../harness/gguf-report.ts';
import { QuietMachine } from '../harness/quiet-machine.ts';
import { startServiceProcess, type ServiceProcess } from '../harness/service-process.ts';
import { benchMode, count, model, number, numbers, seed, type BenchOption, type ParamsOf } from '../mode.ts';
import { findModel } from '../models.ts';
import { AGAINST } from './against.ts';

const node: BenchOption<string> = {
  flag: 'node',
  value: 'PATH',
  meaning: 'the Node that runs both services (this one)',
  read: (text) => text ?? process.execPath,
};

const OPTIONS = {
  against: AGAINST,
  model: model('embedded'),
  streams: numbers('concurrency', [1, 8, 16], 'requests at once'),
  ttft: numbers('ttft', [PROMPT_TOKENS], 'prompts whose first token is waited for'),
  node,
  rounds: count('repeats', 5, 'rounds'),
  maxSeconds: count('max-seconds', 120, 'what one may take for a trial'),
  temperature: number('temperature', 0, 'at which tokens are drawn'),
  seed: seed(),
};
type Params = ParamsOf<typeof OPTIONS>;

export const AGAINST_WHOLE_MODE = benchMode({
  flag: 'whole',
  about:
    'beside --against DIR: whole requests of 128 + 64 tokens to this checkout and to another, in turns;\n' +
    'RUNTIME, WEIGHTS and the like. Fails on a busy machine.',
  options: OPTIONS,
  measure: benchWhole,
  format: formatGgufReport,
  isDisturbed: ({ disturbances }) => disturbances.length > 0,
});

/** Both services run all the time, and one of them works at a time. */
async function benchWhole(params: Params, signal: AbortSignal): Promise<GgufReport> {
  const quiet = new QuietMachine();
  await quiet.demand();
  const startedAt = new Date();
  const loadBefore = readLoad();
  const { directory, label } = await findModel(params.model);
  const environment = {
    MODEL: directory,
    SPECULATION: 'off',
    MAX_NUM_SEQS: String(Math.max(...params.streams)),
  };
  const own = await startServiceProcess(ROOT, environment, signal, params.node);
  try {
    const other = await startServiceProcess(resolve(params.against), environment, signal, params.node);
    try {
      const comparison = await compareServices(own, other, { params, quiet, signal });
      return {
        peer: params.against,
        startedAt: startedAt.toISOString(),
        durationMs: Date.now() - startedAt.getTime(),
        machine: describeMachine(loadBefore),
        rounds: params.rounds,
        comparisons: [{ ...comparison, file: label }],
        disturbances: quiet.disturbances,
      };
    } finally {
      await other.stop();
    }
  } finally {
    await own.stop();
  }
}

interface Watched {
  params: Params;
  quiet: QuietMachine;
  signal: AbortSignal;
}

async function compareServices(
  own: ServiceProcess,
  other: ServiceProcess,
  { params, quiet, signal }: Watched,
): Promise<Omit<GgufComparison, 'file'>> {
  const rows: GgufRow[] = [
    ...params.streams.map((streams): GgufRow => ({
      measure: { kind: 'requests', streams, promptTokens: PROMPT_TOKENS, maxTokens: MAX_TOKENS },
    })),
    ...params.ttft.map((promptTokens): GgufRow => ({ measure: { kind: 'ttft', promptTokens } })),
  ];
  const targetOf = ({ url }: ServiceProcess): HttpTarget =>
    new HttpTarget(url, undefined, undefined, params.temperature);
  const [ours, theirs] = [targetOf(own), targetOf(other)];
  const model = await ours.readModel(signal);
  const { weightMemoryBytes } = await ours.readMemory(signal);
  const cells = rows.map(({ measure }) => measure).filter(isCell);
  const compared = await compareTargets({ ours, theirs, model, cells, params, quiet, signal });
  const { runtimeDescription } = await theirs.readModel(signal);
  return {
    ...compared,
    ours: compared.ours + (await residentNote(own)),
    theirs: runtimeDescription + (await residentNote(other)),
    rows,
    fileBytes: weightMemoryBytes,
  };
}

async function residentNote(service: ServiceProcess): Promise<string> {
  const bytes = await service.residentBytes();
  return bytes === undefined ? '' : `, ${Math.round(bytes / 2 ** 20)} MiB resident`;
}
