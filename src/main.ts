import { inspect } from 'node:util';
import { pino, type Logger } from 'pino';
import { canBindToParent } from './bind-to-parent.ts';
import { describeSettings, readConfig } from './config/config.ts';
import { drainOnSignals } from './drain-on-signals.ts';
import type { ModelInfo } from './engine/engine.ts';
import { EngineError } from './errors.ts';
import { exitProcess, exitProcessAtOnce } from './exit-process.ts';
import { releaseWarning } from './release-warning.ts';
import { startService } from './service.ts';
import { standardError, standardOutput } from './standard-streams.ts';

/** The service as a process: configuration, log, signals, exit code. */
async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    process.stdout.write(describeSettings());
    return;
  }
  endOnDefects();
  const config = readConfig(process.env, args);
  const logger = pino(
    { level: config.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    standardOutput,
  );
  reportDefect = (err) => logger.fatal({ err }, 'an unforeseen error ends the service');
  warnOfSurroundings(logger);
  const startedAt = performance.now();
  const starting = startService(config, logger, {
    numLogLinesLost: () => standardOutput.numLinesLost + standardError.numLinesLost,
  });
  drainOnSignals(starting, config.shutdownTimeoutMs, logger);
  const service = await starting;
  const { engine, url } = service;
  logger.info(
    { ...startUpFields(engine.model), startMs: Math.round(performance.now() - startedAt) },
    'ready',
  );
  standardError.write(greeting(url, engine.model));
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
    generationDefaults: model.generationDefaults ?? {},
    lanes: model.numLanes,
    kvCacheTokens: model.kvCacheTokens,
    kvCacheMb: Math.round(model.kvCacheBytes / 2 ** 20),
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function greeting(url: string, model: ModelInfo): string {
  const body = JSON.stringify({ prompt: 'Once upon a time', max_tokens: 64, stream: true });
  return (
    `\nTokenflare serves ${model.id} on ${url} (${model.runtimeDescription}; ` +
    `${model.numLanes} sequences at once, ${model.kvCacheTokens} tokens in the cache).\nTry:\n\n` +
    `  curl -N ${url}/v1/completions -H 'content-type: application/json' -d '${body}'\n\n`
  );
}

/** Also the reason why it ends while it starts. */
async function fail(error: unknown): Promise<void> {
  const message = error instanceof EngineError ? `${error.code}: ${error.message}` : inspect(error);
  standardError.write(`tokenflare cannot start: ${message}\n`);
  await exitProcess(1);
}

await main().catch(fail);
