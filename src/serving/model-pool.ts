import { monotonicMs } from '../engine/clock.ts';
import type { ManagedEngine } from '../engine/engine.ts';
import { FairPlaces } from '../engine/fair-places.ts';
import { EngineError } from '../errors.ts';
import {
  loadTimeout,
  shortageError,
  shuttingDown,
  toEngineError,
  waitersFull,
  withoutPath,
} from './pool-errors.ts';
import type { MemoryForecast } from './forecast-memory.ts';
import { Mutex } from './mutex.ts';
import type { CatalogModel, ModelCatalog } from './model-catalog.ts';
import { modelStatus } from './model-status.ts';
import { planLoad } from './plan-load.ts';
import { PooledModel } from './pooled-model.ts';
import type {
  AcquireOptions,
  EngineLease,
  ModelStatus,
  PoolObserver,
  ServedEngine,
  ServedModels,
  UnloadReason,
} from './served-models.ts';
import { waitWithin } from './wait-within.ts';

export interface ModelPoolOptions {
  catalog: ModelCatalog;
  /** The engine of a model, not started yet. */
  createEngine(model: CatalogModel): ManagedEngine;
  /**
   * What a model will take, by the headers of its files.
   * @throws EngineError for a model that can be known not to load
   */
  forecast: (model: CatalogModel) => Promise<MemoryForecast>;
  /** Most requests that join the wait for a model which loads already; the one that begins a load needs no place. */
  maxWaiting: number;
  /** Without a request for so long, a model is unloaded; 0: never. */
  idleMs: number;
  now?: () => number;
}

/** A file that cannot be loaded is not read again at every request. */
const FAILURE_KEPT_MS = 5000;
/** Node takes a longer timer for one of a millisecond. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Which models are in memory: each has an engine, and with it a process, of its own, so that to unload one is to end its
 * process. A model is loaded for the first request that names it, one after the other; it leaves when nobody has used it
 * for a while, or, least recently used first, when another needs the room. The default model is the caller's to start.
 */
export class ModelPool implements ServedModels {
  readonly #options: ModelPoolOptions;
  readonly #now: () => number;
  readonly #models = new Map<string, PooledModel>();
  readonly #default: PooledModel;
  readonly #observers: PoolObserver[] = [];
  /** One load or unload at a time: each decides by what is in memory. */
  readonly #memory = new Mutex();
  #onRelease: (() => void) | undefined;
  readonly #waiting = new FairPlaces();
  #isDraining = false;

  constructor(options: ModelPoolOptions) {
    this.#options = options;
    this.#now = options.now ?? monotonicMs;
    this.#default = this.#add(options.catalog.defaultModel, true);
  }

  get defaultEngine(): ManagedEngine {
    return this.#default.engine;
  }

  get defaultModelId(): string {
    return this.#default.id;
  }

  get numWaiting(): number {
    return this.#waiting.numTaken;
  }

  get memoryBytes(): number {
    return [...this.#models.values()].reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  }

  get memoryLimitBytes(): number | undefined {
    return this.#default.state === 'loaded' ? this.defaultEngine.model.memoryLimitBytes : undefined;
  }

  observe(observer: PoolObserver): void {
    this.#observers.push(observer);
    for (const { id, engine } of this.#models.values()) observer.onEngine?.(id, engine);
  }

  engines(): ServedEngine[] {
    return [...this.#models.values()].map(({ id, engine, state }) => ({
      modelId: id,
      engine,
      isLoaded: state === 'loaded',
    }));
  }

  /**
   * Loads the default model, then those that are to stay loaded; of these, one that fails is told of and served no more
   * than any other that fails.
   * @throws EngineError what the default model's load failed with; `config_invalid` for an id that there is not
   */
  async start(preloadedIds: readonly string[] = []): Promise<void> {
    this.#default.loading = this.#memory.run(() => this.#load(this.#default));
    await this.#default.loading.finally(() => (this.#default.loading = undefined));
    for (const id of preloadedIds) {
      const model = await this.#findPreloaded(id);
      model.isPinned = true;
      if (model.state !== 'loaded') await this.#beginLoad(model).catch(() => undefined);
    }
  }

  async #findPreloaded(id: string): Promise<PooledModel> {
    try {
      return await this.#find(id);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      throw new EngineError('config_invalid', `PRELOAD_MODELS: ${error.message}`, { cause: error });
    }
  }

