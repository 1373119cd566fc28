import { MAX_TIMER_MS } from '../config/timer-limit.ts';
import { assertInvariant, type EngineError } from '../errors.ts';
import type { MemoryForecast } from './plan-load.ts';
import type { CatalogModel } from './model-catalog.ts';
import { nextMove, type PoolMove, type Round } from './next-move.ts';
import { loadTooLong, shortageError, shuttingDown, loadFailure, withoutPath } from './pool-errors.ts';
import type { PooledModel } from './pooled-model.ts';
import type { PoolObserver, UnloadReason } from './served-models.ts';
import { waitWithin } from './wait-within.ts';

export interface LoadQueueOptions {
  /** Every model that was asked for, the default one first. */
  models: ReadonlyMap<string, PooledModel>;
  defaultModel: PooledModel;
  /** @throws EngineError for a model that can be known not to load */
  forecast: (model: CatalogModel) => Promise<MemoryForecast>;
  /** Longest that a load may take. */
  loadTimeoutMs: number;
  /** A model that was loaded has at least so long before it leaves for another. */
  minStayMs: number;
  /** Without a request for so long, a model is unloaded; 0: never. */
  idleMs: number;
  observers: readonly PoolObserver[];
  now: () => number;
}

/** One that hangs holds up no other; more of them would slow down what is being answered. */
const MAX_LOADS_AT_ONCE = 2;

/**
 * Brings models into memory and out of it: the thin loop round `nextMove`. It looks again whenever something changes, and
 * makes one move after the other until there is nothing to do but wait.
 */
export class LoadQueue {
  readonly #options: LoadQueueOptions;
  /** Models with requests that wait for their turn; those that load already have left it. */
  #queue: PooledModel[] = [];
  readonly #neededBytes = new Map<PooledModel, number>();
  #round: Round | undefined;
  #numLoading = 0;
  /** Processes that end now, and with them their memory comes back. */
  readonly #endings = new Set<Promise<void>>();
  #whenDefaultLoaded: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #isScheduled = false;
  #isDraining = false;

  constructor(options: LoadQueueOptions) {
    this.#options = options;
  }

