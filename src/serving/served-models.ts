import type { Engine, ModelInfo } from '../engine/engine.ts';
import type { EngineError } from '../errors.ts';
import type { GenerationSource } from '../model/sampling-note.ts';

/** What routes and metrics know of the models that are served. The one implementation is ModelPool. */

export type ModelState = 'unloaded' | 'loading' | 'loaded' | 'failed';

/** A model as it stands; what only its files say is absent where they cannot be read. */
export interface ModelStatus {
  id: string;
  /** Further names of it, as MODEL_ALIASES has them; one may end in `*`. */
  aliases: readonly string[];
  state: ModelState;
  /** Served to requests that name no model, and never unloaded. */
  isDefault: boolean;
  architecture?: string;
  vocabSize?: number;
  /** Most tokens of prompt and completion together. */
  contextLength?: number;
  numParameters?: number;
  /** As ModelInfo has them; absent until it is loaded. */
  tokenizer?: ModelInfo['tokenizer'] | undefined;
  chatTemplate?: ModelInfo['chatTemplate'] | undefined;
  generationDefaults?: ModelInfo['generationDefaults'] | undefined;
  /** Who says how tokens are drawn where a request does not, and the same for people. */
  generationSource?: { from: GenerationSource['from']; note: string } | undefined;
  /** Bytes of its files. */
  sizeBytes?: number;
  /** Bytes it takes of the memory that models share, by its headers until it is loaded. */
  memoryBytes?: number;
  /** Bytes of its weights as they are held in memory, and of its KV cache; absent until it is loaded. */
  weightMemoryBytes?: number;
  kvCacheBytes?: number;
  /** For people; absent until it is loaded. */
  runtimeDescription?: string;
  device?: string;
  /** Unix time in seconds: when it became ready, or was pulled. */
  createdAt: number;
  /** Why it cannot be served, or the last load failed. */
  error?: EngineError;
}

/** The engine of a loaded model, which stays loaded until the lease is released. */
export interface EngineLease {
  readonly engine: Engine;
  /** Whole milliseconds that the model took to load; 0 where it was there. */
  readonly waitedMs: number;
  /** Harmless when repeated. */
  release(): void;
}

export interface AcquireOptions {
  /** Longest to wait while the model loads. */
  timeoutMs: number;
  /** Aborted when the client has left. */
  signal?: AbortSignal;
  /** Who waits: clients share the slots of those who do. */
  clientId?: string;
}

/** Why a model left memory. */
export type UnloadReason = 'idle' | 'memory';

/** Told of what happens, for metrics and logs. Must not throw. */
export interface PoolObserver {
  /** There is an engine for a model now, once for each; also told of those there were before. */
  onEngine?(modelId: string, engine: Engine): void;
  onLoaded?(modelId: string, durationMs: number, model: ModelInfo): void;
  onLoadFailed?(modelId: string, error: EngineError): void;
  onUnloaded?(modelId: string, reason: UnloadReason, freedBytes: number): void;
}

export interface ServedEngine {
  modelId: string;
  engine: Engine;
  isLoaded: boolean;
}

export interface ServedModels {
  /** Of the default model; the service is ready when it is. */
  readonly defaultEngine: Engine;
  /** Known before it is loaded. */
  readonly defaultModelId: string;
  /** Requests that wait while a model loads. */
  readonly numWaiting: number;
  /** What loaded models take of the memory that models share, and how much there is; undefined before the first. */
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number | undefined;
  /**
   * Refuses a client if no model has a free slot for it. Routes call it before they read the body: in an overload most
   * requests are refused, and a refusal should cost little.
   * @throws EngineError `queue_full`, `engine_not_ready`
   */
  checkRoom(clientId: string): void;
  /**
   * The engine of a model, which is loaded for it if need be. A request waits while its model loads, the default one at the
   * start included; an engine that is replaced is given as it is.
   * @throws EngineError `model_not_found`; while it loads `queue_full`, `request_timeout`, `insufficient_memory`; what its
   * load failed with
   */
  acquire(modelId: string | undefined, options: AcquireOptions): Promise<EngineLease>;
  /**
   * The id of the model that a name means, of the default one without a name.
   * @throws EngineError `model_not_found`
   */
  idOf(name: string | undefined): Promise<string>;
  /** Every model, the default first. */
  list(): Promise<ModelStatus[]>;
  /** @throws EngineError `model_not_found` */
  describe(modelId: string): Promise<ModelStatus>;
  /** Every engine that there ever was, loaded or not. */
  engines(): readonly ServedEngine[];
  observe(observer: PoolObserver): void;
}
