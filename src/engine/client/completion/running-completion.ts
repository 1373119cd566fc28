import { MAX_TIMER_MS } from '../../../config/timer-limit.ts';
import { assertInvariant, EngineError } from '../../../errors.ts';
import type { TokenVocabulary } from '../../../tokenizer/incremental-detokenizer.ts';
import { Choice } from './choice.ts';
import type {
  CancelCause,
  Completion,
  CompletionEvent,
  CompletionRequest,
  FinishReason,
  QueuePosition,
  RequestRecord,
  SampledToken,
} from '../../engine.ts';
import { EventQueue, type Merging } from './event-queue.ts';
import { scopedCacheSalt, type PrefixCacheScope, toSequenceRequest } from './to-sequence-request.ts';
import type { SentError, SequenceFinish, SequenceRequest, SequenceUpdate } from '../../protocol.ts';
import { RequestTimer } from '../queue/waits.ts';
import { fromSentError, stepFailure } from '../../step-fault.ts';

/** What a completion asks of the engine client. */
export interface CompletionHost {
  now: () => number;
  prefixCacheScope: PrefixCacheScope;
  /** Stops sequences in the engine process. */
  cancelSequences(sequenceIds: readonly number[]): void;
  /** Every choice has ended; the record is final. */
  onSettled(completion: RunningCompletion): void;
  onInterTokenLatency(ms: number): void;
  /** The seat that a sequence runs in; undefined for one that has none. */
  seatOf(sequenceId: number): number | undefined;
  /** Where a sequence stands; undefined for one that does not wait. */
  queuePositionOf(sequenceId: number): QueuePosition | undefined;
}

/** When a step began and ended, on the clock of all processes. */
export interface StepTimes {
  startedAtMs: number;
  endedAtMs: number;
}

/** Tokens are added to those of an event that waits. */
type QueuedEvent =
  | Exclude<CompletionEvent, { type: 'delta' }>
  | { type: 'delta'; index: number; text: string; tokens: SampledToken[] };

/** Deltas of one choice that the client has not read yet are joined. */
const DELTAS: Merging<QueuedEvent> = {
  keyOf: (event) => (event.type === 'prompt' ? event : event.index),
  merge: (waiting, next) => {
    if (waiting.type !== 'delta' || next.type !== 'delta') return false;
    waiting.text += next.text;
    for (const token of next.tokens) waiting.tokens.push(token);
    return true;
  },
};

/**
 * A request in the HTTP process: turns what the engine process reports of its sequences into events, and keeps its
 * record. A choice ends once: by the engine, by a stop string found here, by a cancel or by a failure.
 */
export class RunningCompletion implements Completion {
  static #numSequences = 0;
  readonly id: string;
  readonly ownerId: string;
  readonly #request: CompletionRequest;
  readonly #host: CompletionHost;
  readonly #choices = new Map<number, Choice>();
  readonly #events: EventQueue<QueuedEvent>;
  readonly #timer: RequestTimer;
  readonly #promptLogprobs = new Map<number, SampledToken[]>();
  #deadline: NodeJS.Timeout | undefined;
  #onStarted: (() => void) | undefined;
  #numOpen: number;
  #numWastedTokens = 0;
  #cancelCause: CancelCause | undefined;
  #error: EngineError | undefined;
  /** Once every choice has ended; it is asked for several times then. */
  #finalRecord: RequestRecord | undefined;

  /** @param arrivedAtMs on the host's clock */
  constructor(
    request: CompletionRequest,
    tokenizer: TokenVocabulary,
    host: CompletionHost,
    arrivedAtMs: number,
  ) {
    this.id = request.id;
    this.ownerId = request.ownerId;
    this.#request = request;
    this.#host = host;
    this.#timer = new RequestTimer(host.now, arrivedAtMs);
    this.#numOpen = request.prompts.length * request.n;
    this.#events = new EventQueue(request.reportsEveryToken === true ? undefined : DELTAS);
    const { prompts, n, stop, shownTokenIds, minTokens, includesStopString, skipsSpecialTokens } = request;
    const { reasoningSpan: reasoningTags } = request;
    for (let index = 0; index < this.#numOpen; index++) {
      // Not made of the request's id: a client may come back under it while the engine still lets go of what it left.
      const sequenceId = RunningCompletion.#numSequences++;
      const promptTokenIds = prompts[Math.floor(index / n)] ?? [];
      const text = { stop, shownTokenIds, minTokens, includesStopString, skipsSpecialTokens, reasoningTags };
      const options = { index, sequenceId, tokenizer, promptTokenIds, ...text };
      this.#choices.set(sequenceId, new Choice(options));
    }
  }

