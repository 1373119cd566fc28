import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { EngineError } from '../../../src/errors.ts';
import { HeaderReader } from '../../../src/serving/header-reader.ts';
import { ModelCatalog } from '../../../src/serving/model-catalog.ts';
import { ModelPool } from '../../../src/serving/model-pool.ts';
import { YIELD_MS } from '../../../src/serving/next-move.ts';
import { fixturePath } from '../../support/fixtures.ts';
import { loadTokenizers, ScriptedEngine } from '../../support/scripted-engine.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

const WAIT = { timeoutMs: 10_000 };
/** One for all tests, whose process takes its time to start. */
const reader = new HeaderReader();
afterAll(() => reader.dispose());

const tokenizers = await loadTokenizers(fixturePath('tiny-gpt2'));

/** An engine whose load ends when it is told to. */
class SlowEngine extends ScriptedEngine {
  numStarts = 0;
  #settle: { resolve(): void; reject(error: EngineError): void } | undefined;

  constructor() {
    super(tokenizers);
    this.state = 'stopped';
  }

  override start(): Promise<void> {
    this.numStarts++;
    this.state = 'loading';
    return new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
  }

  override stop(): Promise<void> {
    this.#settle?.reject(new EngineError('engine_not_ready', 'stopped'));
    return super.stop();
  }

  loaded(): void {
    this.state = 'ready';
    this.#settle?.resolve();
  }

  fails(error: EngineError): void {
    this.#settle?.reject(error);
  }
}

/** What a request for a model is refused with. */
const errorOf = (lease: Promise<unknown>): Promise<unknown> =>
  lease.then(
    () => undefined,
    (error: unknown) => error,
  );

/** The pool looks again in a microtask. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A default model that is loaded, and a, b and c, of a hundred bytes each, in a folder. */
async function createPool(
  options: {
    limitBytes?: number;
    maxWaiting?: number;
    idleMs?: number;
    minStayMs?: number;
    loadTimeoutMs?: number;
    sizes?: Readonly<Record<string, number>>;
    /** The default model is left to load, and the service to start. */
    isStarting?: boolean;
    hasOthers?: boolean;
  } = {},
) {
  const modelsDir = tempDirectory();
  for (const id of ['a', 'b', 'c'])
    cpSync(fixturePath('tiny-gpt2'), join(modelsDir, id), { recursive: true });
  const bytesOf = (id: string): number => options.sizes?.[id] ?? 100;
  const engines = new Map<string, SlowEngine>();
  const clock = { now: 0 };
  const pool = new ModelPool({
    catalog: new ModelCatalog(
      { id: 'default', path: fixturePath('tiny-gpt2') },
      options.hasOthers === false ? join(modelsDir, 'none') : modelsDir,
      { reader },
    ),
    createEngine: ({ id }) => {
      const engine = new SlowEngine();
      const memoryLimitBytes = options.limitBytes ?? 1e9;
      Object.assign(engine.model, { id, memoryBytes: bytesOf(id), memoryLimitBytes });
      // Resident memory counts where it is more.
      const stats = engine.stats.bind(engine);
      engine.stats = () => ({ ...stats(), engineResidentBytes: 0 });
      engines.set(id, engine);
      return engine;
    },
    forecast: ({ id }) => Promise.resolve({ memoryBytes: bytesOf(id), contextLength: 128 }),
    maxWaiting: options.maxWaiting ?? 10,
    loadTimeoutMs: options.loadTimeoutMs ?? 60_000,
    minStayMs: options.minStayMs ?? 0,
    idleMs: options.idleMs ?? 0,
    now: () => clock.now,
  });
  const engineOf = async (id: string): Promise<SlowEngine> => {
    for (;;) {
      const engine = engines.get(id);
      if (engine?.state === 'loading') return engine;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  const load = async (id: string) => {
    const lease = pool.acquire(id, WAIT);
    (await engineOf(id)).loaded();
    return lease;
  };
  if (options.isStarting !== true) {
    const starting = pool.start();
    (await engineOf('default')).loaded();
    await starting;
  }
  const statesOf = async (): Promise<Record<string, string>> =>
    Object.fromEntries((await pool.list()).map(({ id, state }) => [id, state]));
  return { pool, engineOf, load, statesOf, clock, modelsDir, engines };
}

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