  /** @throws EngineError what its load failed with */
  loadDefault(): Promise<void> {
    const { defaultModel } = this.#options;
    this.#whenDefaultLoaded = this.#load(defaultModel).then((failure) => {
      if (failure !== undefined) throw failure;
    });
    // Requests that wait for another model are told by the end of the service.
    this.#whenDefaultLoaded.catch(() => undefined);
    return this.#whenDefaultLoaded;
  }

  /** Sees to it that those who wait for a model get leases on it. */
  ask(model: PooledModel): void {
    if (model.state === 'loading' || this.#queue.includes(model)) return;
    this.#queue.push(model);
    if (model.state === 'loaded') {
      this.#neededBytes.set(model, model.memoryBytes);
      this.look();
    } else void this.#measure(model);
  }

  /** Something has changed: a request came, left or ended. */
  look(): void {
    if (this.#isScheduled || this.#isDraining || this.#queue.length === 0) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#makeMoves();
    });
  }

  /** A request has let go of a model: it may be idle now. */
  onUseEnded(model: PooledModel): void {
    this.look();
    // One that is never unloaded has no last use to be known.
    if (model.isPinned || model.state !== 'loaded' || model.isBusy) return;
    model.lastUsedAt = this.#options.now();
    const { idleMs } = this.#options;
    if (idleMs === 0 || this.#isDraining) return;
    clearTimeout(model.idleTimer);
    const { lastUsedAt } = model;
    model.idleTimer = setTimeout(
      () => {
        if (model.state !== 'loaded' || model.isBusy || model.lastUsedAt !== lastUsedAt) return;
        void this.#unload(model, 'idle');
      },
      Math.min(idleMs, MAX_TIMER_MS),
    );
    model.idleTimer.unref();
  }

  /** Tells those who wait; what loads is the caller's to stop. */
  drain(): void {
    this.#isDraining = true;
    clearTimeout(this.#timer);
    for (const model of this.#options.models.values()) {
      clearTimeout(model.idleTimer);
      rejectAll(model, shuttingDown());
    }
  }

  /** How much memory it needs is known from its files, once it is known where it will compute. */
  async #measure(model: PooledModel): Promise<void> {
    try {
      await this.#whenDefaultLoaded;
      const { memoryBytes } = await this.#options.forecast(model.entry);
      this.#neededBytes.set(model, memoryBytes);
    } catch (thrown) {
      if (this.#isDraining || !this.#queue.includes(model)) return;
      this.#leaveQueue(model);
      this.#fail(model, loadFailure(thrown));
    }
    this.look();
  }

  #makeMoves(): void {
    if (this.#isDraining) return;
    clearTimeout(this.#timer);
    this.#dismissAbandoned();
    let move = nextMove(this.#situation());
    while (move.kind !== 'wait') {
      this.#make(move);
      move = nextMove(this.#situation());
    }
    for (const model of this.#queue.filter(({ isOpen }) => isOpen)) {
      this.#grant(model);
      this.#leaveQueue(model);
    }
    this.#rest(move);
  }

  /** A load whose requests have all left is given up before it begins. */
  #dismissAbandoned(): void {
    for (const model of this.#queue.filter(({ waiters }) => waiters.size === 0)) this.#leaveQueue(model);
  }

  #situation(): Parameters<typeof nextMove>[0] {
    const { models, now } = this.#options;
    return {
      now: now(),
      limitBytes: this.#limitBytes,
      waiting: this.#queue.flatMap((model) => {
        const neededBytes = this.#neededBytes.get(model);
        const isAbsent = model.state === 'unloaded' || model.state === 'failed';
        return neededBytes === undefined || !isAbsent ? [] : { id: model.id, neededBytes };
      }),
      residents: [...models.values()]
        .filter(({ state }) => state === 'loaded' || state === 'loading')
        .map((model) => model.toResident()),
      round: this.#round,
      numFreeLoads: MAX_LOADS_AT_ONCE - this.#numLoading,
    };
  }

  get #limitBytes(): number {
    const { state, engine } = this.#options.defaultModel;
    return state === 'loaded' ? engine.model.memoryLimitBytes : Infinity;
  }

  #make(move: Exclude<PoolMove, { kind: 'wait' }>): void {
    switch (move.kind) {
      case 'load': {
        const model = this.#find(move.id);
        model.memoryBytes = this.#neededBytes.get(model) ?? 0;
        this.#leaveQueue(model);
        for (const id of move.unload) void this.#unload(this.#find(id), 'memory');
        void this.#load(model);
        break;
      }
      case 'refuse': {
        const model = this.#find(move.id);
        const error = this.#shortage(model, { mayFitLater: false });
        this.#leaveQueue(model);
        this.#fail(model, error);
        break;
      }
      case 'round':
        this.#letYield(move.round);
        break;
      case 'endRound':
        this.#endRound(move.isInVain);
    }
  }

  #letYield(round: Round | undefined): void {
    for (const id of this.#round?.yielding ?? []) this.#find(id).isYielding = false;
    for (const id of round?.yielding ?? []) this.#find(id).isYielding = true;
    this.#round = round;
  }

  #endRound(isInVain: boolean): void {
    const round = this.#round;
    assertInvariant(round !== undefined, 'a round ends after it began');
    this.#letYield(undefined);
    if (!isInVain) return;
    for (const id of round.yielding) this.#find(id).staysFrom = this.#options.now();
    const model = this.#find(round.id);
    this.#queue = [...this.#queue.filter((other) => other !== model), model];
  }

  #rest({ until, lacking }: Extract<PoolMove, { kind: 'wait' }>): void {
    const { now } = this.#options;
    const waitMs = until === undefined ? undefined : Math.min(Math.max(until - now(), 1), MAX_TIMER_MS);
    for (const model of this.#queue) {
      model.shortage = lacking.includes(model.id)
        ? this.#shortage(model, { mayFitLater: true, retryAfterMs: waitMs })
        : undefined;
    }
    if (waitMs === undefined || this.#queue.length === 0) return;
    this.#timer = setTimeout(() => this.look(), waitMs);
    this.#timer.unref();
  }

  #shortage(
    model: PooledModel,
    prospects: { mayFitLater: boolean; retryAfterMs?: number | undefined },
  ): EngineError {
    const needs = { id: model.id, bytes: this.#neededBytes.get(model) ?? 0, limitBytes: this.#limitBytes };
    return shortageError(needs, this.#situation().residents, prospects);
  }

  /** @returns what it failed with */
  async #load(model: PooledModel): Promise<EngineError | undefined> {
    const { loadTimeoutMs, minStayMs, now } = this.#options;
    const startedAt = now();
    model.state = 'loading';
    model.shortage = undefined;
    this.#numLoading++;
    const starting = this.#start(model);
    model.starting = starting;
    try {
      await waitWithin(starting, { timeoutMs: loadTimeoutMs }, () => loadTooLong(model.id, loadTimeoutMs));
      const durationMs = now() - startedAt;
      model.memoryBytes = model.engine.model.memoryBytes;
      model.failure = undefined;
      model.state = 'loaded';
      model.staysFrom = now();
      model.stayMs = minStayMs === 0 ? 0 : Math.max(minStayMs, durationMs);
      for (const observer of this.#options.observers)
        observer.onLoaded?.(model.id, durationMs, model.engine.model);
      this.#grant(model);
      this.onUseEnded(model);
      return undefined;
    } catch (thrown) {
      const error = loadFailure(thrown);
      // Else it was given up meanwhile, and perhaps another load of it is under way.
      if (model.starting === starting && model.state === 'loading') {
        this.#fail(model, error);
        await this.#end(model);
      }
      return error;
    } finally {
      this.#numLoading--;
      this.look();
    }
  }

  async #start(model: PooledModel): Promise<void> {
    const before = model.starting?.catch(() => undefined);
    await Promise.all([before, ...this.#endings]);
    if (model.state !== 'loading') throw shuttingDown();
    // Its maker may have started it.
    if (model.engine.state !== 'ready') await model.engine.start();
  }

  /** Tells those who wait, and those who come in the next seconds. */
  #fail(model: PooledModel, error: EngineError): void {
    const { now, observers } = this.#options;
    const shown = withoutPath(error, model.entry);
    model.memoryBytes = 0;
    model.state = 'unloaded';
    model.shortage = undefined;
    if (error.code !== 'engine_not_ready') {
      model.state = 'failed';
      model.failure = { error: shown, at: now() };
      for (const observer of observers) observer.onLoadFailed?.(model.id, error);
    }
    rejectAll(model, shown);
  }

  async #unload(model: PooledModel, reason: UnloadReason): Promise<void> {
    clearTimeout(model.idleTimer);
    const wasLoaded = model.state === 'loaded';
    const freedBytes = model.residentBytes;
    model.state = 'unloading';
    await this.#end(model);
    model.memoryBytes = 0;
    // A request that came meanwhile waits for the next load.
    model.state = 'unloaded';
    if (wasLoaded)
      for (const observer of this.#options.observers) observer.onUnloaded?.(model.id, reason, freedBytes);
    this.look();
  }

  /** Ends its process; no load begins before that has ended. */
  async #end(model: PooledModel): Promise<void> {
    const ending = model.engine.stop().catch((thrown: unknown) => {
      for (const observer of this.#options.observers) observer.onLoadFailed?.(model.id, loadFailure(thrown));
    });
    this.#endings.add(ending);
    await ending;
    this.#endings.delete(ending);
  }

  #grant(model: PooledModel): void {
    const { now } = this.#options;
    for (const waiter of model.waiters) {
      const waitedMs = Math.ceil(now() - waiter.startedAt);
      waiter.resolve(model.lease(waitedMs, () => this.onUseEnded(model)));
    }
    model.waiters.clear();
  }

  #leaveQueue(model: PooledModel): void {
    this.#queue = this.#queue.filter((other) => other !== model);
    this.#neededBytes.delete(model);
    model.shortage = undefined;
  }

  #find(id: string): PooledModel {
    const model = this.#options.models.get(id);
    assertInvariant(model !== undefined, `the model ${id} is in the pool`);
    return model;
  }
}

function rejectAll(model: PooledModel, error: EngineError): void {
  for (const waiter of model.waiters) waiter.reject(error);
  model.waiters.clear();
}
