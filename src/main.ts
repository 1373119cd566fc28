import { pino, type Logger } from 'pino';
import { describeSettings, readConfig, type Config } from './config/config.ts';
import type { ModelInfo } from './engine/engine.ts';
import { EngineError } from './errors.ts';
import { startService, type Service } from './service.ts';

/** The service as a process: configuration, log, signals, exit code. */
async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    process.stdout.write(describeSettings());
    return;
  }
  const config = readConfig(process.env, args);
  const logger = pino({ level: config.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime });
  const startedAt = performance.now();
  const starting = startService(config, logger);
  drainOnSignals(starting, config, logger);
  const service = await starting;
  const { engine, url } = service;
  logger.info(
    { ...startUpFields(engine.model), startMs: Math.round(performance.now() - startedAt) },
    'ready',
  );
  process.stderr.write(greeting(url, engine.model));
}

/** Before the service has started there is nothing to drain. */
function drainOnSignals(starting: Promise<Service>, config: Config, logger: Logger): void {
  let service: Service | undefined;
  void starting.then(
    (started) => (service = started),
    () => undefined,
  );
  let draining = false;
  const drain = (signal: NodeJS.Signals): void => {
    // The second signal means it: whoever sends it does not want to wait.
    if (draining) process.exit(1);
    draining = true;
    if (service === undefined) process.exit(0);
    logger.info({ signal, timeoutMs: config.shutdownTimeoutMs }, 'draining');
    service.close(config.shutdownTimeoutMs).then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.on('SIGTERM', drain);
  process.on('SIGINT', drain);
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

function fail(error: unknown): void {
  const message = error instanceof EngineError ? `${error.code}: ${error.message}` : error;
  console.error('tokenflare cannot start:', message);
  process.exit(1);
}

await main().catch(fail);