  /** The sequences that the engine process is to run, one a choice; `endTokenIds` are the model's. */
  sequences(endTokenIds: readonly number[], seed: number, clientId: string): SequenceRequest[] {
    const cacheSalt = scopedCacheSalt(this.#host.prefixCacheScope, this.#request);
    const shared = { endTokenIds, seed, clientId, cacheSalt };
    return [...this.#choices.values()].map((choice) => toSequenceRequest(this.#request, choice, shared));
  }

  [Symbol.asyncIterator](): AsyncIterator<CompletionEvent> {
    return this.#events[Symbol.asyncIterator]();
  }

  /** Takes in what a step did for one of the sequences. What cannot be made into text ends the request. */
  receive(update: SequenceUpdate, times: StepTimes): void {
    try {
      this.#take(update, times);
    } catch (error) {
      this.#giveUp(stepFailure(error));
    }
  }

  #take(update: SequenceUpdate, { startedAtMs, endedAtMs }: StepTimes): void {
    const choice = this.#choices.get(update.id);
    assertInvariant(choice !== undefined, `sequence ${update.id} belongs to request ${this.id}`);
    if (update.started === true) {
      choice.started = true;
      choice.numCachedTokens = update.numCachedTokens ?? 0;
      this.#timer.recordStart(startedAtMs);
      this.#onStarted?.();
    }
    if (choice.isClosed) {
      if (update.token !== undefined) {
        this.#numWastedTokens++;
        this.#finalRecord = undefined;
      }
      return;
    }
    if (update.promptLogprobs !== undefined) this.#receivePrompt(choice, update.promptLogprobs);
    if (update.scores !== undefined) choice.scores = update.scores;
    if (update.token !== undefined) this.#receiveToken(choice, update.token, endedAtMs);
    if (update.finish !== undefined) this.#receiveFinish(choice, update.finish, update.error);
  }

  #receiveFinish(choice: Choice, finish: SequenceFinish, error: SentError | undefined): void {
    // A stop string may have closed the choice with the token of the same update.
    if (choice.isClosed) return;
    if (error === undefined) this.#finish(choice, finish);
    else this.#giveUp(fromSentError(error));
  }