  async acquire(modelId: string | undefined, options: AcquireOptions): Promise<EngineLease> {
    if (this.#isDraining) throw shuttingDown();
    const known = modelId === undefined ? this.#default : this.#models.get(modelId);
    const model =
      known?.state === 'loaded' || known === this.#default ? known : await this.#find(modelId ?? '');
    // An engine that is not ready says so itself: the default one while the service starts, any while it is replaced.
    if (model.state === 'loaded' || model === this.#default) return this.#lease(model, 0);
    return this.#waitForLoad(model, options);
  }

  #lease(model: PooledModel, waitedMs: number): EngineLease {
    return model.lease(waitedMs, () => this.#onUseEnded(model));
  }

  async #waitForLoad(model: PooledModel, options: AcquireOptions): Promise<EngineLease> {
    const { timeoutMs, signal, clientId = '' } = options;
    if (this.#isDraining) throw shuttingDown();
    if (model.failure !== undefined && this.#now() - model.failure.at < FAILURE_KEPT_MS) {
      throw model.failure.error;
    }
    if (model.loading !== undefined && !this.#waiting.canTake(clientId, 1, this.#options.maxWaiting)) {
      throw waitersFull(this.numWaiting);
    }
    const startedAt = this.#now();
    const onTimeout = (): EngineError => model.shortage ?? loadTimeout(model.id, timeoutMs);
    // It counts before the load looks whether anybody waits.
    model.numWaiting++;
    this.#waiting.take(clientId, 1);
    try {
      const loading = this.#beginLoad(model);
      await waitWithin(loading, { timeoutMs, ...(signal === undefined ? {} : { signal }) }, onTimeout);
      return this.#lease(model, Math.ceil(this.#now() - startedAt));
    } finally {
      model.numWaiting--;
      this.#waiting.giveBack(clientId, 1);
      this.#onUseEnded(model);
    }
  }

  /** The model that an id means; it may be loaded, loading or neither. */
  async #find(id: string): Promise<PooledModel> {
    const entry = await this.#options.catalog.find(id);
    const known = this.#models.get(entry.id);
    const isGone = known?.state === 'unloaded' || known?.state === 'failed';
    // Its files may have become another kind of model meanwhile.
    if (known !== undefined && (known.entry.path === entry.path || !isGone || known === this.#default)) {
      return known;
    }
    return this.#add(entry, known?.isPinned ?? false);
  }

  #add(entry: CatalogModel, isPinned: boolean): PooledModel {
    const model = new PooledModel(entry, this.#options.createEngine(entry), isPinned);
    this.#models.set(model.id, model);
    model.engine.observe({ onIdle: () => this.#onUseEnded(model) });
    for (const observer of this.#observers) observer.onEngine?.(model.id, model.engine);
    return model;
  }

  /** The load under way, or a new one; a model that is being unloaded is loaded again after it. */
  #beginLoad(model: PooledModel): Promise<void> {
    if (model.loading !== undefined) return model.loading;
    const loading = this.#memory
      .run(() => this.#load(model))
      .finally(() => {
        model.loading = undefined;
      });
    // Those who wait are told; there may be none left.
    loading.catch(() => undefined);
    model.loading = loading;
    return loading;
  }

  async #load(model: PooledModel): Promise<void> {
    if (this.#isDraining) throw shuttingDown();
    const startedAt = this.#now();
    model.state = 'loading';
    try {
      if (model !== this.#default) await this.#makeRoom(model);
      if (this.#hasBegunDraining()) throw shuttingDown();
      // Whoever made it may have started it.
      if (model.engine.state !== 'ready') await model.engine.start();
      model.memoryBytes = model.engine.model.memoryBytes;
      model.failure = undefined;
      model.state = 'loaded';
      for (const observer of this.#observers) observer.onLoaded?.(model.id, this.#now() - startedAt);
      this.#onUseEnded(model);
    } catch (thrown) {
      const error = toEngineError(thrown);
      const shown = model === this.#default ? error : withoutPath(error, model.entry);
      await model.engine.stop();
      model.memoryBytes = 0;
      const isFailure = error.code !== 'engine_not_ready' && error !== model.shortage;
      model.state = isFailure ? 'failed' : 'unloaded';
      if (isFailure) {
        model.failure = { error: shown, at: this.#now() };
        for (const observer of this.#observers) observer.onLoadFailed?.(model.id, error);
      }
      throw shown;
    } finally {
      model.shortage = undefined;
    }
  }

  /** Unloads others until the model fits, or waits until it may. */
  async #makeRoom(model: PooledModel): Promise<void> {
    const { memoryBytes: neededBytes } = await this.#options.forecast(model.entry);
    const { memoryLimitBytes: limitBytes = Infinity } = this;
    for (;;) {
      if (this.#isDraining) throw shuttingDown();
      const others = [...this.#models.values()].filter((other) => other !== model && other.memoryBytes > 0);
      const residents = others.map((other) => other.toResident());
      const plan = planLoad(neededBytes, limitBytes, residents);
      if (plan.kind === 'load') {
        const leaving = others.filter(({ id }) => plan.unload.includes(id));
        for (const other of leaving) await this.#unload(other, 'memory');
        model.memoryBytes = neededBytes;
        return;
      }
      const needs = { id: model.id, bytes: neededBytes, limitBytes };
      const error = shortageError(needs, residents, plan.kind === 'wait');
      if (plan.kind === 'refuse') throw error;
      model.shortage = error;
      // Who asked for it has left; a preloaded model never had anybody.
      if (model.numWaiting === 0) throw error;
      await new Promise<void>((resolve) => (this.#onRelease = resolve));
    }
  }

  async #unload(model: PooledModel, reason: UnloadReason): Promise<void> {
    clearTimeout(model.idleTimer);
    const freedBytes = model.residentBytes;
    model.state = 'unloading';
    await model.engine.stop();
    model.memoryBytes = 0;
    // A request that came meanwhile waits for the next load.
    model.state = 'unloaded';
    for (const observer of this.#observers) observer.onUnloaded?.(model.id, reason, freedBytes);
  }

  /** Somebody needs a model no more: it may be idle now, and a load that waits for memory looks again. */
  #onUseEnded(model: PooledModel): void {
    this.#onRelease?.();
    this.#onRelease = undefined;
    if (model.state !== 'loaded' || model.isBusy) return;
    model.lastUsedAt = this.#now();
    const { idleMs } = this.#options;
    if (model.isPinned || idleMs === 0 || this.#isDraining) return;
    clearTimeout(model.idleTimer);
    const { lastUsedAt } = model;
    const unload = async (): Promise<void> => {
      // It may have been of use while others were loaded or unloaded.
      if (model.state !== 'loaded' || model.isBusy || model.lastUsedAt !== lastUsedAt) return;
      await this.#unload(model, 'idle');
    };
    model.idleTimer = setTimeout(() => void this.#memory.run(unload), Math.min(idleMs, MAX_TIMER_MS));
    model.idleTimer.unref();
  }

  async list(): Promise<ModelStatus[]> {
    const { catalog } = this.#options;
    const entries = await catalog.list();
    const ids = new Set(entries.map(({ id }) => id));
    // Their files are gone, but they are served as long as they stay.
    const removed = [...this.#models.values()].filter(({ id, state }) => state === 'loaded' && !ids.has(id));
    const statuses: ModelStatus[] = [];
    // One after the other: a large header is work for this thread.
    for (const entry of [...entries, ...removed.map((model) => model.entry)])
      statuses.push(await this.#status(entry));
    return statuses;
  }

  async describe(modelId: string): Promise<ModelStatus> {
    const known = this.#models.get(modelId);
    if (known?.state === 'loaded') return this.#status(known.entry);
    return this.#status(await this.#options.catalog.find(modelId));
  }

  #status(entry: CatalogModel): Promise<ModelStatus> {
    const model = this.#models.get(entry.id);
    return modelStatus(entry, model, this.#options);
  }

  #hasBegunDraining(): boolean {
    return this.#isDraining;
  }

  /** Takes no new work and lets what is there finish; a load under way is given up. */
  async drain(timeoutMs: number): Promise<void> {
    this.#isDraining = true;
    this.#onRelease?.();
    const models = [...this.#models.values()];
    for (const { idleTimer } of models) clearTimeout(idleTimer);
    await Promise.all(
      models.map(({ state, engine }) => (state === 'loaded' ? engine.drain(timeoutMs) : engine.stop())),
    );
  }

  /** Lets go of all models at once. */
  stop(): Promise<void> {
    return this.drain(0);
  }
}
