import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { MINUTE_S, type Account, type AccountState, type LimitStore, type Taking } from './limit-store.ts';

/** A replica that dies leaves its requests counted for so long. */
const LEASE_MS = 30_000;
const RENEW_EVERY_MS = 10_000;

/** Requests in flight are a sorted set: each by the time until which it counts, on the clock of Redis. */
const ENTER_SCRIPT = `
local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('zremrangebyscore', KEYS[1], '-inf', now)
if redis.call('zcard', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('zadd', KEYS[1], now + ARGV[2], ARGV[3])
redis.call('pexpire', KEYS[1], ARGV[2])
return 1
`;

const RENEW_SCRIPT = `
local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 2, #ARGV do redis.call('zadd', KEYS[1], now + ARGV[1], ARGV[i]) end
redis.call('pexpire', KEYS[1], ARGV[1])
`;

/** The requests of keys that are in flight on this replica, as Redis counts them: each for a while, and renewed. */
class RequestLeases {
  readonly #client: Redis;
  readonly #prefix: string;
  /** Ids of leases, by key. */
  readonly #held = new Map<string, Set<string>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(client: Redis, prefix: string) {
    this.#client = client;
    this.#prefix = prefix;
  }

  /**
   * Counts a request of a key.
   * @returns ends it; undefined where as many are in flight as may be
   */
  async enter(keyId: string, leaseId: string, limit: number): Promise<(() => Promise<void>) | undefined> {
    const name = `${this.#prefix}:in-flight:${keyId}`;
    const entered = await this.#client.eval(ENTER_SCRIPT, 1, name, limit, LEASE_MS, leaseId);
    if (entered !== 1) return undefined;
    const leases = this.#held.get(name) ?? new Set();
    this.#held.set(name, leases.add(leaseId));
    this.#timer ??= setInterval(() => this.#renew(), RENEW_EVERY_MS).unref();
    return async () => {
      leases.delete(leaseId);
      if (leases.size === 0 && this.#held.get(name) === leases) this.#held.delete(name);
      if (this.#held.size === 0) this.close();
      await this.#client.zrem(name, leaseId);
    };
  }

  /** Those that cannot be renewed now are renewed by the next turn, or run out. */
  #renew(): void {
    for (const [name, leases] of this.#held)
      this.#client.eval(RENEW_SCRIPT, 1, name, LEASE_MS, ...leases).catch(() => undefined);
  }

  /** Renews no more. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** Before all that is kept in Redis. */
export const KEY_PREFIX = 'tokenflare';

/**
 * How the library counts, in the place of its own script, which counts what it refuses as well and lets what is given
 * back go into another minute than it was taken from.
 * ARGV: what to add; seconds of a new minute, or at most left of the minute to give back to; the limit.
 */
const COUNT_SCRIPT = `
local number = tonumber(ARGV[1])
local taken = tonumber(redis.call('get', KEYS[1]) or '0')
local left = redis.call('pttl', KEYS[1])
if number < 0 then
  if left < 0 or left > ARGV[2] * 1000 then return {taken, left} end
  return {redis.call('decrby', KEYS[1], math.min(-number, taken)), left}
end
if taken + number > tonumber(ARGV[3]) then return {taken + number, left} end
taken = redis.call('incrby', KEYS[1], number)
if left < 0 then
  left = ARGV[2] * 1000
  redis.call('pexpire', KEYS[1], left)
end
return {taken, left}
`;

/** What ioredis says of a command without an answer. */
const TIMED_OUT = 'Command timed out';

/** The limits of keys as all replicas count them together, in Redis. */
export class RedisLimits implements LimitStore {
  readonly #client: Redis;
  readonly #limiters = new Map<string, RateLimiterRedis>();
  readonly #leases: RequestLeases;
  /** An answer on this connection is overdue: it is being closed, and another made. */
  #isGivenUp = false;

  constructor(client: Redis) {
    this.#client = client;
    client.on('close', () => (this.#isGivenUp = false));
    this.#leases = new RequestLeases(client, KEY_PREFIX);
  }

  /** False: nothing can be asked at the moment. */
  get isReady(): boolean {
    return this.#client.status === 'ready' && !this.#isGivenUp;
  }

  async take(account: Account, keyId: string, number: number, limit: number): Promise<Taking> {
    const limiter = this.#limiter(account, limit);
    // Not later than the minute began, so that it is not taken for longer than it is.
    const askedMs = performance.now();
    try {
      const taken = await this.#ask(() => limiter.consume(keyId, number));
      const endsAtMs = askedMs + taken.msBeforeNext;
      return {
        isTaken: true,
        state: { limit, remaining: taken.remainingPoints, resetMs: taken.msBeforeNext },
        giveBack: (part) => this.#giveBack(limiter, keyId, part, endsAtMs),
      };
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      const { consumedPoints, msBeforeNext } = refused;
      const remaining = Math.max(limit - (consumedPoints - number), 0);
      const state = { limit, remaining, resetMs: Math.max(msBeforeNext, 0) };
      return { isTaken: false, state, giveBack: () => Promise.resolve() };
    }
  }

  async #giveBack(limiter: RateLimiterRedis, keyId: string, number: number, endsAtMs: number): Promise<void> {
    const leftMs = endsAtMs - performance.now();
    if (leftMs <= 0) return;
    // A second for clocks that differ; the minute after it has nearly a minute left.
    const customDuration = Math.ceil(leftMs / 1000) + 1;
    await this.#ask(() => limiter.reward(keyId, number, { customDuration }));
  }

  async look(account: Account, keyId: string, limit: number): Promise<AccountState> {
    const found = await this.#ask(() => this.#limiter(account, limit).get(keyId));
    if (found === null) return { limit, remaining: limit, resetMs: 0 };
    return { limit, remaining: found.remainingPoints, resetMs: Math.max(found.msBeforeNext, 0) };
  }

  enter(keyId: string, limit: number): Promise<(() => Promise<void>) | undefined> {
    return this.#ask(() => this.#leases.enter(keyId, randomUUID(), limit));
  }

  /** A connection on which an answer is overdue is made anew, and until it answers again it is not ready. */
  async #ask<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await command();
    } catch (error) {
      if (error instanceof Error && error.message === TIMED_OUT) this.#giveUp();
      throw error;
    }
  }

  /** Once a connection, however many commands wait on it. */
  #giveUp(): void {
    if (this.#isGivenUp) return;
    this.#isGivenUp = true;
    this.#client.disconnect(true);
  }

  async close(): Promise<void> {
    this.#leases.close();
    // After what requests gave back as they ended.
    await this.#client.quit().catch(() => this.#client.disconnect());
  }

  /** One for each limit that is in use. */
  #limiter(account: Account, limit: number): RateLimiterRedis {
    const name = `${account} ${limit}`;
    let limiter = this.#limiters.get(name);
    if (limiter === undefined) {
      limiter = new RateLimiterRedis({
        storeClient: this.#client,
        keyPrefix: `${KEY_PREFIX}:${account}`,
        points: limit,
        duration: MINUTE_S,
        customIncrTtlLuaScript: COUNT_SCRIPT,
        rejectIfRedisNotReady: true,
      });
      this.#limiters.set(name, limiter);
    }
    return limiter;
  }
}
