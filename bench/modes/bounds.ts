import { BOUND_NAMES, judgeBound, type BoundName, type BoundReading } from '../harness/bounds.ts';
import { formatBounds, type BoundsReport } from '../harness/bounds-report.ts';
import { HttpTarget } from '../../src/bench/http-target.ts';
import { startRun } from '../harness/measured-run.ts';
import {
  IDLE_TOKENS,
  SEAT_TOKENS,
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
import { benchMode, count, model, names, seed, tell, type BenchOption, type ParamsOf } from '../mode.ts';
import { findModel } from '../models.ts';
import { ROOT } from '../../scripts/install-packages.ts';

const CONTEXTS = [16, 1000] as const;

/** The steps that are timed lie around each, so half of them before it. */
const contexts: BenchOption<readonly [number, number]> = {
  flag: 'contexts',
  value: 'N,N',
  meaning: `a short and a long one, whose decode steps are held together (${CONTEXTS.join()})`,
  read: (text) => {
    if (text === undefined) return CONTEXTS;
    const [short = NaN, long = NaN, ...others] = text.split(',').map(Number);
    const areGood =
      Number.isInteger(short) && Number.isInteger(long) && STEP_TOKENS / 2 < short && short < long;
    if (areGood && others.length === 0) return [short, long];
    throw new EngineError(
      'config_invalid',
      `--contexts is '${text}': must be two whole numbers, the first above ${STEP_TOKENS / 2} and below the second`,
    );
  },
};

const OPTIONS = {
  model: model('gpt2-small'),
  bounds: names('rows', BOUND_NAMES, 'which of them'),
  contexts,
  prefixTokens: count('prompt-tokens', 512, 'of the beginning that was seen before'),
  seats: count('seats', 16, 'as long as the context, all of them filled'),
  streams: count('concurrency', 16, 'streams that decode while the event loop is watched'),
  rounds: count('repeats', 5, 'rounds'),
  idleSeconds: count('idle-seconds', 20, 'without a request'),
  seed: seed(),
};
type BoundsParams = ParamsOf<typeof OPTIONS>;

export const BOUNDS_MODE = benchMode({
  flag: 'bounds',
  about: 'what a service keeps to beside its speed, as a Markdown table; RUNTIME, WEIGHTS and the like',
  options: OPTIONS,
  measure: benchBounds,
  format: formatBounds,
  isMet: ({ verdicts, readings }) => verdicts.filter(({ isMet }) => isMet).length >= readings.length,
});

/** What a service keeps to beside its speed, each in a process of its own, as its clients see it. */
async function benchBounds(params: BoundsParams, signal: AbortSignal): Promise<BoundsReport> {
  const endRun = startRun();
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
    ...endRun(),
    model,
    ...about,
    readings: inOrder,
    verdicts: inOrder.flatMap((reading) => judgeBound(reading) ?? []),
  };
}

/** One for the seats that are filled, and one for the rest, which needs a seat for each stream. */
function planServices({ bounds, seats, streams }: BoundsParams): { numSeqs: number; bounds: BoundName[] }[] {
  const services = [
    { numSeqs: seats, bounds: bounds.filter((name) => name === 'memory') },
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
      return measureMemory(measured, params.seats);
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
    memory: SEAT_TOKENS + 1,
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
