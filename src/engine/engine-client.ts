import { randomInt } from 'node:crypto';
import { assertInvariant, EngineError } from '../errors.ts';
import type { AttentionWeights } from '../model/inspect-attention.ts';
import { ServedTokenizer } from '../text/served-tokenizer.ts';
import { checkLength } from './check-length.ts';
import { monotonicMs } from './clock.ts';
import { EngineProcess, type EngineProcessEvents } from './engine-process.ts';
import { EngineSupervisor, type ReadyMessage, type ServingMessage } from './engine-supervisor.ts';
import { EngineTotals } from './engine-totals.ts';
import type {
  CancelCause,
  Completion,
  CompletionRequest,
  EngineObserver,
  EngineState,
  EngineStats,
  ManagedEngine,
  ModelInfo,
  RequestRecord,
  Reservation,
} from './engine.ts';
import type { EngineSettings, SequenceRequest, SequenceUpdate, StepReport } from './protocol.ts';
import { matchTokenizer } from './match-tokenizer.ts';
import { RequestHistory } from './request-history.ts';
import { RequestQueue, type QueueBounds } from './request-queue.ts';
import { SideJobs } from './side-jobs.ts';
import { RunningCompletion, type CompletionHost, type StepTimes } from './running-completion.ts';

export interface EngineClientOptions {
  settings: EngineSettings;
  bounds: QueueBounds;
  /** Longest a request may take, whatever it asks for. */
  requestTimeoutMs: number;
  /** Told of what an operator should know: the engine process died, the model is back. */
  onIncident?: (message: string, error?: EngineError) => void;
  now?: () => number;
  /** Makes the engine process; tests put one in that they can break. */
  createProcess?: (settings: EngineSettings, events: EngineProcessEvents) => EngineProcess;
}

/** A sequence that the engine process holds: waiting, or running since `started`. */
interface HeldSequence {
  completion: RunningCompletion;
  clientId: string;
  numPromptTokens: number;
  started: boolean;
}

/**
 * The engine as the HTTP process sees it. It admits, keeps the books of who waits and runs, and moves messages; the
 * transformer is in the engine process. When that dies, its requests fail, and another process takes over.
 */
