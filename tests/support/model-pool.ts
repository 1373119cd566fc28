import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { EngineError } from '../../src/errors.ts';
import { HeaderReader } from '../../src/serving/header-reader.ts';
import { ModelCatalog } from '../../src/serving/model-catalog.ts';
import { ModelPool } from '../../src/serving/model-pool.ts';
import { fixturePath } from './fixtures.ts';
import { loadTokenizers, ScriptedEngine } from './scripted-engine.ts';
import { tempDirectory } from './temp-directory.ts';

export const WAIT = { timeoutMs: 10_000 };
/** One for all tests, whose process takes its time to start. */
const reader = new HeaderReader();
afterAll(() => reader.dispose());

const tokenizers = await loadTokenizers(fixturePath('tiny-gpt2'));

/** An engine whose load ends when it is told to. */
export class SlowEngine extends ScriptedEngine {
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
export const errorOf = (lease: Promise<unknown>): Promise<unknown> =>
  lease.then(
    () => undefined,
    (error: unknown) => error,
  );

/** The pool looks again in a microtask. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A default model that is loaded, and a, b and c, of a hundred bytes each, in a folder. */
export async function createPool(
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
