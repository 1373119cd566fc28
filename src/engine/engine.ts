import type { EngineError } from '../errors.ts';
import type { ModelPooling, Pooling } from '../model/pooling.ts';
import type { KnownDefaults } from '../model/sampling-note.ts';
import type { AttentionWeights } from '../model/inspect-attention.ts';
import type { RuntimeName } from '../runtime/traits.ts';
import type { SampledToken } from '../sampling/sampler.ts';
import type { CompiledGrammar } from '../text/grammar-compiler.ts';
import type { ChatTemplateOrigin } from '../chat-template/fallback-template.ts';
import type { ServedTokenizer } from '../text/served-tokenizer.ts';
import type { DiskCounts } from './disk-counts.ts';
import type { GenerationParams } from './generation-params.ts';
import type { ReasoningTags } from './reasoning-meter.ts';

/**
 * What the rest of the service knows of the engine: completions go in, events come out. The one implementation is
 * EngineClient, which keeps the transformer in a process of its own.
 */

export type EngineState = 'loading' | 'ready' | 'draining' | 'stopped';

/** `stop`: end-of-text or a stop string; `length`: max_tokens; `abort`: the client, a DELETE or a deadline. */
export type FinishReason = 'stop' | 'length' | 'abort' | 'error';

export interface ModelInfo extends Partial<KnownDefaults> {
  /** The id clients name in `model`. */
  id: string;
  architecture: string;
  vocabSize: number;
  /** Width of a hidden state. */
  dim: number;
  numLayers: number;
  /** Of queries, in each layer. */
  numHeads: number;
  /** Tokens that end a sequence. */
  eosTokenIds: readonly number[];
  /** For people: the kind of its tokenizer, as its files name it, and how many tokens that one has. */
  tokenizer?: { kind: string | undefined; vocabSize: number };
  /** Where the chat template comes from; absent: the model cannot chat. */
  chatTemplate?: ChatTemplateOrigin;
  /** Of the template's text. */
  chatTemplateDigest?: string;
  /** How it embeds a text; absent: by the mean, since its files are not read yet. */
  pooling?: ModelPooling;
  /** Of the model's files, see `filesDigest`. */
  filesDigest: string;
  /** Most tokens of prompt and completion together. */
  contextLength: number;
  numParameters: number;
  /** Bytes of the weights in their files. */
  weightBytes: number;
  /** For people: file format and number formats. */
  weightFormat: string;
  /** Bytes that the weights take in memory. */
  weightMemoryBytes: number;
  runtime: RuntimeName;
  /** For people: backend, instruction set, threads. */
  runtimeDescription: string;
  /** The processor or GPU that computes, as its driver names it. */
  device: string;
  /** For people: why this runtime, where it was not asked for by name. */
  runtimeReason?: string;
  numThreads: number;
  maxNumSeqs: number;
  /** Tokens that the KV cache holds in all seats together. */
  kvCacheTokens: number;
  kvCacheBytes: number;
  /** What the model takes of the memory that all models share, of the device or of the machine, and how much that is. */
  memoryBytes: number;
  memoryLimitBytes: number;
  /** Unix time in seconds at which the model was ready. */
  createdAt: number;
}

export interface EmbedOptions {
  /** Whom it is for; by default the service itself. */
  readonly clientId?: string;
  /** By default the mean. */
  readonly pooling?: Pooling;
}

/** One HTTP request: `prompts.length * n` sequences, which are admitted together or not at all. */
export interface CompletionRequest extends GenerationParams {
  id: string;
  /** Who may see its record and cancel it, and whose prompts it shares keys and values with; '': the service. */
  ownerId: string;
  /** Token ids, one non-empty list a prompt. */
  prompts: readonly (readonly number[])[];
  /** Token ids that each prompt begins with, in front of its own: so hundreds of prompts cost what they differ in. */
  prefixTokenIds?: readonly number[];
  /** Special tokens that are written into the text all the same: tags that the client's half reads. */
  shownTokenIds?: ReadonlySet<number> | undefined;
  /** What its texts must look like; undefined: any text. */
  grammar?: CompiledGrammar | undefined;
  /** Where its texts reason; undefined: they do not. */
  reasoningSpan?: ReasoningSpan | undefined;
  /**
   * Tokens whose logprobs are wanted in the place behind each prompt; they come with the finish. With `maxTokens` 0
   * alone: nothing is drawn.
   */
  scoredTokenIds?: readonly number[];
}

/** What a model writes for itself before it answers. */
export interface ReasoningSpan extends ReasoningTags {
  /** Most tokens of it; then the closing tag follows. Undefined: as many as it likes. */
  readonly maxTokens: number | undefined;
}

