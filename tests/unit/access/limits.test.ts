import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectRedis } from '../../../src/access/connect-redis.ts';
import type { LimitStore } from '../../../src/access/limit-store.ts';
import { MemoryLimits } from '../../../src/access/memory-limits.ts';
import { RedisLimits } from '../../../src/access/redis-limits.ts';
import { NO_REDIS, RedisServer } from '../../support/redis.ts';

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
      vi.useFakeTimers({ toFake: ['performance'], now: Date.now() });
      vi.advanceTimersByTime(30_000);
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

afterEach(() => vi.useRealTimers());

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
