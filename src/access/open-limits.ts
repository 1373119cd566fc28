import type { Redis } from 'ioredis';
import type { LimitStore } from './limit-store.ts';
import { MemoryLimits } from './memory-limits.ts';
import { RedisLimits } from './redis-limits.ts';
import { SharedLimits } from './shared-limits.ts';
import type { Config } from '../config/settings.ts';

/** Told of what happens, for the log. Must not throw. */
export interface LimitsObserver {
  onLimitsLost?(reason: string): void;
  onLimitsBack?(): void;
}

/** Limits as they are configured: in this process, or in Redis. */
export async function openLimits(
  { redisUrl, limitsFallback: fallback }: Pick<Config, 'redisUrl' | 'limitsFallback'>,
  observer: LimitsObserver,
): Promise<LimitStore> {
  const local = new MemoryLimits();
  if (redisUrl === undefined) return local;
  const { client, reason } = await connectRedis(redisUrl);
  const limits = new SharedLimits({
    shared: new RedisLimits(client),
    local,
    fallback,
    onLost: (text) => observer.onLimitsLost?.(text),
    onBack: () => observer.onLimitsBack?.(),
  });
  client.on('ready', () => limits.restore());
  client.on('close', () => limits.lose(reason()));
  if (client.status !== 'ready') limits.lose(reason());
  return limits;
}

/** A command that has no answer by then has failed. */
const COMMAND_TIMEOUT_MS = 500;
const CONNECT_TIMEOUT_MS = 2000;
const MAX_RETRY_DELAY_MS = 1000;

/** A connection that is made anew whenever it is lost. */
interface RedisConnection {
  readonly client: Redis;
  /** Why it was lost, or was not made. */
  readonly reason: () => string;
}

/**
 * A connection to Redis that fails fast and comes back by itself: nothing waits for it or is sent twice.
 *
 * @param commandTimeout the milliseconds that a command may take
 * @returns when it is ready, or has failed once
 */
export async function connectRedis(
  url: string,
  commandTimeout = COMMAND_TIMEOUT_MS,
): Promise<RedisConnection> {
  // Only where it is asked for.
  const { Redis } = await import('ioredis');
  const client = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(100 * attempt, MAX_RETRY_DELAY_MS),
    // Understood by every version.
    protocol: 2,
    disableClientInfo: true,
  });
  let failure: Error | undefined;
  client.on('error', (error: Error) => (failure = error));
  client.on('ready', () => (failure = undefined));
  await client.connect().catch(() => undefined);
  return { client, reason: () => failure?.message ?? 'the connection was closed' };
}