/** `index` is the choice: `promptIndex * n + i`. */
export type CompletionEvent =
  /** Logprobs of the prompt's tokens, once for each prompt; the first token has none. */
  | { type: 'prompt'; promptIndex: number; tokens: readonly SampledToken[] }
  /** New tokens, and the text that became final with them (it lags while a character or a stop string is open). */
  | { type: 'delta'; index: number; text: string; tokens: readonly SampledToken[] }
  | {
      type: 'finish';
      index: number;
      finishReason: FinishReason;
      stopString?: string;
      /** Logprobs of `scoredTokenIds`, in their order. */
      scores?: readonly number[];
    };

export interface Usage {
  numPromptTokens: number;
  numGeneratedTokens: number;
  /** Of these, tokens between the tags of reasoning. */
  numReasoningTokens: number;
  /**
   * Prompt tokens whose keys and values were found in the cache; of several choices of one prompt those of the first,
   * since the prompt counts once.
   */
  numCachedTokens: number;
}

/** Milliseconds on a monotonic clock; absent when that point was never reached. */
export interface Timings {
  /** From arrival until the first of the request's sequences joined a step. */
  queueMs?: number;
  /** From arrival until the first token. */
  ttftMs?: number;
  /** Mean gap between tokens after the first. */
  tpotMs?: number;
  /** From arrival until the end. */
  totalMs: number;
}

export type { TokenLogprob } from '../sampling/logprobs.ts';
export type { SampledToken } from '../sampling/sampler.ts';
export type { AttentionWeights } from '../model/inspect-attention.ts';
export type { ChatMessage } from '../chat-template/renderer.ts';

/** Where a request stands that waits for a seat. An estimate: see src/engine/client/queue/estimate-positions.ts. */
export interface QueuePosition {
  /** Which of the waiting sequences the request's first one is expected to be, from 1. */
  position: number;
  /** Sequences that wait. */
  numWaiting: number;
}

/** What is known of a request while it runs and for a while after it ended. */
export interface RequestRecord {
  id: string;
  ownerId: string;
  status: 'queued' | 'running' | 'finished' | 'cancelled' | 'failed';
  /** While it runs: the seats of the cache that its sequences have. One that was preempted has none. */
  seats?: readonly number[];
  /** While it is queued, once the engine process has it. */
  queuePosition?: QueuePosition;
  /** Why it was cancelled: the client hung up, a DELETE, the deadline, or the service stopped. */
  cancelCause?: CancelCause;
  errorCode?: EngineError['code'];
  finishReasons: readonly FinishReason[];
  /** Completions asked for each prompt, and most tokens of each. */
  n: number;
  maxTokens: number;
  usage: Usage;
  /** Tokens of the longest of its completions. */
  mostGeneratedTokens: number;
  timings: Timings;
  /** Tokens computed for a client that was gone already. */
  numWastedTokens: number;
}

export type CancelCause = 'disconnect' | 'delete' | 'timeout' | 'shutdown';

/** A running request. Iterate it once; it throws EngineError when the engine fails or the deadline passes. */
export interface Completion extends AsyncIterable<CompletionEvent> {
  readonly id: string;
  /** Stops all sequences within one step. The iteration ends with `finishReason: 'abort'` for each open choice. */
  cancel(cause: CancelCause): void;
  /** Whether one of its sequences has a seat within so many milliseconds, or all are over. Called at most once. */
  startedWithin(ms: number): Promise<boolean>;
  /** The request as it stands now; final once the iteration is over. */
  record(): RequestRecord;
}

/** What steps are counted by: in the report of one step, and summed up in EngineStats. */
export interface StepCounters {
  /** Rows of tokens computed, and rows of padding that the runtime computed beside them. */
  numRows: number;
  numPaddedRows: number;
  /** Query-key pairs scored in attention: useful ones, and what one rectangular padded batch would have scored. */
  numScores: number;
  numRectangularScores: number;
  /** Prompt tokens computed, each counted once. */
  numComputedPromptTokens: number;
  /** Times a sequence was stopped for another, and tokens computed once more for that. */
  numPreemptions: number;
  /** Pages of the cache whose tokens had to go. */
  numEvictedPages: number;
  numRecomputedTokens: number;
  /** Prompt tokens looked for in the prefix cache, and those that were there. */
  numPrefixCacheQueries: number;
  numPrefixCacheHits: number;
  /** Tokens of drafts computed, and those that their sequences drew as well. */
  numDraftTokens: number;
  numAcceptedDraftTokens: number;
  /** Time in the model's forward pass. */
  modelMs: number;
  /** Time for formats: masks, tokens without alternative, and formats of sequences that arrived before the step. */
  formatMs: number;
}

/** Gauges and counters since the engine started; counters never fall, not even when the worker is replaced. */
export interface EngineStats extends StepCounters, DiskCounts {
  /** Sequences that have started and not ended: more than seats while some are preempted. */
  numSequencesRunning: number;
  numSequencesWaiting: number;
  numTokensWaiting: number;
  maxNumSeqs: number;
  numSeatsUsed: number;
  kvCacheTokens: number;
  numPagesUsed: number;
  numPagesShared: number;
  numPagesKept: number;
  numWindowPagesUsed: number;
  /** Of the model's pages on disk, as of half a second ago at most. */
  numDiskBytes: number;
  numTensors: number;
  runtimeBytes: number;
  /** Resident memory of the engine's process, as of a second ago at most. */
  engineResidentBytes: number;
  numSteps: number;
  numGeneratedTokens: number;
  numWastedTokens: number;
  numRestarts: number;
}

