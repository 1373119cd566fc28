import { BOUND_NAMES, judgeBound, type BoundName, type BoundReading } from '../harness/bounds.ts';
import { formatBounds, type BoundsReport } from '../harness/bounds-report.ts';
import { HttpTarget } from '../../src/bench/http-target.ts';
import { describeMachine, readLoad } from '../../src/bench/describe-machine.ts';
import {
  IDLE_TOKENS,
  LANE_TOKENS,
  measureContext,
  measureEventLoop,
  measureIdle,
  measureMemory,
  measurePrefix,
  NEW_TOKENS,
  STEP_TOKENS,
  STREAM_MAX_TOKENS,
  STREAM_PROMPT_TOKENS,
  type MeasuredService,
} from '../harness/measure-bounds.ts';
import { startServiceProcess } from '../harness/service-process.ts';
import { Workload } from '../../src/bench/workload.ts';
import { EngineError } from '../../src/errors.ts';
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
import { ROOT } from '../../scripts/install-packages.ts';

interface BoundsParams {
  /** `embedded`, `gpt2-small` (of random weights), or a model directory. */
  model: string;
  bounds: readonly BoundName[];
  /** A short one and a long one. */
  contexts: readonly [number, number];
  prefixTokens: number;
  lanes: number;
  streams: number;
  rounds: number;
  idleSeconds: number;
  seed: number;
}

const DEFAULTS = {
  model: 'gpt2-small',
  contexts: [16, 1000],
  prefixTokens: 512,
  lanes: 16,
  streams: 16,
  rounds: 5,
  idleSeconds: 20,
  seed: 0,
} as const;

const usage = `npm run bench -- --bounds   what a service keeps to beside its speed, as a Markdown table; RUNTIME, WEIGHTS and the like,
                         --seed, --json, --models (one), and with other defaults
  --rows NAME,...        which of them (${BOUND_NAMES.join()})
  --contexts N,N         a short and a long one, whose decode steps are held together (${DEFAULTS.contexts.join()})
  --prompt-tokens N      of the beginning that was seen before (${DEFAULTS.prefixTokens})
  --lanes N              as long as the context, all of them filled (${DEFAULTS.lanes})
  --concurrency N        streams that decode while the event loop is watched (${DEFAULTS.streams})
  --idle-seconds N       without a request (${DEFAULTS.idleSeconds})
  --repeats N            rounds (${DEFAULTS.rounds})
  --require              fail when a bound is missed or not measured
`;

