import { pino, type Logger } from 'pino';
import { openAccess, type Access } from './access/access.ts';
import type { Config } from './config/config.ts';
import type { DiskNote } from './engine/protocol.ts';
import { EngineError, isDefect } from './errors.ts';
import { keepIdentitySecret } from './http/middleware/identity-secret.ts';
import { loggedError, plainMessage } from './logged-error.ts';
import { DEFAULT_POOLING, poolingNote } from './model/pooling.ts';
import type { ModelPool } from './serving/model-pool.ts';
import type { MemoryFigures } from './watch/memory-guard.ts';
import { readRunningRequests, type RunningRequests } from './watch/running-requests.ts';

/** What the log says of the service's parts: keys, limits, models, memory. */

/** Of requests that run when memory gets short. */
const MAX_REQUESTS = 32;

/**
 * A logger whose lines show errors without texts of clients. All that the service logs goes through it.
 *
 * @param showsTexts LOG_PROMPTS: errors with their messages, whatever these quote
 */
export function withoutClientTexts(logger: Logger, showsTexts: boolean): Logger {
  const err = showsTexts ? pino.stdSerializers.err : (error: unknown) => loggedError(error);
  return logger.child({}, { serializers: { err } });
}

export async function openLoggedAccess(config: Config, logger: Logger): Promise<Access> {
  await keepIdentities(config, logger);
  return openAccess(config, {
    onKeysLoaded: (numKeys) => logger.info({ numKeys }, 'API keys read'),
    onKeysProblem: ({ message }) => logger.error(`${message}; the keys that were read last stay in use`),
    onLimitsLost: (reason) =>
      logger.error(
        { reason, fallback: config.limitsFallback },
        'Redis is out of reach for the limits of keys',
      ),
    onLimitsBack: () => logger.info('the limits of keys are counted in Redis again'),
  });
}

export function logPool(pool: ModelPool, logger: Logger): void {
  pool.observe({
    onLoaded: (model, durationMs, { pooling = DEFAULT_POOLING }) =>
      logger.info(
        {
          model,
          durationMs: Math.round(durationMs),
          modelsMb: mebibytes(pool.memoryBytes),
          pooling: poolingNote(pooling),
        },
        'model loaded',
      ),
    onLoadFailed: (model, error) => {
      // The default model is loaded once: the start fails with its error, and says so.
      if (model === pool.defaultModelId) return;
      logger.error({ model, ...errorFields(error) }, 'model could not be loaded');
    },
    onUnloaded: (model, reason, freedBytes) =>
      logger.info({ model, reason, freedMb: mebibytes(freedBytes) }, 'model unloaded'),
  });
}

const DISK_NOTES: Readonly<Record<DiskNote['kind'], string>> = {
  damaged: 'a page in PREFIX_CACHE_DIR is not what was written, and is computed anew',
  unusable: 'PREFIX_CACHE_DIR cannot be used: prefixes are computed, and none are kept there',
  unwritable: 'prefixes cannot be written to PREFIX_CACHE_DIR for now',
  slow: 'PREFIX_CACHE_DIR is slow: prefixes are computed for a while',
  unsupported: 'PREFIX_CACHE_DIR is of no use here',
};

/** Tells what is wrong with pages on disk; no request fails for it. */
export function logDiskNotes(model: string, logger: Logger): (note: DiskNote) => void {
  return ({ kind, reason }) => logger.warn({ model, reason }, DISK_NOTES[kind]);
}

/** Clients with keys that are not checked are the same after a restart: their prefixes are found again. */
async function keepIdentities({ prefixCacheDir }: Config, logger: Logger): Promise<void> {
  const reason = prefixCacheDir === undefined ? undefined : await keepIdentitySecret(prefixCacheDir);
  if (reason !== undefined)
    logger.warn({ reason }, 'clients without a valid key lose their prefixes on a restart');
}

const LOST_LOGS_MS = 10_000;

/** Tells that logs of gateways were lost, at most once in ten seconds: of those in between how many they were. */
export function logLostLogs(logger: Logger): (numLogs: number, reason: string) => void {
  let toldAt = -LOST_LOGS_MS;
  let numLost = 0;
  return (numLogs, reason) => {
    numLost += numLogs;
    if (performance.now() - toldAt < LOST_LOGS_MS) return;
    toldAt = performance.now();
    logger.warn({ numLogs: numLost, reason }, 'logs of gateways were not kept');
    numLost = 0;
  };
}

/** Says what became of a damaged file. */
export function logDamagedFile(logger: Logger): (reason: string) => void {
  return (reason) => logger.warn({ reason }, 'a file is damaged');
}

/** Warns of aliases whose models are not there; they may be pulled later. */
export async function logLostAliases(
  pool: ModelPool,
  aliases: Config['modelAliases'],
  logger: Logger,
): Promise<void> {
  for (const { name, modelId } of aliases) {
    try {
      await pool.idOf(modelId);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      logger.warn({ alias: name, model: modelId, ...errorFields(error) }, 'an alias stands for no model');
    }
  }
}

/** What runs when memory gets short is told, since it may be the last line that the process writes. */
export function logMemory(
  logger: Logger,
  running: RunningRequests,
): (isShort: boolean, figures: MemoryFigures) => void {
  return (isShort, { usedBytes, limitBytes, share }) => {
    const figures = { heapMb: mebibytes(usedBytes), heapLimitMb: mebibytes(limitBytes), share };
    if (!isShort) {
      logger.info(figures, 'memory is no longer short');
      return;
    }
    const { numOpen, requests } = readRunningRequests(running.shared);
    logger.error(
      { ...figures, openRequests: numOpen, requests: requests.slice(0, MAX_REQUESTS) },
      'memory is short: idle stores let go of what they keep, and new requests are refused',
    );
  };
}

const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20);

/** A foreseen error tells all in its message, which is of the model and not of a request; only a defect needs its stack. */
function errorFields(error: EngineError): Record<string, unknown> {
  return isDefect(error.code) ? { err: error } : { code: error.code, error: plainMessage(error) };
}
