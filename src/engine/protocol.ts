import type { ErrorCode } from '../errors.ts';
import type { AttentionWeights } from '../model/inspect-attention.ts';
import type { Pooling } from '../model/pooling.ts';
import type { GrammarSource } from '../grammar/matching/token-grammar.ts';
import type { TokenTrieData } from '../grammar/matching/token-trie.ts';
import type { KvCacheRequest, RuntimeName, WeightFormat } from '../runtime/traits.ts';
import type { SamplingParams } from '../sampling/sampling-params.ts';
import type { ShownTokens } from '../tokenizer/token-bytes.ts';
import type { TokenTableData } from '../tokenizer/token-table.ts';
import type { ModelInfo, SampledToken, StepCounters } from './engine.ts';
import type { DiskCounts } from './disk-counts.ts';
import type { ReasoningTags } from './reasoning-meter.ts';

/**
 * What crosses the channel between the HTTP process (EngineClient) and the engine process (engine-worker.ts): plain data
 * that structured clone copies.
 */

/** How the engine process is to set itself up; JSON in its argument. */
export interface EngineSettings {
  modelPath: string;
  modelId: string;
  runtime: RuntimeName | 'auto';
  /** Whether `auto` may take the native kernels. */
  allowsNative: boolean;
  weights: WeightFormat;
  kvCacheFormat?: KvCacheRequest;
  numThreads: number | undefined;
  maxNumSeqs: number;
  maxModelLen: number | undefined;
  /** A model that was trained for fewer tokens gets those; else it is refused. */
  allowsShorter?: boolean;
  maxNumBatchedTokens: number;
  /** Most bytes for keys and values; undefined: by `freeMemoryBytes`. */
  kvCacheBytes: number | undefined;
  /** Memory that was free when the service started. */
  freeMemoryBytes: number;
  /** Prompts that begin alike share the keys and values of their beginning. */
  prefixCache: boolean;
  /** Where pages of long prefixes are kept in files, and how many bytes of them; undefined: nowhere. */
  prefixDisk?: { path: string; maxBytes: number } | undefined;
  /** The engine tells what happens to the pages of its cache. */
  kvEvents?: boolean;
  /** After so long without work pages that no sequence holds are forgotten; undefined or 0: never. */
  kvCacheIdleMs?: number;
  /** Sequences are drafted where it pays. */
  speculates: boolean;
  /** Memory that all models together may take; undefined: by what there is. */
  memoryLimitBytes: number | undefined;
}

export interface SequenceRequest {
  /** Never used twice in a process. */
  id: number;
  /** Whom it is computed for; clients have equal shares. */
  clientId: string;
  /** Of the client's own sequences that wait, the lowest starts first; undefined: 0. */
  priority?: number | undefined;
  promptTokenIds: readonly number[];
  /** Tokens in front of these. Sequences of one message share the list, of which structured clone makes one copy. */
  prefixTokenIds?: readonly number[];
  maxTokens: number;
  minTokens: number;
  /** Token ids that end the sequence; empty when end-of-text is to be ignored. */
  stopTokenIds: readonly number[];
  sampling: SamplingParams;
  /** The seed in force, and which of the choices that share it this is. */
  seed: number;
  stream: number;
  numLogprobs: number | undefined;
  promptLogprobs: boolean;
  /** Tokens whose logprobs behind the prompt are reported; `maxTokens` is 0 then. */
  scoredTokenIds?: readonly number[];
  /** It shares keys and values only with sequences of the same salt. */
  cacheSalt: string | undefined;
  /** Report each of its tokens at once: the client's side may find a stop string in it, or was asked for each token. */
  mayStopByText: boolean;
  /** What its text must look like; undefined: any text. The vocabulary was sent before. */
  grammar?: SequenceGrammar | undefined;
  /** How long its reasoning may be; undefined: as long as its text. The texts of tokens were sent before. */
  reasoning?: ReasoningLimit | undefined;
}

/** A bound on what stands between two tags. */
export interface ReasoningLimit extends ReasoningTags {
  maxTokens: number;
  /** The special tokens that are text. */
  shown: ShownTokens;
}

/** The bytes of the model's tokens, and which of them are no text unless a request says so. */
export interface TokenTexts {
  table: TokenTableData;
  specialTokenIds: readonly number[];
}

/** Grammars of the same key are the same. */
export interface SequenceGrammar {
  key: string;
  source: GrammarSource;
  /** Of memory, about. */
  numBytes: number;
}

export type ToWorker =
  /** The texts of the model's tokens; once, before the first sequence with a grammar. */
  | { type: 'vocabulary'; trie: TokenTrieData }
  /** Once, before the first sequence with a bound on its reasoning. */
  | ({ type: 'tokenTexts' } & TokenTexts)
  | { type: 'submit'; sequences: readonly SequenceRequest[] }
  | { type: 'cancel'; sequenceIds: readonly number[] }
  | { type: 'inspect'; id: number; clientId: string; tokenIds: readonly number[]; layers: readonly number[] }
  | { type: 'cancelInspection'; id: number }
  | { type: 'embed'; id: number; clientId: string; tokenIds: readonly number[]; pooling: Pooling }
  | { type: 'cancelEmbedding'; id: number }
  /** Answered by `alive`. */
  | { type: 'ping' }
  | { type: 'stop' };

