import { randomInt } from 'node:crypto';
import { assertInvariant, EngineError } from '../errors.ts';
import type { AttentionWeights } from '../model/inspect-attention.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { checkCompletion, checkTokenIds } from './check-input.ts';
import { monotonicMs } from './clock.ts';
import { notReady } from './not-ready.ts';
import { PendingReplies } from './pending-replies.ts';
import type { EngineClientOptions } from './engine-client-options.ts';
import { EngineProcess } from './engine-process.ts';
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
import type { SequenceUpdate, StepReport } from './protocol.ts';
import { HeldSequences } from './held-sequences.ts';
import { loadEndTokens } from './load-end-tokens.ts';
import { loadTokenizer } from './load-tokenizer.ts';
import { deathWithDump, faultWithDump } from './lost-work.ts';
import type { PrefixCacheScope } from './prefix-cache-scope.ts';
import { RequestHistory } from './request-history.ts';
import { RequestQueue } from './request-queue.ts';
import { RunningCompletion, type CompletionHost, type StepTimes } from './running-completion.ts';

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
  readonly #held: HeldSequences;
  readonly #inspections = new PendingReplies<AttentionWeights>();
  readonly #embeddings = new PendingReplies<Float32Array>();
  readonly #deadlines = new Map<string, NodeJS.Timeout>();
  #state: EngineState = 'loading';
  #model: ModelInfo | undefined;
  /** By all of the model's files; known once the first process is ready. */
  #endTokenIds: readonly number[] | undefined;
  #tokenizer: Tokenizer | undefined;
  #onIdle: (() => void) | undefined;
  /** A ping has no answer yet. */
  #isPinged = false;

  constructor(options: EngineClientOptions) {
    this.#options = options;
    this.#now = options.now ?? monotonicMs;
    this.#queue = new RequestQueue(options.bounds, this.#now);
    this.#held = new HeldSequences(this.#queue);
    this.#history = new RequestHistory(this.#now);
    const { settings, createProcess, onIncident, stepTimeoutMs, loadTimeoutMs } = options;
    this.#supervisor = new EngineSupervisor(
      (events) => createProcess?.(settings, events) ?? new EngineProcess(settings, events),
      { stepTimeoutMs, loadTimeoutMs, now: this.#now },
      {
        onReady: (message) => this.#onReady(message),
        onMessage: (message) => this.#receive(message),
        onDeath: (error) => this.#onDeath(error),
        owesAnswer: () => this.#isBusy || this.#inspections.size > 0 || this.#isPinged,
        onIncident: (message, error) => onIncident?.(message, error),
      },
    );
    this.#host = {
      now: this.#now,
      prefixCacheScope: options.prefixCacheScope,
      cancelSequences: (sequenceIds) => this.#supervisor.send({ type: 'cancel', sequenceIds }),
      onSettled: (completion) => this.#settle(completion),
      onInterTokenLatency: (ms) => this.#observers.forEach((observer) => observer.onInterTokenLatency?.(ms)),
    };
  }

  async start(): Promise<void> {
    this.#state = 'loading';
    const tokenizer = await loadTokenizer(this.#options.settings.modelPath);
    if (this.#hasLeft('loading')) throw this.#notReady();
    await this.#supervisor.start();
    const { vocabSize, id } = this.model;
    if (this.#hasLeft('loading')) throw this.#notReady();
    if (tokenizer.vocabSize > vocabSize) {
      await this.stop();
      throw new EngineError(
        'weights_invalid',
        `the tokenizer of ${id} has ${tokenizer.vocabSize} tokens, but the model embeds ${vocabSize}`,
      );
    }
    await this.#findEndTokens(tokenizer);
    if (this.#hasLeft('loading')) throw this.#notReady();
    this.#tokenizer = tokenizer;
    this.#state = 'ready';
  }

  async #findEndTokens(tokenizer: Tokenizer): Promise<void> {
    try {
      const { modelPath } = this.#options.settings;
      this.#endTokenIds = await loadEndTokens(modelPath, this.model.eosTokenIds, tokenizer);
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

  get tokenizer(): Tokenizer {
    if (this.#tokenizer === undefined) throw this.#notReady();
    return this.#tokenizer;
  }

  #notReady(): EngineError {
    return notReady(this.#state, this.#supervisor.msUntilReady ?? this.#queue.retryAfterMs());
  }

  reserve(numSequences: number, clientId = ''): Reservation {
    if (this.#state !== 'ready') throw this.#notReady();
    return this.#queue.reserve(numSequences, clientId);
  }

  submit(request: CompletionRequest, reservation: Reservation): Completion {
    if (this.#state !== 'ready') throw this.#notReady();
    assertInvariant(!this.#completions.has(request.id), `request id ${request.id} is not in use`);
    checkCompletion(request, this.model);
    const completion = new RunningCompletion(request, this.tokenizer, this.#host);
    const stopTokenIds = request.ignoreEos ? [] : this.model.eosTokenIds;
    const { clientId } = reservation;
    const seed = request.sampling.seed ?? randomInt(2 ** 47);
    const sequences = completion.sequences(stopTokenIds, seed, clientId);
    const numTokens = sequences.reduce((sum, { promptTokenIds }) => sum + promptTokenIds.length, 0);
    this.#queue.addTokens(numTokens, clientId);
    reservation.takeOver();
    this.#completions.set(completion.id, completion);
    this.#held.add(completion, sequences);
    this.#supervisor.send({ type: 'submit', sequences });
    this.#setDeadline(completion, request);
    return completion;
  }

  #setDeadline(completion: RunningCompletion, { timeoutMs }: CompletionRequest): void {
    const ms = Math.min(timeoutMs ?? Infinity, this.#options.requestTimeoutMs);
    const timer = setTimeout(() => completion.cancel('timeout'), ms);
    this.#deadlines.set(completion.id, timer);
  }

  #receive(message: ServingMessage): void {
    this.#isPinged = false;
    if (message.type === 'steps') for (const report of message.reports) this.#receiveStep(report);
    if (message.type === 'cancelled') {
      for (const id of message.sequenceIds) this.#release(id);
      this.#totals.setGauges(message.gauges);
    }
    if (message.type === 'inspected') this.#inspections.answer(message.id, message.weights);
    if (message.type === 'embedded') {
      for (const { id, embedding } of message.finished) this.#embeddings.answer(id, embedding);
      this.#checkIdle();
    }
    if (message.type === 'faulted') this.#receiveFault(message);
  }

  /** The engine process goes on, without the work that it names. */
  #receiveFault(message: Extract<ServingMessage, { type: 'faulted' }>): void {
    this.#totals.setGauges(message.gauges);
    const error = faultWithDump(message, (id) => this.#held.completionOf(id));
    this.#options.onIncident?.('the engine could not go on with some of its work', error);
    const times = { startedAtMs: this.#now(), endedAtMs: this.#now() };
    const end = {
      sequence: (id: number) => this.#receiveUpdate({ id, finish: 'error', error: message.error }, times),
      embedding: (id: number) => this.#embeddings.fail(id, error),
      inspection: (id: number) => this.#inspections.fail(id, error),
    };
    for (const { id } of message.casualties) end[message.kind](id);
    this.#checkIdle();
  }

  #receiveStep(report: StepReport): void {
    this.#totals.addStep(report);
    for (const observer of this.#observers) observer.onStep?.(report.numRows, report.durationMs);
    const { endedAtMs, durationMs } = report;
    const times = { startedAtMs: endedAtMs - durationMs, endedAtMs };
    for (const update of report.updates) this.#receiveUpdate(update, times);
  }

  #receiveUpdate(update: SequenceUpdate, times: StepTimes): void {
    const completion = this.#held.report(update.id, update.started === true);
    const { wastedTokens } = completion;
    completion.receive(update, times);
    const numWasted = completion.wastedTokens - wastedTokens;
    if (numWasted > 0) this.#totals.addWastedTokens(numWasted);
    if (update.finish !== undefined) this.#release(update.id);
  }

  #release(sequenceId: number): void {
    const completion = this.#held.release(sequenceId);
    if (completion === undefined) return;
    if (this.#completions.get(completion.id) !== completion) this.#history.add(completion.record());
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

  inspectAttention(tokenIds: readonly number[], clientId = ''): Promise<AttentionWeights> {
    if (this.#state !== 'ready') throw this.#notReady();
    checkTokenIds(tokenIds, this.model, 'prompt');
    return this.#inspections.ask((id) => this.#supervisor.send({ type: 'inspect', id, clientId, tokenIds }));
  }

  embed(tokenIds: readonly number[], signal: AbortSignal, clientId = ''): Promise<Float32Array> {
    if (this.#state !== 'ready') throw this.#notReady();
    checkTokenIds(tokenIds, this.model, 'input');
    return this.#embeddings.askUntil(
      signal,
      (id) => this.#supervisor.send({ type: 'embed', id, clientId, tokenIds }),
      (id) => {
        this.#supervisor.send({ type: 'cancelEmbedding', id });
        this.#checkIdle();
      },
    );
  }

  ping(): void {
    if (this.#state !== 'ready') return;
    this.#isPinged = true;
    this.#supervisor.send({ type: 'ping' });
  }

  /** True while it owes an answer. */
  get #isBusy(): boolean {
    return this.#held.size > 0 || this.#embeddings.size > 0;
  }

  find(requestId: string, ownerId?: string): RequestRecord | undefined {
    const running = this.#completions.get(requestId);
    return running?.isOf(ownerId) === true ? running.record() : this.#history.find(requestId, ownerId);
  }

  cancel(requestId: string, cause: CancelCause, ownerId?: string): boolean {
    const completion = this.#completions.get(requestId);
    if (completion?.isOf(ownerId) !== true) return false;
    completion.cancel(cause);
    return true;
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
    this.#isPinged = false;
    const lost = {
      completions: [...this.#completions.values()],
      numEmbeddings: this.#embeddings.size,
      numInspections: this.#inspections.size,
    };
    this.#options.onIncident?.('the engine process is lost', deathWithDump(error, lost));
    for (const completion of [...this.#completions.values()]) completion.fail(error);
    for (const id of this.#held.ids) this.#release(id);
    this.#inspections.failAll(error);
    this.#embeddings.failAll(error);
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
    this.#inspections.failAll(this.#notReady());
    this.#embeddings.failAll(this.#notReady());
    this.#tokenizer?.chatTemplate?.dispose();
    // It may be as large as a small model.
    this.#tokenizer = undefined;
    await this.#supervisor.stop();
    this.#totals.clearGauges();
  }
}