  /** One choice that fails ends the request: OpenAI's answer has no place for the error of a choice. */
  #giveUp(error: EngineError): void {
    const sequenceIds = this.#openChoices.map(({ sequenceId }) => sequenceId);
    if (sequenceIds.length === 0) return;
    this.#host.cancelSequences(sequenceIds);
    this.fail(error);
  }

  #receivePrompt(choice: Choice, tokens: readonly SampledToken[]): void {
    const promptIndex = Math.floor(choice.index / this.#request.n);
    const scored = [...(this.#promptLogprobs.get(promptIndex) ?? []), ...tokens];
    this.#promptLogprobs.set(promptIndex, scored);
    if (scored.length === this.#request.prompts[promptIndex]?.length) {
      this.#events.push({ type: 'prompt', promptIndex, tokens: scored });
    }
  }

  #receiveToken(choice: Choice, token: SampledToken, atMs: number): void {
    const gap = this.#timer.recordToken(choice.index, atMs);
    if (gap !== undefined) this.#host.onInterTokenLatency(gap);
    const { text, stopString } = choice.push(token);
    this.#events.push({ type: 'delta', index: choice.index, text, tokens: [token] });
    if (stopString === undefined) return;
    this.#host.cancelSequences([choice.sequenceId]);
    this.#close(choice, 'stop', stopString);
  }

  /** The engine yields no more tokens: what was held back is final now. */
  #finish(choice: Choice, reason: FinishReason): void {
    const { text, stopString } = choice.flush();
    if (text !== '') this.#events.push({ type: 'delta', index: choice.index, text, tokens: [] });
    this.#close(choice, stopString === undefined ? reason : 'stop', stopString);
  }

  #close(choice: Choice, finishReason: FinishReason, stopString?: string): void {
    choice.finishReason = finishReason;
    // A choice that ends by an error has no finish of its own: the iteration throws.
    if (this.#error === undefined) {
      const { index, scores } = choice;
      const stopped = stopString === undefined ? {} : { stopString };
      const scored = scores === undefined ? {} : { scores };
      this.#events.push({ type: 'finish', index, finishReason, ...stopped, ...scored });
    }
    this.#numOpen--;
    if (this.#numOpen === 0) this.#settle();
  }

  #settle(): void {
    clearTimeout(this.#deadline);
    this.#onStarted?.();
    this.#timer.recordEnd();
    if (this.#error === undefined) this.#events.end();
    else this.#events.fail(this.#error);
    this.#host.onSettled(this);
  }

  get #openChoices(): Choice[] {
    return [...this.#choices.values()].filter((choice) => !choice.isClosed);
  }

  startedWithin(ms: number): Promise<boolean> {
    if (this.record().status !== 'queued') return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), Math.min(Math.max(ms, 0), MAX_TIMER_MS));
      this.#onStarted = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  /** Cancels what is not finished by then. */
  endWithin(ms: number): void {
    this.#deadline = setTimeout(() => this.cancel('timeout'), ms);
  }

  cancel(cause: CancelCause): void {
    const open = this.#openChoices;
    if (open.length === 0) return;
    this.#cancelCause = cause;
    if (cause === 'timeout') this.#error = this.#timeoutError();
    if (cause === 'shutdown') {
      this.#error = shutdownError();
    }
    this.#host.cancelSequences(open.map(({ sequenceId }) => sequenceId));
    for (const choice of open) this.#finish(choice, 'abort');
  }

  #timeoutError(): EngineError {
    const { usage, status } = this.record();
    return new EngineError(
      'request_timeout',
      `the request took longer than ${this.#request.timeoutMs} ms; it was ${status}, ` +
        `with ${usage.numGeneratedTokens} tokens generated`,
      { param: 'timeout_ms' },
    );
  }

  get numWastedTokens(): number {
    return this.#numWastedTokens;
  }

  /** The engine cannot finish it. */
  fail(error: EngineError): void {
    this.#error = error;
    for (const choice of this.#openChoices) this.#close(choice, 'error');
  }

  record(): RequestRecord {
    if (this.#numOpen > 0) return this.#makeRecord();
    return (this.#finalRecord ??= this.#makeRecord());
  }

  #makeRecord(): RequestRecord {
    const choices = [...this.#choices.values()];
    const { prompts, prefixTokenIds = [] } = this.#request;
    const numPromptTokens = prompts.reduce((sum, { length }) => sum + prefixTokenIds.length + length, 0);
    const numGeneratedTokens = choices.reduce((sum, choice) => sum + choice.numGeneratedTokens, 0);
    const numReasoningTokens = choices.reduce((sum, choice) => sum + choice.numReasoningTokens, 0);
    const numCachedTokens = choices
      .filter(({ index }) => index % this.#request.n === 0)
      .reduce((sum, choice) => sum + choice.numCachedTokens, 0);
    const status = this.#status(choices);
    const queuePosition = status === 'queued' ? this.#queuePosition(choices) : undefined;
    return {
      id: this.id,
      ownerId: this.ownerId,
      status,
      finishReasons: choices.flatMap(({ finishReason }) => finishReason ?? []),
      n: this.#request.n,
      maxTokens: this.#request.maxTokens,
      mostGeneratedTokens: Math.max(...choices.map((choice) => choice.numGeneratedTokens)),
      usage: { numPromptTokens, numGeneratedTokens, numReasoningTokens, numCachedTokens },
      timings: this.#timer.timings(),
      numWastedTokens: this.#numWastedTokens,
      ...(status === 'running' ? { seats: this.#seats() } : {}),
      ...(queuePosition === undefined ? {} : { queuePosition }),
      ...(this.#cancelCause === undefined ? {} : { cancelCause: this.#cancelCause }),
      ...(this.#error === undefined ? {} : { errorCode: this.#error.code }),
    };
  }

  #seats(): number[] {
    return this.#openChoices.flatMap(({ sequenceId }) => this.#host.seatOf(sequenceId) ?? []);
  }

  /** Of the choice that comes first. */
  #queuePosition(choices: readonly Choice[]): QueuePosition | undefined {
    const first = choices.find(({ isClosed }) => !isClosed);
    return first === undefined ? undefined : this.#host.queuePositionOf(first.sequenceId);
  }

  #status(choices: readonly Choice[]): RequestRecord['status'] {
    if (this.#numOpen > 0) return choices.some(({ started }) => started) ? 'running' : 'queued';
    if (this.#cancelCause !== undefined) return 'cancelled';
    return this.#error === undefined ? 'finished' : 'failed';
  }
}

/** How soon another replica, or the next process, may have the request. */
const SHUTDOWN_RETRY_MS = 1000;

const shutdownError = (): EngineError =>
  new EngineError(
    'engine_not_ready',
    'the service is shutting down before this answer has ended; send the request again',
    { retryAfterMs: SHUTDOWN_RETRY_MS },
  );
