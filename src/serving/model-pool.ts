import { monotonicMs } from '../values.ts';
import type { ManagedEngine } from '../engine/engine.ts';
import { FairCapacity } from '../fairness/fair-capacity.ts';
import { EngineError } from '../errors.ts';
import type { MemoryForecast } from './plan-load.ts';
import { LoadQueue } from './load-queue.ts';
import type { CatalogModel, ModelCatalog } from './model-catalog.ts';
import { modelStatus } from './model-status.ts';
import { loadTimeout, shuttingDown, waitersFull } from './pool-errors.ts';
import { PooledModel, type ModelWaiter } from './pooled-model.ts';
import type {
  AcquireOptions,
  EngineLease,
  ModelStatus,
  PoolObserver,
  ServedEngine,
  ServedModels,
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
  /**
   * Most requests that join the wait for a model which loads already, the default one at the start included; the one that
   * begins a load needs no slot.
   */
  maxWaiting: number;
  /** Longest that a load may take. */
  loadTimeoutMs: number;
  /** A model that was loaded has at least so long before it leaves for another. */
  minStayMs: number;
  /** Without a request for so long, a model is unloaded; 0: never. */
  idleMs: number;
  now?: () => number;
}

/** A file that cannot be loaded is not read again at every request. */
const FAILURE_KEPT_MS = 5000;

/**
 * Which models are in memory: each has an engine, and with it a process, of its own, so that to unload one is to end
 * its process. A model is loaded for the first request that names it (`LoadQueue`); it leaves when no request has used
 * it for a while, or, least recently used first, when another needs the room and it has had its time.
 */
export class ModelPool implements ServedModels {
  readonly #options: ModelPoolOptions;
  readonly #now: () => number;
  readonly #models = new Map<string, PooledModel>();
  readonly #default: PooledModel;
  readonly #observers: PoolObserver[] = [];
  readonly #loads: LoadQueue;
  readonly #waiting = new FairCapacity();
  #isDraining = false;