/** An error as plain data. */
export interface SentError {
  code: ErrorCode;
  message: string;
  retryable: boolean;
  /** Of a defect: the places where it was thrown, for the log. */
  stack?: string;
}

/** `error`: it alone cannot go on; `SequenceUpdate.error` says why. */
export type SequenceFinish = 'stop' | 'length' | 'abort' | 'error';

export interface SequenceUpdate {
  id: number;
  /** Present with the first step that the sequence takes part in. */
  started?: true;
  /** With `started`, where it was looked for: tokens of the prompt that were in the cache. */
  numCachedTokens?: number;
  /** The token that this step yielded, if it yielded one. */
  token?: SampledToken;
  /** Logprobs of prompt tokens that this step computed, in order; the sequence's first token has none. */
  promptLogprobs?: readonly SampledToken[];
  /** Logprobs of `scoredTokenIds`, with the finish. */
  scores?: readonly number[];
  finish?: SequenceFinish;
  /** With the finish `error`. */
  error?: SentError;
}

/** What a step computes: the next tokens of sequences, of texts to be embedded, or a layer of an inspection. */
export type WorkKind = 'sequence' | 'embedding' | 'inspection';

/** Work that ended by a fault: which, and how long it was. */
export interface FailedWork {
  id: number;
  numTokens: number;
  /** Of these, tokens that were computed. */
  numComputedTokens: number;
}

/** How long a step may take before the engine process counts as hung. */
export interface StepBound {
  /** What the largest step that there can be is expected to take, in milliseconds. */
  largestStepMs: number;
}

export interface FinishedEmbedding {
  readonly id: number;
  /** The mean of the hidden states of its tokens, of length 1: [dim]. */
  readonly embedding: Float32Array;
}

/** What one step did; a sequence with a draft may have several updates, one a token. Counts are of this step; gauges are as it left them. */
export interface StepReport extends StepCounters {
  updates: readonly SequenceUpdate[];
  /** End of the step on the clock of all processes (`monotonicMs`). */
  endedAtMs: number;
  durationMs: number;
  gauges: EngineGauges;
}

/**
 * The sequence that runs in each seat of the cache, as the last step left them, up to the last seat that has one;
 * NO_SEQUENCE: none.
 */
export type SequenceOfSeat = readonly number[];

export const NO_SEQUENCE = -1;

export interface EngineGauges {
  numSeatsUsed: number;
  /** Pages of the cache that sequences hold, those of them that more than one holds, and those kept for later. */
  numPagesUsed: number;
  numPagesShared: number;
  numPagesKept: number;
  /** Pages that windows hold, where layers with a window have pages of their own. */
  numWindowPagesUsed: number;
  numTensors: number;
  runtimeBytes: number;
  engineResidentBytes: number;
}

/** What happened to the pages of the cache, in the order in which it did. */
export interface KvEventBatch {
  /** MessagePack: vLLM's KVEventBatch. */
  readonly payload: Uint8Array;
  readonly numEvents: number;
}

/** What an operator should know of the disk. No text of a client is in it. */
export interface DiskNote {
  readonly kind: 'damaged' | 'unusable' | 'unwritable' | 'slow' | 'unsupported';
  readonly reason: string;
}

/** Counts since the last report, and bytes of the model's pages on disk now. */
export interface DiskReport {
  readonly counts: DiskCounts;
  readonly numBytes: number;
  readonly notes: readonly DiskNote[];
}

export type FromWorker =
  | ({ type: 'ready'; model: ModelInfo; gauges: EngineGauges } & StepBound)
  /** The model cannot be served; the process ends. */
  | { type: 'failed'; code: ErrorCode; message: string; retryable: boolean }
  /** The last words of a process that something unforeseen brings down. */
  | { type: 'fault'; message: string }
  /** Steps in order; short ones are reported together. */
  | ({ type: 'steps'; reports: readonly StepReport[]; sequenceOfSeat: SequenceOfSeat } & StepBound)
  | { type: 'inspected'; id: number; weights: AttentionWeights }
  | { type: 'embedded'; finished: readonly FinishedEmbedding[] }
  /** Some work ended by a fault; the engine goes on with all else. */
  | {
      type: 'faulted';
      kind: WorkKind;
      failedWork: readonly FailedWork[];
      error: SentError;
      gauges: EngineGauges;
    }
  /** A sign of life where nothing else was to be said for a while. */
  | ({ type: 'alive'; mayCompile: boolean } & StepBound)
  | ({ type: 'disk' } & DiskReport)
  | ({ type: 'kvEvents' } & KvEventBatch)
  /** Something has changed without a step. */
  | { type: 'gauges'; gauges: EngineGauges }
  /** Sequences that left because of a cancel, and what is left. */
  | { type: 'cancelled'; sequenceIds: readonly number[]; gauges: EngineGauges };