/** Told of what happens, for metrics and logs. Must not throw. */
export interface EngineObserver {
  onFinished?(record: RequestRecord): void;
  /** One step of the engine: real rows in it and its duration. */
  onStep?(numRows: number, durationMs: number): void;
  /** Gap between two tokens of one sequence. */
  onInterTokenLatency?(ms: number): void;
  /** Its last sequence has left. */
  onIdle?(): void;
}

/** Slots a request holds in the bounded queue from its arrival on. */
export interface Reservation {
  readonly clientId: string;
  /** Its slots. A request may have more sequences: each of the others takes over the place of one that starts. */
  readonly numSequences: number;
  /** When it was made, on the clock of all processes: from then on the request's time counts. */
  readonly reservedAtMs: number;
  /**
   * Takes room for so many tokens in the queue as well, in place of what it has. It may be called again once more
   * is known; it throws `invalid_request`, naming the field, for more than can ever wait, `queue_full` for more than
   * can now.
   */
  takeTokens(numTokens: number, param: string): void;
  /** Gives back the slots beyond so many. */
  shrinkTo(numSequences: number): void;
  /** Gives all slots back; harmless after `submit` took them over. */
  release(): void;
  /** All slots belong to the sequences of an admitted request now. */
  takeOver(): void;
}

export interface Engine {
  readonly state: EngineState;
  /** Throws `engine_not_ready` until the model is loaded. */
  readonly model: ModelInfo;
  readonly tokenizer: ServedTokenizer;
  /**
   * Looks whether `reserve` would take a single sequence.
   * Throws what it would throw.
   */
  checkRoom(clientId: string): void;
  /**
   * Takes `numSequences` slots in the queue before any work is done for the request.
   * Throws `queue_full` with `retryAfterMs` from the measured drain rate, or `engine_not_ready`.
   * @param clientId whom they are for; by default the service itself
   */
  reserve(numSequences: number, clientId?: string): Reservation;
  /**
   * Admits a request by its reservation and starts it. At most as many of its sequences wait at a time as the
   * reservation has slots; the others follow one by one, and none of them is refused.
   * Throws `context_length_exceeded`, `invalid_request` or `queue_full` (the queue's token bound).
   * A sequence that cannot be finished ends the request with its error, and its other sequences with it.
   */
  submit(request: CompletionRequest, reservation: Reservation): Completion;
  /**
   * What every head of some layers looks at in a prompt: [layers][heads][tokens][tokens], each row sums to 1.
   * Waits for a free seat; rejects with `backend_failure` when the engine fails meanwhile, and with the signal's reason
   * once that is aborted.
   */
  inspectAttention(
    tokenIds: readonly number[],
    layers: readonly number[],
    signal: AbortSignal,
    clientId?: string,
  ): Promise<AttentionWeights>;
  /**
   * The hidden states that the model has of a text's tokens, pooled, of length 1: [dim].
   * Waits for a free seat; rejects with `backend_failure` when the engine fails meanwhile, and with the signal's reason
   * once that is aborted. Throws `context_length_exceeded` or `invalid_request`.
   */
  embed(tokenIds: readonly number[], signal: AbortSignal, options?: EmbedOptions): Promise<Float32Array>;
  /** An owner's request with that id, running or recently ended; without `ownerId` any owner's. */
  find(requestId: string, ownerId?: string): RequestRecord | undefined;
  /** The first so many requests of an owner that have not ended, or of all, in the order in which they came. */
  unfinished(most: number, ownerId?: string): RequestRecord[];
  /** Cancels a running request of an owner, or of any; false when there is none of that id. */
  cancel(requestId: string, cause: CancelCause, ownerId?: string): boolean;
  stats(): EngineStats;
  /** Asks an idle engine for a sign of life; one that gives none is replaced, as one that does not go on with its work. */
  ping(): void;
  observe(observer: EngineObserver): void;
}

/** An engine as the model pool holds it: the pool decides when its model is in memory. */
export interface ManagedEngine extends Engine {
  /**
   * Loads tokenizer and model; once more after a `stop`, with its counters and records as they were.
   * @throws EngineError `backend_unavailable`, `weights_invalid`, `config_invalid`, `insufficient_memory`,
   * `backend_failure`; `engine_not_ready` when it is stopped meanwhile
   */
  start(): Promise<void>;
  /** Takes no new work and lets what is there finish; what has not by then ends with an error. */
  drain(timeoutMs: number): Promise<void>;
  /** Lets go of the model at once, also of one that still loads. */
  stop(): Promise<void>;
}
