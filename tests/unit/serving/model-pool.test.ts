import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { EngineError } from '../../../src/errors.ts';
import { createPool, errorOf, turn, WAIT } from '../../support/model-pool.ts';

describe('a pool of models', () => {
  it('answers by the default model where none is named', async () => {
    const { pool } = await createPool();
    expect((await pool.acquire(undefined, WAIT)).engine).toBe(pool.defaultEngine);
    expect((await pool.acquire('default', WAIT)).waitedMs).toBe(0);
  });

  it.each([undefined, 'default'])('lets a request for %s wait until the service has started', async (id) => {
    const { pool, engineOf, statesOf } = await createPool({ isStarting: true });
    const early = pool.acquire(id, WAIT);
    await turn();
    const starting = pool.start();
    const engine = await engineOf('default');
    const late = pool.acquire(id, WAIT);
    expect(pool.numWaiting).toBe(2);
    expect(await statesOf()).toMatchObject({ default: 'loading' });
    engine.loaded();
    await starting;
    expect((await early).engine).toBe(engine);
    expect((await late).engine).toBe(engine);
    expect(engine.numStarts).toBe(1);
    expect(pool.numWaiting).toBe(0);
  });

  it.each([true, false])('bounds those who wait for the start, other models: %s', async (hasOthers) => {
    const { pool, engineOf } = await createPool({ isStarting: true, maxWaiting: 1, hasOthers });
    const starting = pool.start();
    const engine = await engineOf('default');
    const first = pool.acquire(undefined, { ...WAIT, clientId: 'flood' });
    await expect(pool.acquire(undefined, { ...WAIT, clientId: 'flood' })).rejects.toMatchObject({
      code: 'queue_full',
    });
    const check = (clientId: string) => (): void => pool.checkRoom(clientId);
    // Before the body is read the model is known only where there is one; the pool looks at its folder first.
    check('flood')();
    await pool.list();
    if (hasOthers) expect(check('flood')).not.toThrow();
    else expect(check('flood')).toThrow(/1 requests wait for a model to load/);
    expect(check('other')).not.toThrow();
    const other = pool.acquire(undefined, { ...WAIT, clientId: 'other' });
    engine.loaded();
    await Promise.all([starting, first, other]);
    expect(check('flood')).not.toThrow();
  });

  it('tells those who wait for the start what it failed with, and takes no more', async () => {
    const { pool, engineOf } = await createPool({ isStarting: true });
    const starting = errorOf(pool.start());
    const waiting = errorOf(pool.acquire(undefined, WAIT));
    (await engineOf('default')).fails(new EngineError('weights_invalid', 'it ends too early'));
    expect(await waiting).toMatchObject({ code: 'weights_invalid' });
    expect(await starting).toMatchObject({ code: 'weights_invalid' });
    await pool.stop();
    expect(() => pool.checkRoom('a')).not.toThrow();
    expect(await errorOf(pool.acquire(undefined, WAIT))).toMatchObject({ code: 'engine_not_ready' });
  });

  it('tells those who wait for the start that the service ends', async () => {
    const { pool, engineOf } = await createPool({ isStarting: true });
    const starting = errorOf(pool.start());
    const waiting = errorOf(pool.acquire(undefined, WAIT));
    await engineOf('default');
    await pool.drain(0);
    expect(await waiting).toMatchObject({ code: 'engine_not_ready' });
    expect(await starting).toMatchObject({ code: 'engine_not_ready' });
  });

  it('names the models there are to who asks for another', async () => {
    const { pool } = await createPool();
    await expect(pool.acquire('d', WAIT)).rejects.toThrow(
      /'d' is not served here; these are: default, a, b, c/,
    );
    await expect(pool.acquire('../a', WAIT)).rejects.toMatchObject({
      code: 'model_not_found',
      param: 'model',
    });
  });

  it('loads once for all who wait', async () => {
    const { pool, engineOf, statesOf } = await createPool();
    const waiting = Array.from({ length: 8 }, () => pool.acquire('a', WAIT));
    const engine = await engineOf('a');
    expect(await statesOf()).toEqual({ default: 'loaded', a: 'loading', b: 'unloaded', c: 'unloaded' });
    engine.loaded();
    for (const lease of await Promise.all(waiting)) expect(lease.engine).toBe(engine);
    expect(engine.numStarts).toBe(1);
    expect(pool.numWaiting).toBe(0);
  });

  it('loads two models at once, and a third after one of them', async () => {
    const { pool, engineOf, engines } = await createPool();
    // One after the other, since each looks for the model's files first, and may overtake.
    const first = pool.acquire('a', WAIT);
    const engine = await engineOf('a');
    const second = pool.acquire('b', WAIT);
    await engineOf('b');
    const third = pool.acquire('c', WAIT);
    await vi.waitUntil(() => pool.numWaiting === 3);
    expect(engines.get('c')?.numStarts ?? 0).toBe(0);
    engine.loaded();
    await first;
    (await engineOf('c')).loaded();
    await third;
    (await engineOf('b')).loaded();
    await second;
  });

  it('ends a load that takes too long, tells who waits, and tries again later', async () => {
    const { pool, engineOf, engines, clock, statesOf } = await createPool({ loadTimeoutMs: 20 });
    const waiting = [pool.acquire('a', WAIT), pool.acquire('a', WAIT)];
    for (const error of await Promise.all(waiting.map(errorOf))) {
      expect(error).toMatchObject({ code: 'backend_failure' });
      expect(String(error)).toMatch(/'a' did not load within 0.02 s \(LOAD_TIMEOUT\)/);
    }
    expect(engines.get('a')?.state).toBe('stopped');
    expect(await statesOf()).toMatchObject({ a: 'failed' });
    expect(pool.memoryBytes).toBe(100);
    clock.now += 6000;
    const again = pool.acquire('a', WAIT);
    (await engineOf('a')).loaded();
    await again;
  });

  it('holds up no load for one without end', async () => {
    const { pool, engineOf, load } = await createPool();
    const endless = pool.acquire('a', WAIT);
    await engineOf('a');
    (await load('b')).release();
    (await load('c')).release();
    (await engineOf('a')).loaded();
    await endless;
  });

  it('lets as many wait as the bound says beside the one who began it', async () => {
    const { pool, engineOf } = await createPool({ maxWaiting: 2 });
    const first = pool.acquire('a', WAIT);
    const engine = await engineOf('a');
    const second = pool.acquire('a', WAIT);
    // Each looks for the model's files first, and may overtake.
    await vi.waitUntil(() => pool.numWaiting === 2);
    await expect(pool.acquire('a', WAIT)).rejects.toMatchObject({ code: 'queue_full' });
    engine.loaded();
    await Promise.all([first, second]);
  });

  it('keeps a place to wait in for a client beside one that took them all', async () => {
    const { pool, engineOf } = await createPool({ maxWaiting: 2 });
    const flood = [0, 1].map(() => pool.acquire('a', { ...WAIT, clientId: 'flood' }));
    const engine = await engineOf('a');
    await vi.waitUntil(() => pool.numWaiting === 2);
    const refused = pool.acquire('a', { ...WAIT, clientId: 'flood' });
    await expect(refused).rejects.toMatchObject({ code: 'queue_full' });
    const late = pool.acquire('a', { ...WAIT, clientId: 'late' });
    engine.loaded();
    await Promise.all([...flood, late]);
    expect(pool.numWaiting).toBe(0);
  });

  it('lets go of who does not wait any more, and loads on', async () => {
    const { pool, engineOf, statesOf } = await createPool();
    const gone = new AbortController();
    const hungUp = pool.acquire('a', { ...WAIT, signal: gone.signal });
    const late = pool.acquire('a', { timeoutMs: 1 });
    const engine = await engineOf('a');
    await expect(late).rejects.toMatchObject({ code: 'request_timeout', param: 'timeout_ms' });
    gone.abort();
    await expect(hungUp).rejects.toThrow(/hung up/);
    expect(pool.numWaiting).toBe(0);
    engine.loaded();
    await pool.acquire('a', WAIT);
    expect((await statesOf())['a']).toBe('loaded');
  });

  it('tells everybody why a load failed, and does not try again at once', async () => {
    const { pool, engineOf, clock, engines, statesOf } = await createPool();
    const waiting = [pool.acquire('a', WAIT), pool.acquire('a', WAIT)];
    const errors = Promise.all(waiting.map(errorOf));
    (await engineOf('a')).fails(new EngineError('weights_invalid', 'it is truncated'));
    for (const error of await errors) expect(String(error)).toMatch('it is truncated');
    await expect(pool.acquire('a', WAIT)).rejects.toThrow('it is truncated');
    expect(engines.get('a')?.numStarts).toBe(1);
    expect((await pool.describe('a')).error?.code).toBe('weights_invalid');
    clock.now += 6000;
    const lease = pool.acquire('a', WAIT);
    (await engineOf('a')).loaded();
    await lease;
    expect((await statesOf())['a']).toBe('loaded');
  });

  it('serves a loaded model whose files are gone, until it is unloaded', async () => {
    const { load, pool, modelsDir, statesOf } = await createPool({ limitBytes: 200 });
    (await load('a')).release();
    rmSync(join(modelsDir, 'a'), { recursive: true });
    (await pool.acquire('a', WAIT)).release();
    expect(await statesOf()).toMatchObject({ a: 'loaded' });
    (await load('b')).release();
    expect(Object.keys(await statesOf())).not.toContain('a');
    await expect(pool.acquire('a', WAIT)).rejects.toMatchObject({ code: 'model_not_found' });
  });

  it('gives up a load when it drains', async () => {
    const { pool, engineOf, engines } = await createPool();
    const loading = pool.acquire('a', WAIT);
    await engineOf('a');
    const queued = pool.acquire('b', WAIT);
    const errors = Promise.all([loading, queued].map(errorOf));
    const drained = pool.drain(1000);
    for (const error of await errors) expect(error).toMatchObject({ code: 'engine_not_ready' });
    await drained;
    expect(engines.get('b')?.numStarts ?? 0).toBe(0);
    await expect(pool.acquire(undefined, WAIT)).rejects.toMatchObject({ code: 'engine_not_ready' });
  });
});
