import type { Redis } from 'ioredis';

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
export class RequestLeases {
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
