import type { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectRedis } from '../../../src/access/open-limits.ts';
import type { LimitStore } from '../../../src/access/limit-store.ts';
import { MemoryLimits } from '../../../src/access/memory-limits.ts';
import { RedisLimits } from '../../../src/access/redis-limits.ts';
import { NO_REDIS, RedisServer } from '../../support/redis.ts';
import { until } from '../../support/service.ts';

/** Both stores keep the same promises. */

interface Fixture extends AsyncDisposable {
  store: LimitStore;
  /** A minute passes for the accounts of a key. */
  passMinute(keyId: string): Promise<void>;
}

function memoryFixture(): Promise<Fixture> {
  vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] });
  return Promise.resolve({
    store: new MemoryLimits(),
    passMinute: () => {
      vi.advanceTimersByTime(60_001);
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

async function redisFixture(): Promise<Fixture> {
  const server = await RedisServer.start();
  const { client } = await connectRedis(server.url);
  const store = new RedisLimits(client);
  return {
    store,
    // What Redis does when the time has come. Half of it has passed here then.
    passMinute: async (keyId) => {
      const { now } = performance;
      vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + 30_000);
      await client.del(`tokenflare:requests:${keyId}`, `tokenflare:tokens:${keyId}`);
    },
    [Symbol.asyncDispose]: async () => {
      await store.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const STORES = [
  { name: 'MemoryLimits', create: memoryFixture, reason: undefined },
  { name: 'RedisLimits', create: redisFixture, reason: NO_REDIS },
];

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('RedisLimits of several replicas', () => {
  beforeEach(({ skip }) => skip(NO_REDIS !== undefined, NO_REDIS));

  const IN_FLIGHT = 'tokenflare:in-flight:key';
  /** @param timeoutMs long where none is meant: a command takes longer on a busy machine */
  const connectTo = async (
    server: RedisServer,
    timeoutMs = 10_000,
  ): Promise<{ client: Redis; limits: RedisLimits }> => {
    const { client } = await connectRedis(server.url, timeoutMs);
    return { client, limits: new RedisLimits(client) };
  };

  it('are one account', async () => {
    await using server = await RedisServer.start();
    const replicas = await Promise.all([connectTo(server), connectTo(server), connectTo(server)]);
    const takings = await Promise.all(
      Array.from({ length: 99 }, (_, i) => replicas[i % 3]!.limits.take('requests', 'key', 1, 40)),
    );
    expect(takings.filter(({ isTaken }) => isTaken)).toHaveLength(40);
    const leaves = await Promise.all(
      Array.from({ length: 9 }, (_, i) => replicas[i % 3]!.limits.enter('key', 5)),
    );
    expect(leaves.filter((leave) => leave !== undefined)).toHaveLength(5);
    await Promise.all(replicas.map(({ limits }) => limits.close()));
  });

  it('forget the requests of one that died, and renew those of one that lives', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await using server = await RedisServer.start();
    const [dead, alive] = [await connectTo(server), await connectTo(server)];
    await dead.limits.enter('key', 2);
    const leave = await alive.limits.enter('key', 2);
    dead.client.disconnect();
    expect(await alive.limits.enter('key', 2)).toBeUndefined();
    expect(await alive.client.pttl(IN_FLIGHT)).toBeGreaterThan(0);
    // All leases have run out, but one is renewed.
    for (const lease of await alive.client.zrange(IN_FLIGHT, '0', '-1'))
      await alive.client.zadd(IN_FLIGHT, '1', lease);
    vi.advanceTimersByTime(10_000);
    await until(async () => (await alive.client.zcount(IN_FLIGHT, '2', '+inf')) === 1);
    expect(await alive.limits.enter('key', 2)).toBeDefined();
    expect(await alive.limits.enter('key', 2)).toBeUndefined();
    await leave?.();
    expect(await alive.limits.enter('key', 2)).toBeDefined();
    await alive.limits.close();
  });

  it('fail without waiting when Redis does not answer, and come back by themselves', async () => {
    await using server = await RedisServer.start();
    const { client, limits } = await connectTo(server, 500);
    server.freeze();
    await expect(limits.take('requests', 'key', 1, 2)).rejects.toThrow('Command timed out');
    // The next one is not even sent.
    await expect(limits.take('requests', 'key', 1, 2)).rejects.not.toThrow('Command timed out');
    server.thaw();
    const answers = (): Promise<boolean> =>
      limits.look('requests', 'key', 2).then(
        () => true,
        () => false,
      );
    await until(answers);
    // What timed out was counted once, or not at all; it was not sent again.
    const { remaining } = await limits.look('requests', 'key', 2);
    expect(remaining).toBeGreaterThanOrEqual(1);
    await server.kill();
    await until(() => !limits.isReady);
    await expect(limits.enter('key', 2)).rejects.toThrow();
    await server.start();
    await until(answers);
    expect((await limits.take('requests', 'key', 1, 2)).isTaken).toBe(true);
    expect(client.status).toBe('ready');
    await limits.close();
  });
});

describe.each(STORES)('$name', ({ create, reason }) => {
  beforeEach(({ skip }) => skip(reason !== undefined, reason));

  it('gives as many as there are, however many ask at once', async () => {
    await using fixture = await create();
    const { store } = fixture;
    const takings = await Promise.all(Array.from({ length: 50 }, () => store.take('requests', 'key', 1, 7)));
    expect(takings.filter(({ isTaken }) => isTaken)).toHaveLength(7);
    const remaining = takings.map(({ state }) => state.remaining);
    expect(remaining.slice(0, 7)).toEqual([6, 5, 4, 3, 2, 1, 0]);
    expect(remaining.slice(7).every((number) => number === 0)).toBe(true);
    expect(await store.look('requests', 'key', 7)).toMatchObject({ limit: 7, remaining: 0 });
    // Another key, and another account of this one, have their own.
    expect((await store.take('requests', 'other', 1, 7)).isTaken).toBe(true);
    expect((await store.take('tokens', 'key', 1, 7)).isTaken).toBe(true);
  });

  it('takes all or nothing', async () => {
    await using fixture = await create();
    const { store } = fixture;
    await store.take('tokens', 'key', 60, 100);
    const refused = await store.take('tokens', 'key', 41, 100);
    expect(refused).toMatchObject({ isTaken: false, state: { limit: 100, remaining: 40 } });
    expect(refused.state.resetMs).toBeGreaterThan(0);
    expect(refused.state.resetMs).toBeLessThanOrEqual(60_000);
    expect((await store.take('tokens', 'key', 40, 100)).isTaken).toBe(true);
  });

  it('refuses one that asks for too much, and nobody beside it', async () => {
    await using fixture = await create();
    const { store } = fixture;
    const asks = [101, 50, 200, 50];
    const takings = await Promise.all(asks.map((number) => store.take('tokens', 'key', number, 100)));
    expect(takings.map(({ isTaken }) => isTaken)).toEqual([false, true, false, true]);
  });

  it('looks without taking', async () => {
    await using fixture = await create();
    const { store } = fixture;
    expect(await store.look('tokens', 'key', 100)).toEqual({ limit: 100, remaining: 100, resetMs: 0 });
    await store.take('tokens', 'key', 30, 100);
    for (let i = 0; i < 3; i++)
      expect(await store.look('tokens', 'key', 100)).toMatchObject({ remaining: 70 });
  });

  it('takes back what was not used', async () => {
    await using fixture = await create();
    const { store } = fixture;
    const taking = await store.take('tokens', 'key', 90, 100);
    await taking.giveBack(60);
    expect(await store.look('tokens', 'key', 100)).toMatchObject({ remaining: 70 });
    const refused = await store.take('tokens', 'key', 71, 100);
    await refused.giveBack(71);
    expect(await store.look('tokens', 'key', 100)).toMatchObject({ remaining: 70 });
  });

  it('begins anew after a minute, and takes nothing back then that was taken before', async () => {
    await using fixture = await create();
    const { store } = fixture;
    const before = await store.take('tokens', 'key', 90, 100);
    await fixture.passMinute('key');
    expect(await store.look('tokens', 'key', 100)).toMatchObject({ remaining: 100 });
    // In a minute that nobody has begun, it must not begin one with more than the limit.
    await before.giveBack(50);
    expect(await store.look('tokens', 'key', 100)).toMatchObject({ remaining: 100 });
    await store.take('tokens', 'key', 80, 100);
    await before.giveBack(40);
    expect(await store.look('tokens', 'key', 100)).toMatchObject({ remaining: 20 });
  });

  it('follows a limit that is changed in the minute', async () => {
    await using fixture = await create();
    const { store } = fixture;
    await store.take('requests', 'key', 1, 1);
    expect((await store.take('requests', 'key', 1, 1)).isTaken).toBe(false);
    expect((await store.take('requests', 'key', 1, 2)).isTaken).toBe(true);
    expect((await store.take('requests', 'key', 1, 1)).state).toMatchObject({ limit: 1, remaining: 0 });
  });

  it('counts requests in flight', async () => {
    await using fixture = await create();
    const { store } = fixture;
    const leaves = await Promise.all(Array.from({ length: 5 }, () => store.enter('key', 3)));
    expect(leaves.map((leave) => leave !== undefined)).toEqual([true, true, true, false, false]);
    expect(await store.enter('other', 3)).toBeDefined();
    await leaves[0]?.();
    // Once, even if it is told twice.
    await leaves[0]?.();
    expect(await store.enter('key', 3)).toBeDefined();
    expect(await store.enter('key', 3)).toBeUndefined();
  });
});