const OPTIONS = {
  bounds: { type: 'boolean' },
  models: { type: 'string' },
  rows: { type: 'string' },
  contexts: { type: 'string' },
  'prompt-tokens': { type: 'string' },
  lanes: { type: 'string' },
  concurrency: { type: 'string' },
  'idle-seconds': { type: 'string' },
  repeats: { type: 'string' },
  seed: { type: 'string' },
  require: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

export const BOUNDS_MODE: BenchMode = {
  flag: 'bounds',
  usage,
  run: async (args) => {
    const flags = readFlags(args, OPTIONS, usage);
    const params: BoundsParams = {
      model: flags.models ?? DEFAULTS.model,
      bounds: readNames('rows', flags.rows, BOUND_NAMES),
      contexts: readContexts(flags.contexts),
      prefixTokens: readCount('prompt-tokens', flags['prompt-tokens'], DEFAULTS.prefixTokens),
      lanes: readCount('lanes', flags.lanes, DEFAULTS.lanes),
      streams: readCount('concurrency', flags.concurrency, DEFAULTS.streams),
      rounds: readCount('repeats', flags.repeats, DEFAULTS.rounds),
      idleSeconds: readCount('idle-seconds', flags['idle-seconds'], DEFAULTS.idleSeconds),
      seed: readNumber(flags.seed, DEFAULTS.seed),
    };
    const report = await benchBounds(params, interruptSignal());
    printReport(report, formatBounds, flags.json);
    const numMet = report.verdicts.filter(({ isMet }) => isMet).length;
    if (flags.require === true && numMet < report.readings.length) process.exitCode = 1;
  },
};

/** The steps that are timed lie around each, so half of them before it. */
function readContexts(text: string | undefined): readonly [number, number] {
  if (text === undefined) return DEFAULTS.contexts;
  const [short = NaN, long = NaN, ...others] = text.split(',').map(Number);
  const areGood =
    Number.isInteger(short) && Number.isInteger(long) && STEP_TOKENS / 2 < short && short < long;
  if (areGood && others.length === 0) return [short, long];
  throw new EngineError(
    'config_invalid',
    `--contexts is '${text}': must be two whole numbers, the first above ${STEP_TOKENS / 2} and below the second`,
  );
}

/** What a service keeps to beside its speed, each in a process of its own, as its clients see it. */
async function benchBounds(params: BoundsParams, signal: AbortSignal): Promise<BoundsReport> {
  const startedAt = new Date();
  const loadBefore = readLoad();
  const { directory, label: model } = await findModel(params.model);
  const readings: BoundReading[] = [];
  let about = { runtime: 'unknown', device: 'unknown' };
  for (const { numSeqs, bounds } of planServices(params)) {
    const environment = { MODEL: directory, MAX_NUM_SEQS: String(numSeqs), SPECULATION: 'off' };
    const service = await startServiceProcess(ROOT, { KV_CACHE_MB: '4096', ...environment }, signal);
    try {
      const target = new HttpTarget(service.url);
      const { vocabSize, contextLength, runtimeDescription, device } = await target.readModel(signal);
      checkFits(params, contextLength);
      about = { runtime: runtimeDescription, device };
      const workload = new Workload(vocabSize, params.seed);
      const measured = { target, service, workload, rounds: params.rounds, signal };
      for (const bound of bounds) {
        tell(`measuring ${bound}`);
        readings.push(await measure(bound, measured, params));
      }
    } finally {
      await service.stop();
    }
  }
  const inOrder = BOUND_NAMES.flatMap((name) => readings.filter((reading) => reading.name === name));
  return {
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    machine: describeMachine(loadBefore),
    model,
    ...about,
    readings: inOrder,
    verdicts: inOrder.flatMap((reading) => judgeBound(reading) ?? []),
  };
}

/** One for the lanes that are filled, and one for the rest, which needs a lane for each stream. */
function planServices({ bounds, lanes, streams }: BoundsParams): { numSeqs: number; bounds: BoundName[] }[] {
  const services = [
    { numSeqs: lanes, bounds: bounds.filter((name) => name === 'memory') },
    { numSeqs: Math.max(streams, 4), bounds: bounds.filter((name) => name !== 'memory') },
  ];
  return services.filter((service) => service.bounds.length > 0);
}

function measure(bound: BoundName, measured: MeasuredService, params: BoundsParams): Promise<BoundReading> {
  switch (bound) {
    case 'context':
      return measureContext(measured, params.contexts);
    case 'prefix':
      return measurePrefix(measured, params.prefixTokens);
    case 'memory':
      return measureMemory(measured, params.lanes);
    case 'event-loop':
      return measureEventLoop(measured, params.streams);
    case 'idle':
      return measureIdle(measured, { seconds: params.idleSeconds, streams: params.streams });
  }
}

function checkFits(
  { contexts: [, longContext], prefixTokens, bounds }: BoundsParams,
  contextLength: number,
): void {
  const longest: Record<BoundName, number> = {
    context: longContext + STEP_TOKENS / 2,
    prefix: prefixTokens + NEW_TOKENS + 1,
    memory: LANE_TOKENS + 1,
    'event-loop': STREAM_PROMPT_TOKENS + STREAM_MAX_TOKENS,
    idle: STREAM_PROMPT_TOKENS + IDLE_TOKENS,
  };
  for (const bound of bounds) {
    if (longest[bound] <= contextLength) continue;
    throw new EngineError(
      'config_invalid',
      `${bound} needs sequences of ${longest[bound]} tokens, the model's context is ${contextLength}: ` +
        `give shorter --contexts or --prompt-tokens, or leave it out of --rows`,
    );
  }
}
