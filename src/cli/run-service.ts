import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { CommanderError } from 'commander';
import type { Logger } from 'pino';
import { canBindToParent, exitProcess, exitProcessAtOnce } from '../process/bind-to-parent.ts';
import type { Config } from '../config/config.ts';
import { EarlyEngine, EarlyTokenizer } from '../engine/client/process/early-engine.ts';
import type { ModelInfo } from '../engine/engine.ts';
import { defaultModel, engineSettings } from '../engine-settings.ts';
import { EngineError } from '../errors.ts';
import { samplingNote } from '../model/sampling-note.ts';
import { releaseWarning } from '../release-warning.ts';
import type { Service } from '../service.ts';
import { standardError, standardOutput } from '../process/standard-streams.ts';
import { watchLoop } from '../watch/loop-watch.ts';
import { RunningRequests } from '../watch/running-requests.ts';
import { drainOnSignals } from './drain-on-signals.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { gpuHint, gpuSurroundings } from './gpu-hint.ts';
import { isTerminalLog, openLog, showChildrenFor } from './log.ts';
import { misspeltSettings } from '../config/misspelt-settings.ts';

type GreetedModel = Pick<
  ModelInfo,
  | 'id'
  | 'runtimeDescription'
  | 'maxNumSeqs'
  | 'kvCacheTokens'
  | 'chatTemplate'
  | 'generationDefaults'
  | 'generationSource'
>;

/**
 * What a service says to people when it is ready: what it serves, where its page is, what to try.
 * @param needsKey requests bring an API key
 */
export function greeting(url: string, model: GreetedModel, needsKey: boolean): string {
  const [path, body] =
    model.chatTemplate === 'own'
      ? [
          '/v1/chat/completions',
          { messages: [{ role: 'user', content: 'Tell me a short story.' }], stream: true },
        ]
      : ['/v1/completions', { prompt: 'Once upon a time', max_tokens: 64, stream: true }];
  const key = needsKey ? ' -H "authorization: Bearer $KEY"' : '';
  return (
    `Tokenflare serves ${model.id} on ${url} (${model.runtimeDescription}; ` +
    `${model.maxNumSeqs} sequences at once, ${model.kvCacheTokens} tokens in the cache)\n` +
    samplingLine(model) +
    `Page: ${url}/\n` +
    `Try:  curl -N ${url}${path}${key} -H 'content-type: application/json' -d '${JSON.stringify(body)}'\n`
  );
}

/** Told where neither the model's files nor the operator say how to sample. */
function samplingLine({ generationDefaults = {}, generationSource: source }: GreetedModel): string {
  if (source?.from !== 'family' && source?.from !== 'none') return '';
  return `Sampling: ${samplingNote(generationDefaults, source)}\n`;
}

/** The service as a process: log, signals, exit code. Returns once it is ready; it then serves until a signal. */
export async function runService(readConfig: () => Config): Promise<void> {
  endOnDefects();
  // Requests that wait live long. V8 would place objects of the same code in its old generation from then on, those of
  // refused requests too, and collect them late (docs/decisions/0138-no-pretenuring.md).
  setFlagsFromString('--no-allocation-site-pretenuring');
  try {
    await start(readConfig());
  } catch (error) {
    // An error of use was told of already.
    if (error instanceof CommanderError) throw error;
    const message = error instanceof EngineError ? `${error.code}: ${error.message}` : inspect(error);
    standardError.write(`tokenflare cannot start: ${message}\n`);
    await exitProcess(EXIT_CODES.failed);
  }
}

async function start(config: Config): Promise<void> {
  const startedAt = performance.now();
  const logger = await openLog(config.logLevel, standardOutput);
  showChildrenFor(config.logLevel);
  warnOfSurroundings(logger);
  const starting = startBesideModel(config, logger);
  drainOnSignals(starting, config, logger);
  const { engine, url } = await starting;
  const startMs = Math.round(performance.now() - startedAt);
  // A terminal has the greeting.
  logger.info(isTerminalLog() ? { startMs } : { ...startUpFields(engine.model), startMs }, 'ready');
  const needsKey = config.keysFile !== undefined && !config.allowAnonymous;
  standardError.write(greeting(url, engine.model, needsKey) + gpuHint(config.runtime, gpuSurroundings()));
  if (engine.model.chatTemplate === 'own') engine.tokenizer.chatTemplate?.warmUp();
}

/** Their processes load the model and its tokenizer while this process loads the service's modules, which takes as long. */
async function startBesideModel(config: Config, logger: Logger): Promise<Service> {
  const settings = engineSettings(config, await defaultModel(config));
  const earlyEngine = new EarlyEngine(settings);
  const earlyTokenizer = new EarlyTokenizer(settings.modelPath);
  const [{ startService }, { withoutClientTexts }] = await Promise.all([
    import('../service.ts'),
    import('../service-log.ts'),
  ]);
  const safeLogger = withoutClientTexts(logger, config.logPrompts);
  reportDefect = (err) => safeLogger.fatal({ err }, 'an unforeseen error ends the service');
  const requests = new RunningRequests();
  if (config.loopTimeoutMs > 0) {
    watchLoop({
      timeoutMs: config.loopTimeoutMs,
      exitCode: EXIT_CODES.hung,
      requests,
      onError: (err) => logger.error({ err }, 'the thread that watches the event loop has ended'),
    });
  }
  return startService(config, logger, {
    createProcess: (settings, events) => earlyEngine.take(settings, events),
    takeTokenizer: (modelPath) => earlyTokenizer.take(modelPath),
    requests,
    numLogLinesLost: () => standardOutput.numLinesLost + standardError.numLinesLost,
  });
}

let reportDefect = (error: unknown): void => standardError.write(`tokenflare: ${inspect(error)}\n`);

/** An error that was not caught leaves an unknown state behind. */
function endOnDefects(): void {
  let isEnding = false;
  process.on('uncaughtException', (error) => {
    if (isEnding) exitProcessAtOnce(1);
    isEnding = true;
    reportDefect(error);
    void exitProcess(1);
  });
}

function warnOfSurroundings(logger: Logger): void {
  const warning = releaseWarning(process.versions.node);
  if (warning !== undefined) logger.warn(warning);
  for (const { variable, setting } of misspeltSettings(process.env)) {
    logger.warn({ variable, setting }, `${variable} is no setting and is not read; ${setting} is one`);
  }
  if (!canBindToParent()) {
    logger.warn(
      'engines may outlive a service that is killed (SIGKILL) until they next look: what prevents it needs Linux and setpriv of util-linux 2.33 or newer',
    );
  }
}

function startUpFields(model: ModelInfo): Record<string, unknown> {
  return {
    model: model.id,
    runtime: model.runtimeDescription,
    device: model.device,
    ...(model.runtimeReason === undefined ? {} : { runtimeReason: model.runtimeReason }),
    parameters: model.numParameters,
    weights: `${model.weightFormat}, ${megabytes(model.weightBytes)} stored, ${megabytes(model.weightMemoryBytes)} in memory`,
    contextLength: model.contextLength,
    chatTemplate: model.chatTemplate ?? 'none',
    sampling: samplingNote(model.generationDefaults ?? {}, model.generationSource ?? { from: 'none' }),
    seats: model.maxNumSeqs,
    kvCacheTokens: model.kvCacheTokens,
    kvCacheMb: Math.round(model.kvCacheBytes / 2 ** 20),
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