  constructor(options: ModelPoolOptions) {
    this.#options = options;
    this.#now = options.now ?? monotonicMs;
    this.#default = this.#add(options.catalog.defaultModel, true);
    this.#loads = new LoadQueue({
      ...options,
      models: this.#models,
      defaultModel: this.#default,
      observers: this.#observers,
      now: this.#now,
    });
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
    await this.#loads.loadDefault();
    for (const id of preloadedIds) {
      const model = await this.#findPreloaded(id);
      model.isPinned = true;
      if (model.state !== 'loaded') await this.#preload(model).catch(() => undefined);
    }
  }

  #preload(model: PooledModel): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (lease: EngineLease): void => {
        lease.release();
        resolve();
      };
      model.waiters.add({ startedAt: this.#now(), resolve: settle, reject });
      this.#loads.ask(model);
    });
  }

  async #findPreloaded(id: string): Promise<PooledModel> {
    try {
      return await this.#find(id);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      throw new EngineError('config_invalid', `PRELOAD_MODELS: ${error.message}`, { cause: error });
    }
  }

  checkRoom(clientId: string): void {
    // Another model may have room, and the model's name stands in the body.
    if (this.#options.catalog.mayHaveOthers()) return;
    if (this.#isStarting) this.#checkWaitingRoom(clientId);
    else this.defaultEngine.checkRoom(clientId);
  }

  /** The default model has not been loaded yet; `start` sees to it. */
  get #isStarting(): boolean {
    return this.#default.state === 'unloaded' || this.#default.state === 'loading';
  }

  #checkWaitingRoom(clientId: string): void {
    if (this.#isDraining) throw shuttingDown();
    if (!this.#waiting.canTake(clientId, 1, this.#options.maxWaiting)) throw waitersFull(this.numWaiting);
  }

  async acquire(modelId: string | undefined, options: AcquireOptions): Promise<EngineLease> {
    if (this.#isDraining) throw shuttingDown();
    const known = this.#known(modelId);
    const model =
      known?.state === 'loaded' || known === this.#default ? known : await this.#find(modelId ?? '');
    // An engine that is not ready says so itself: any while it is replaced, the default one after its load failed.
    if (model.isOpen || (model === this.#default && !this.#isStarting)) {
      return model.lease(0, () => this.#loads.onUseEnded(model));
    }
    return this.#waitForLoad(model, options);
  }

  async #waitForLoad(model: PooledModel, options: AcquireOptions): Promise<EngineLease> {
    const { timeoutMs, signal, clientId = '' } = options;
    if (this.#isDraining) throw shuttingDown();
    if (model.failure !== undefined && this.#now() - model.failure.at < FAILURE_KEPT_MS) {
      throw model.failure.error;
    }
    // A load of its own is begun by the first request for a model, which needs no slot to wait in.
    if (model === this.#default || model.waiters.size > 0) this.#checkWaitingRoom(clientId);
    let waiter: ModelWaiter | undefined;
    const leased = new Promise<EngineLease>((resolve, reject) => {
      waiter = { startedAt: this.#now(), resolve, reject };
      model.waiters.add(waiter);
    });
    this.#waiting.take(clientId, 1);
    const onTimeout = (): EngineError => model.shortage ?? loadTimeout(model.id, timeoutMs);
    try {
      if (model !== this.#default) this.#loads.ask(model);
      return await waitWithin(leased, { timeoutMs, ...(signal === undefined ? {} : { signal }) }, onTimeout);
    } catch (error) {
      // It may have come at the same moment.
      leased.then((lease) => lease.release()).catch(() => undefined);
      throw error;
    } finally {
      if (waiter !== undefined) model.waiters.delete(waiter);
      this.#waiting.giveBack(clientId, 1);
      this.#loads.look();
    }
  }

  /** The model that a name means, as far as that can be told without a look into MODELS_DIR. */
  #known(name: string | undefined): PooledModel | undefined {
    if (name === undefined) return this.#default;
    return this.#models.get(this.#options.catalog.aliases.exact(name) ?? name);
  }

  /** The model that a name means; it may be loaded, loading or neither. */
  async #find(id: string): Promise<PooledModel> {
    const entry = await this.#options.catalog.find(id);
    const known = this.#models.get(entry.id);
    const isGone = known?.waiters.size === 0 && (known.state === 'unloaded' || known.state === 'failed');
    // Its files may have become another kind of model meanwhile.
    if (known !== undefined && (known.entry.path === entry.path || !isGone || known === this.#default)) {
      return known;
    }
    return this.#add(entry, known?.isPinned ?? false);
  }

  #add(entry: CatalogModel, isPinned: boolean): PooledModel {
    const model = new PooledModel(entry, this.#options.createEngine(entry), isPinned);
    this.#models.set(model.id, model);
    model.engine.observe({ onIdle: () => this.#loads.onUseEnded(model) });
    for (const observer of this.#observers) observer.onEngine?.(model.id, model.engine);
    return model;
  }

  async idOf(name: string | undefined): Promise<string> {
    return (this.#known(name) ?? (await this.#options.catalog.find(name ?? ''))).id;
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
    const known = this.#known(modelId);
    if (known?.state === 'loaded') return this.#status(known.entry);
    return this.#status(await this.#options.catalog.find(modelId));
  }

  #status(entry: CatalogModel): Promise<ModelStatus> {
    const model = this.#models.get(entry.id);
    return modelStatus(entry, model, this.#options);
  }

  /** Takes no new work and lets what is there finish; a load under way is given up. */
  async drain(timeoutMs: number): Promise<void> {
    this.#isDraining = true;
    this.#loads.drain();
    this.#options.catalog.dispose();
    await Promise.all(
      [...this.#models.values()].map(({ state, engine }) =>
        state === 'loaded' ? engine.drain(timeoutMs) : engine.stop(),
      ),
    );
  }

  /** Lets go of all models at once. */
  stop(): Promise<void> {
    return this.drain(0);
  }
}
