import { randomInt } from 'node:crypto';
import type { EngineError } from '../../errors.ts';
import type { AttentionWeights } from '../../model/inspect-attention.ts';
import { ServedTokenizer } from '../../text/served-tokenizer.ts';
import { checkCompletion, checkText } from '../check-input.ts';
import { monotonicMs } from '../../values.ts';
import type { EngineClientOptions } from './engine-client-options.ts';
import { EngineProcess } from './process/engine-process.ts';
import { EngineSupervisor, type ReadyMessage, type ServingMessage } from './process/engine-supervisor.ts';
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
} from '../engine.ts';
import type { SequenceUpdate, StepReport } from '../protocol.ts';
import { HeldSequences } from './queue/held-sequences.ts';
import { IdleWaiter } from './queue/waits.ts';
import { deathWithDump, faultWithDump } from './process/lost-work.ts';
import { notReady } from './not-ready.ts';
import { readModelFiles, type ModelFileInfo } from './model-files/read-model-files.ts';
import { OpenCompletions } from './completion/open-completions.ts';
import { RequestHistory } from './completion/request-history.ts';
import { RequestQueue } from './queue/request-queue.ts';
import { SideJobs } from './side-jobs.ts';
import { RunningCompletion, type CompletionHost, type StepTimes } from './completion/running-completion.ts';
import { SentTokenTexts } from './completion/packed-tokens.ts';
import { startBesideTokenizer } from './process/early-engine.ts';

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
  readonly #completions = new OpenCompletions();
  readonly #held: HeldSequences;
  readonly #sideJobs = new SideJobs({
    send: (message) => this.#supervisor.send(message),
    onDone: () => this.#checkIdle(),
  });
  #state: EngineState = 'loading';
  #model: ModelInfo | undefined;
  /** What the files beside the weights say; known once the first process is ready. */
  #modelFiles: ModelFileInfo | undefined;
  #tokenizer: ServedTokenizer | undefined;
  /** Ends the load of a tokenizer. */
  #tokenizerLoad: AbortController | undefined;
  readonly #idle = new IdleWaiter();
  /** A ping has no answer yet. */
  #isPinged = false;
  readonly #sentTokenTexts = new SentTokenTexts((message) => this.#supervisor.send(message));

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
        owesAnswer: () => this.#isBusy || this.#isPinged,
        onIncident: (message, error) => onIncident?.(message, error),
      },
    );
    this.#host = {
      now: this.#now,
      prefixCacheScope: options.prefixCacheScope,
      cancelSequences: (sequenceIds) => this.#supervisor.send({ type: 'cancel', sequenceIds }),
      onSettled: (completion) => this.#settle(completion),
      seatOf: (sequenceId) => this.#held.seatOf(sequenceId),
      queuePositionOf: (sequenceId) => this.#held.queuePositionOf(sequenceId),
      onInterTokenLatency: (ms) => this.#observers.forEach((observer) => observer.onInterTokenLatency?.(ms)),
    };
  }

  async start(): Promise<void> {
    this.#state = 'loading';
    const { signal } = (this.#tokenizerLoad = new AbortController());
    const { settings, fallbackTemplate, takeTokenizer } = this.#options;
    const started = takeTokenizer?.(settings.modelPath);
    const loading = ServedTokenizer.load(settings.modelPath, signal, { fallbackTemplate, started });
    const tokenizer = await startBesideTokenizer(this.#supervisor, loading);
    try {
      this.#checkLoading();
      await this.#match(tokenizer);
      this.#checkLoading();
    } catch (error) {
      await tokenizer.stop();
      throw error;
    }
    this.#tokenizer = tokenizer;
    this.#state = 'ready';
  }

  async #match(tokenizer: ServedTokenizer): Promise<void> {
    try {
      this.#modelFiles = await readModelFiles(this.#options, this.model, tokenizer);
      this.#model = { ...this.model, ...this.#modelFiles };
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  #onReady({ model, gauges }: ReadyMessage): void {
    this.#sentTokenTexts.forget();
    this.#model = { ...model, ...this.#modelFiles };
    this.#queue.setSeats(model.maxNumSeqs);
    this.#totals.setGauges(gauges);
    // The first process's model is ready only when the tokenizer is, too.
    if (this.#state === 'loading' && this.#tokenizer !== undefined) this.#state = 'ready';
  }

  get state(): EngineState {
    return this.#state;
  }

  /** Throws if the engine was stopped, or is to drain, while it loaded. */
  #checkLoading(): void {
    if (this.#state !== 'loading') throw this.#notReady();
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
    return notReady(this.#state, this.#supervisor.msUntilReady ?? this.#queue.retryAfterMs());
  }

  checkRoom(clientId: string): void {
    if (this.#state !== 'ready') throw this.#notReady();
    this.#queue.checkRoom(1, clientId);
  }

  reserve(numSequences: number, clientId = ''): Reservation {
    if (this.#state !== 'ready') throw this.#notReady();
    return this.#queue.reserve(numSequences, clientId);
  }

  submit(request: CompletionRequest, reservation: Reservation): Completion {
    if (this.#state !== 'ready') throw this.#notReady();
    this.#completions.checkFree(request);
    checkCompletion(request, this.model);
    const releaseFormat = this.#completions.holdFormat(request, reservation.clientId);
    const completion = new RunningCompletion(request, this.tokenizer, this.#host, reservation.reservedAtMs);
    const endTokenIds = request.ignoreEos ? [] : this.model.eosTokenIds;
    const seed = request.sampling.seed ?? randomInt(2 ** 47);
    const all = completion.sequences(endTokenIds, seed, reservation.clientId);
    const sequences = this.#held.add(completion, all, reservation);
    this.#completions.add(completion, releaseFormat);
    this.#sentTokenTexts.sendFor(request, this.tokenizer);
    this.#supervisor.send({ type: 'submit', sequences });
    this.#setDeadline(completion, request, reservation);
    return completion;
  }

  #setDeadline(
    completion: RunningCompletion,
    { timeoutMs }: CompletionRequest,
    { reservedAtMs }: Reservation,
  ): void {
    const wholeMs = Math.min(timeoutMs ?? Infinity, this.#options.requestTimeoutMs);
    completion.endWithin(Math.max(wholeMs - (this.#now() - reservedAtMs), 0));
  }

  #receive(message: ServingMessage): void {
    this.#isPinged = false;
    if (message.type === 'steps') this.#receiveSteps(message);
    if ('gauges' in message) this.#totals.setGauges(message.gauges);
    if (message.type === 'cancelled') for (const id of message.sequenceIds) this.#release(id);
    if (message.type === 'faulted') this.#receiveFault(message);
    if (message.type === 'kvEvents') this.#options.onKvEvents?.(message);
    if (message.type === 'disk') this.#totals.addDisk(message, this.#options.onDiskNote);
    const following = this.#held.takeFollowing();
    if (following.length > 0) this.#supervisor.send({ type: 'submit', sequences: following });
    this.#sideJobs.receive(message);
  }

  /** The engine process goes on, without the work that it names. */
  #receiveFault(message: Extract<ServingMessage, { type: 'faulted' }>): void {
    const error = faultWithDump(message, (id) => this.#held.completionOf(id), this.#options.onIncident);
    const times = { startedAtMs: this.#now(), endedAtMs: this.#now() };
    const { kind, failedWork } = message;
    for (const { id } of failedWork) {
      if (kind === 'sequence') this.#receiveUpdate({ id, finish: 'error', error: message.error }, times);
      else this.#sideJobs.fail(kind, id, error);
    }
  }

  #receiveSteps({ reports, sequenceOfSeat }: Extract<ServingMessage, { type: 'steps' }>): void {
    this.#held.setSeats(sequenceOfSeat);
    for (const report of reports) this.#receiveStep(report);
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
    const { numWastedTokens } = completion;
    completion.receive(update, times);
    const numWasted = completion.numWastedTokens - numWastedTokens;
    if (numWasted > 0) this.#totals.addWastedTokens(numWasted);
    if (update.finish !== undefined) this.#release(update.id);
  }

  #release(sequenceId: number): void {
    const completion = this.#held.release(sequenceId);
    if (completion === undefined) return;
    // Its record was kept when it settled; only what it wasted has changed since.
    const isSettled = !this.#completions.has(completion);
    if (isSettled && completion.numWastedTokens > 0) this.#history.add(completion.record());
    this.#checkIdle();
  }

  #checkIdle(): void {
    if (this.#isBusy) return;
    this.#idle.notify();
    for (const observer of this.#observers) observer.onIdle?.();
  }

  #settle(completion: RunningCompletion): void {
    this.#completions.end(completion);
    this.#held.end(completion);
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
    checkText(tokenIds, this.model, 'prompt');
    return this.#sideJobs.inspectAttention({ tokenIds, layers, clientId }, signal);
  }

  embed(...[tokenIds, signal, options]: Parameters<ManagedEngine['embed']>): Promise<Float32Array> {
    if (this.#state !== 'ready') throw this.#notReady();
    checkText(tokenIds, this.model, 'input');
    return this.#sideJobs.embed(tokenIds, signal, options);
  }

  ping(): void {
    if (this.#state !== 'ready') return;
    this.#isPinged = true;
    this.#supervisor.send({ type: 'ping' });
  }

  /** True while it owes an answer. */
  get #isBusy(): boolean {
    return this.#held.size > 0 || this.#sideJobs.size > 0;
  }

  find(requestId: string, ownerId?: string): RequestRecord | undefined {
    const running = this.#completions.find(requestId, ownerId);
    return running === undefined ? this.#history.find(requestId, ownerId) : running.record();
  }

  unfinished(most: number, ownerId?: string): RequestRecord[] {
    return this.#completions.records(most, ownerId);
  }

  cancel(requestId: string, cause: CancelCause, ownerId?: string): boolean {
    const completion = this.#completions.find(requestId, ownerId);
    completion?.cancel(cause);
    return completion !== undefined;
  }

  stats(): EngineStats {
    return this.#totals.statsWith({
      numSequencesRunning: this.#queue.numSequencesRunning,
      numSequencesWaiting: this.#queue.numSequencesWaiting,
      numTokensWaiting: this.#queue.numTokensWaiting,
      maxNumSeqs: this.#model?.maxNumSeqs ?? 0,
      kvCacheTokens: this.#model?.kvCacheTokens ?? 0,
    });
  }

  observe(observer: EngineObserver): void {
    this.#observers.push(observer);
  }

  /** The process died while it served: what it held is lost. */
  #onDeath(error: EngineError): void {
    this.#totals.addRestart();
    if (this.#state === 'ready') this.#state = 'loading';
    this.#isPinged = false;
    const lost = { completions: this.#completions.all(), ...this.#sideJobs.counts };
    this.#options.onIncident?.('the engine process is lost', deathWithDump(error, lost));
    for (const completion of this.#completions.all()) completion.fail(error);
    for (const id of this.#held.ids) this.#release(id);
    this.#sideJobs.failAll(error);
  }

  async drain(timeoutMs: number): Promise<void> {
    this.#state = 'draining';
    const isIdle = !this.#isBusy || (await this.#idle.within(timeoutMs));
    if (!isIdle) for (const completion of this.#completions.all()) completion.cancel('shutdown');
    await this.stop();
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
