import { describe, expect, it, vi } from 'vitest';
import { YIELD_MS } from '../../../src/serving/next-move.ts';
import { createPool, turn, WAIT } from '../../support/model-pool.ts';

describe('memory of a pool of models', () => {
  it('unloads the least recently used for another, never the default one', async () => {
    const { load, clock, statesOf, pool } = await createPool({ limitBytes: 300 });
    for (const id of ['a', 'b']) {
      clock.now++;
      (await load(id)).release();
    }
    clock.now++;
    (await pool.acquire('a', WAIT)).release();
    await load('c');
    expect(await statesOf()).toEqual({ default: 'loaded', a: 'loaded', b: 'unloaded', c: 'loaded' });
  });

  it('waits until a busy model is idle, or says with numbers that there is no room', async () => {
    const { load, pool, statesOf, engineOf } = await createPool({ limitBytes: 200 });
    const busy = await load('a');
    const refused = pool.acquire('b', { timeoutMs: 20 });
    await expect(refused).rejects.toMatchObject({ code: 'insufficient_memory', retryable: true });
    await expect(refused).rejects.toThrow(
      /'b' needs 1 MiB of the 1 MiB .* beside 'default' 1 MiB, 'a' 1 MiB/,
    );
    expect(await statesOf()).toMatchObject({ a: 'loaded', b: 'unloaded' });
    const patient = pool.acquire('b', WAIT);
    busy.release();
    (await engineOf('b')).loaded();
    await patient;
    expect(await statesOf()).toMatchObject({ a: 'unloaded', b: 'loaded' });
  });

  it('holds up no load for one that waits for memory', async () => {
    const { load, pool, statesOf, engineOf } = await createPool({
      limitBytes: 300,
      sizes: { a: 100, b: 200, c: 50 },
    });
    const busy = await load('a');
    const waiting = pool.acquire('b', WAIT);
    await vi.waitUntil(() => pool.numWaiting === 1);
    (await load('c')).release();
    expect(await statesOf()).toMatchObject({ a: 'loaded', b: 'loading', c: 'loaded' });
    busy.release();
    (await engineOf('b')).loaded();
    await waiting;
    expect(await statesOf()).toMatchObject({ a: 'unloaded', b: 'loaded', c: 'unloaded' });
  });

  it('gives up a load that waits for memory when everybody who asked for it has left', async () => {
    const { load, pool, statesOf, engines } = await createPool({ limitBytes: 200 });
    const busy = await load('a');
    const gone = new AbortController();
    const waiting = pool.acquire('b', { ...WAIT, signal: gone.signal });
    await vi.waitUntil(() => pool.numWaiting === 1);
    gone.abort();
    await expect(waiting).rejects.toThrow(/hung up/);
    busy.release();
    expect(await statesOf()).toMatchObject({ a: 'loaded', b: 'unloaded' });
    expect(engines.get('b')?.numStarts ?? 0).toBe(0);
    expect((await pool.acquire('a', WAIT)).waitedMs).toBe(0);
  });

  it('breaks off a load that nobody waits for any more when another needs its memory', async () => {
    const { load, pool, engineOf, engines, statesOf } = await createPool({ limitBytes: 200 });
    const gone = new AbortController();
    const left = pool.acquire('a', { ...WAIT, signal: gone.signal });
    await engineOf('a');
    gone.abort();
    await expect(left).rejects.toThrow(/hung up/);
    await load('b');
    expect(await statesOf()).toMatchObject({ a: 'unloaded', b: 'loaded' });
    expect(engines.get('a')?.state).toBe('stopped');
  });

  it('leaves a model its time, and tells who waits for its memory when to come back', async () => {
    const { load, pool, clock, engineOf, statesOf } = await createPool({
      limitBytes: 200,
      minStayMs: 10_000,
    });
    (await load('a')).release();
    const refused = pool.acquire('b', { timeoutMs: 20 });
    // Idle for a fifth of its time it has had it.
    await expect(refused).rejects.toMatchObject({ code: 'insufficient_memory', retryAfterMs: 2000 });
    clock.now += 1000;
    (await pool.acquire('a', WAIT)).release();
    clock.now += 1999;
    await expect(pool.acquire('b', { timeoutMs: 20 })).rejects.toMatchObject({ retryAfterMs: 1 });
    clock.now += 1;
    const lease = pool.acquire('b', WAIT);
    (await engineOf('b')).loaded();
    await lease;
    expect(await statesOf()).toMatchObject({ a: 'unloaded', b: 'loaded' });
  });

  it('takes turns between a model that is never idle and one that waits', async () => {
    const { load, pool, clock, engineOf, statesOf } = await createPool({
      limitBytes: 200,
      minStayMs: 10_000,
    });
    const first = await load('a');
    const waiting = pool.acquire('b', WAIT);
    await vi.waitUntil(() => pool.numWaiting === 1);
    // Within its time it takes new requests.
    const second = await pool.acquire('a', WAIT);
    first.release();
    clock.now += 10_000;
    (await pool.acquire('a', WAIT)).release();
    await turn();
    // Now those who come wait until the other model has had its turn.
    const third = pool.acquire('a', WAIT);
    await vi.waitUntil(() => pool.numWaiting === 2);
    second.release();
    (await engineOf('b')).loaded();
    const other = await waiting;
    expect(await statesOf()).toMatchObject({ a: 'loading', b: 'loaded' });
    clock.now += 10_000;
    other.release();
    (await engineOf('a')).loaded();
    await third;
    expect(await statesOf()).toMatchObject({ a: 'loaded', b: 'unloaded' });
  });

  it('gives a model back to its clients when what runs on it does not end', async () => {
    const { load, pool, clock, statesOf } = await createPool({ limitBytes: 200, minStayMs: 10_000 });
    const endless = await load('a');
    const waiting = pool.acquire('b', WAIT).catch((error: unknown) => error);
    await vi.waitUntil(() => pool.numWaiting === 1);
    clock.now += 10_000;
    (await pool.acquire('a', WAIT)).release();
    await turn();
    const held = pool.acquire('a', WAIT);
    await vi.waitUntil(() => pool.numWaiting === 2);
    clock.now += YIELD_MS;
    (await pool.acquire('default', WAIT)).release();
    await held;
    expect(await statesOf()).toMatchObject({ a: 'loaded', b: 'loading' });
    await pool.stop();
    expect(await waiting).toMatchObject({ code: 'engine_not_ready' });
    endless.release();
  });

  it('refuses at once what can never fit beside the default one', async () => {
    const { pool } = await createPool({ limitBytes: 150 });
    await expect(pool.acquire('a', WAIT)).rejects.toMatchObject({
      code: 'insufficient_memory',
      retryable: false,
    });
  });

  it('unloads who is idle, and loads again for the next request', async () => {
    const { load, pool, statesOf, engines, engineOf } = await createPool({ idleMs: 5 });
    const lease = await load('a');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect((await statesOf())['a']).toBe('loaded');
    lease.release();
    while ((await statesOf())['a'] !== 'unloaded') await new Promise((resolve) => setTimeout(resolve, 5));
    const again = pool.acquire('a', WAIT);
    (await engineOf('a')).loaded();
    await again;
    expect(engines.get('a')?.numStarts).toBe(2);
    expect((await statesOf())['default']).toBe('loaded');
  });
});
