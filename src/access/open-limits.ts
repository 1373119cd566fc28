import type { Config } from '../config/settings.ts';
import { connectRedis } from './connect-redis.ts';
import type { LimitStore } from './limit-store.ts';
import { MemoryLimits } from './memory-limits.ts';
import { RedisLimits } from './redis-limits.ts';
import { SharedLimits } from './shared-limits.ts';

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