export class EngineClient implements ManagedEngine {
  readonly #options: EngineClientOptions;
  readonly #now: () => number;
  readonly #queue: RequestQueue;
  readonly #totals = new EngineTotals();
  readonly #history: RequestHistory;
  readonly #observers: EngineObserver[] = [];
  readonly #host: CompletionHost;
  readonly #supervisor: EngineSupervisor;
  readonly #completions = new Map<string, RunningCompletion>();
  readonly #held = new Map<number, HeldSequence>();
  readonly #sideJobs = new SideJobs({
    send: (message) => this.#supervisor.send(message),
    onDone: () => this.#checkIdle(),
  });
  readonly #deadlines = new Map<string, NodeJS.Timeout>();
  #state: EngineState = 'loading';
  #model: ModelInfo | undefined;
  /** By all of the model's files; known once the first process is ready. */
  #endTokenIds: readonly number[] | undefined;
  #tokenizer: ServedTokenizer | undefined;
  /** Ends the load of a tokenizer. */
  #tokenizerLoad: AbortController | undefined;
  #onIdle: (() => void) | undefined;

  constructor(options: EngineClientOptions) {
    this.#options = options;
    this.#now = options.now ?? monotonicMs;
    this.#queue = new RequestQueue(options.bounds, this.#now);
    this.#history = new RequestHistory(this.#now);
    const { settings, createProcess, onIncident } = options;
    this.#supervisor = new EngineSupervisor(
      (events) => createProcess?.(settings, events) ?? new EngineProcess(settings, events),
      {
        onReady: (message) => this.#onReady(message),
        onMessage: (message) => this.#receive(message),
        onDeath: (error) => this.#onDeath(error),
        onIncident: (message, error) => onIncident?.(message, error),
      },
    );
    this.#host = {
      now: this.#now,
      cancelSequences: (sequenceIds) => this.#supervisor.send({ type: 'cancel', sequenceIds }),
      onSettled: (completion) => this.#settle(completion),
      onInterTokenLatency: (ms) => this.#observers.forEach((observer) => observer.onInterTokenLatency?.(ms)),
    };
  }

  async start(): Promise<void> {
    this.#state = 'loading';
    this.#tokenizerLoad = new AbortController();
    const { modelPath } = this.#options.settings;
    const tokenizer = await ServedTokenizer.load(modelPath, this.#tokenizerLoad.signal);
    try {
      if (this.#hasLeft('loading')) throw this.#notReady();
      await this.#supervisor.start();
      if (this.#hasLeft('loading')) throw this.#notReady();
      await this.#match(tokenizer);
      if (this.#hasLeft('loading')) throw this.#notReady();
    } catch (error) {
      await tokenizer.stop();
      throw error;
    }
    this.#tokenizer = tokenizer;
    this.#state = 'ready';
  }

  async #match(tokenizer: ServedTokenizer): Promise<void> {
    try {
      this.#endTokenIds = await matchTokenizer(this.#options.settings.modelPath, this.model, tokenizer);
      this.#model = { ...this.model, eosTokenIds: this.#endTokenIds };
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  #onReady({ model, gauges }: ReadyMessage): void {
    this.#model = { ...model, eosTokenIds: this.#endTokenIds ?? model.eosTokenIds };
    this.#queue.setLanes(model.numLanes);
    this.#totals.setGauges(gauges);
    // The first process's model is ready only when the tokenizer is, too.
    if (this.#state === 'loading' && this.#tokenizer !== undefined) this.#state = 'ready';
  }

  get state(): EngineState {
    return this.#state;
  }

  /** Asked after a wait, which the compiler does not know to change it. */
  #hasLeft(state: EngineState): boolean {
    return this.#state !== state;
  }

  get model(): ModelInfo {
    if (this.#model === undefined) throw this.#notReady();
    return this.#model;
  }

  get tokenizer(): ServedTokenizer {
    if (this.#tokenizer === undefined) throw this.#notReady();
    return this.#tokenizer;
  }

  #notReady(): EngineError {
    const why = { loading: 'the model is loading', draining: 'the service is shutting down' };
    const reason =
      this.#state === 'loading' || this.#state === 'draining' ? why[this.#state] : 'it has stopped';
    return new EngineError('engine_not_ready', `${reason}; try again later`, {
      retryAfterMs: this.#queue.retryAfterMs(),
    });
  }

  reserve(numSequences: number, clientId = ''): Reservation {
    if (this.#state !== 'ready') throw this.#notReady();
    return this.#queue.reserve(numSequences, clientId);
  }

  submit(request: CompletionRequest, reservation: Reservation): Completion {
    if (this.#state !== 'ready') throw this.#notReady();
    assertInvariant(!this.#completions.has(request.id), `request id ${request.id} is not in use`);
    checkLength(request, this.model.contextLength);
    const completion = new RunningCompletion(request, this.tokenizer, this.#host, reservation.reservedAtMs);
    const stopTokenIds = request.ignoreEos ? [] : this.model.eosTokenIds;
    const { clientId } = reservation;
    const seed = request.sampling.seed ?? randomInt(2 ** 47);
    const sequences = completion.sequences(stopTokenIds, seed, clientId);
    const numTokens = sequences.reduce((sum, { promptTokenIds }) => sum + promptTokenIds.length, 0);
    reservation.takeTokens(numTokens, 'prompt');
    reservation.takeOver();
    this.#hold(completion, sequences);
    this.#setDeadline(completion, request, reservation);
    return completion;
  }

  #hold(completion: RunningCompletion, sequences: readonly SequenceRequest[]): void {
    this.#completions.set(completion.id, completion);
    for (const { id, clientId, promptTokenIds } of sequences) {
      this.#held.set(id, { completion, clientId, numPromptTokens: promptTokenIds.length, started: false });
    }
    this.#supervisor.send({ type: 'submit', sequences });
  }

  #setDeadline(
    completion: RunningCompletion,
    { timeoutMs }: CompletionRequest,
    { reservedAtMs }: Reservation,
  ): void {
    const wholeMs = Math.min(timeoutMs ?? Infinity, this.#options.requestTimeoutMs);
    const ms = Math.max(wholeMs - (this.#now() - reservedAtMs), 0);
    const timer = setTimeout(() => completion.cancel('timeout'), ms);
    this.#deadlines.set(completion.id, timer);
  }

  #receive(message: ServingMessage): void {
    if (message.type === 'steps') for (const report of message.reports) this.#receiveStep(report);
    if (message.type === 'cancelled') {
      for (const id of message.sequenceIds) this.#release(id);
      this.#totals.setGauges(message.gauges);
    }
    this.#sideJobs.receive(message);
  }

  #receiveStep(report: StepReport): void {
    this.#totals.addStep(report);
    for (const observer of this.#observers) observer.onStep?.(report.numRows, report.durationMs);
    const { endedAtMs, durationMs } = report;
    const times = { startedAtMs: endedAtMs - durationMs, endedAtMs };
    for (const update of report.updates) this.#receiveUpdate(update, times);
  }

  #receiveUpdate(update: SequenceUpdate, times: StepTimes): void {
    const held = this.#held.get(update.id);
    assertInvariant(
      held !== undefined,
      `the engine process reports on sequence ${update.id} while it holds it`,
    );
    if (update.started === true) {
      held.started = true;
      this.#queue.start(held.numPromptTokens, held.clientId);
    }
    const { wastedTokens } = held.completion;
    held.completion.receive(update, times);
    const numWasted = held.completion.wastedTokens - wastedTokens;
    if (numWasted > 0) this.#totals.addWastedTokens(numWasted);
    if (update.finish !== undefined) this.#release(update.id);
  }

  /** The engine process no longer holds the sequence: its lane or its place in the queue is free. */
  #release(sequenceId: number): void {
    const held = this.#held.get(sequenceId);
    if (held === undefined) return;
    this.#held.delete(sequenceId);
    if (held.started) this.#queue.finish();
    else this.#queue.leave(held.numPromptTokens, held.clientId);
    if (!this.#completions.has(held.completion.id)) this.#history.add(held.completion.record());
    this.#checkIdle();
  }

  #checkIdle(): void {
    if (this.#isBusy) return;
    this.#onIdle?.();
    for (const observer of this.#observers) observer.onIdle?.();
  }

  #settle(completion: RunningCompletion): void {
    clearTimeout(this.#deadlines.get(completion.id));
    this.#deadlines.delete(completion.id);
    this.#completions.delete(completion.id);
    const record = completion.record();
    this.#history.add(record);
    for (const observer of this.#observers) observer.onFinished?.(record);
  }

  inspectAttention(
    tokenIds: readonly number[],
    layers: readonly number[],
    signal: AbortSignal,
    clientId = '',
  ): Promise<AttentionWeights> {
    if (this.#state !== 'ready') throw this.#notReady();
    return this.#sideJobs.inspectAttention({ tokenIds, layers, clientId }, signal);
  }

  embed(tokenIds: readonly number[], signal: AbortSignal, clientId = ''): Promise<Float32Array> {
    if (this.#state !== 'ready') throw this.#notReady();
    return this.#sideJobs.embed({ tokenIds, clientId }, signal);
  }

  /** True while it owes an answer. */
  get #isBusy(): boolean {
    return this.#held.size > 0 || this.#sideJobs.size > 0;
  }

  find(requestId: string): RequestRecord | undefined {
    return this.#completions.get(requestId)?.record() ?? this.#history.find(requestId);
  }

  cancel(requestId: string, cause: CancelCause): boolean {
    const completion = this.#completions.get(requestId);
    completion?.cancel(cause);
    return completion !== undefined;
  }

  stats(): EngineStats {
    return {
      ...this.#totals.get(),
      numRequestsRunning: this.#queue.numRunning,
      numRequestsWaiting: this.#queue.numWaiting,
      numTokensWaiting: this.#queue.numTokensWaiting,
      numLanes: this.#model?.numLanes ?? 0,
      kvCacheTokens: this.#model?.kvCacheTokens ?? 0,
    };
  }

  observe(observer: EngineObserver): void {
    this.#observers.push(observer);
  }

  /** The process died while it served: what it held is lost. */
  #onDeath(error: EngineError): void {
    this.#totals.addRestart();
    if (this.#state === 'ready') this.#state = 'loading';
    for (const completion of [...this.#completions.values()]) completion.fail(error);
    for (const id of [...this.#held.keys()]) this.#release(id);
    this.#sideJobs.failAll(error);
  }

  async drain(timeoutMs: number): Promise<void> {
    this.#state = 'draining';
    if (this.#isBusy && !(await this.#idleWithin(timeoutMs))) {
      for (const completion of [...this.#completions.values()]) completion.cancel('shutdown');
    }
    await this.stop();
  }

  #idleWithin(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs);
      this.#onIdle = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#sideJobs.failAll(this.#notReady());
    this.#tokenizerLoad?.abort();
    const tokenizer = this.#tokenizer;
    // It may be as large as a small model.
    this.#tokenizer = undefined;
    await Promise.all([tokenizer?.stop(), this.#supervisor.stop()]);
    this.#totals.clearGauges();
  }
}
