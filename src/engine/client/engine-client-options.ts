import type { EngineError } from '../../errors.ts';
import type { EngineProcess, EngineProcessEvents } from './process/engine-process.ts';
import type { KnownDefaults } from '../../model/sampling-note.ts';
import type { PrefixCacheScope } from './completion/to-sequence-request.ts';
import type { FallbackTemplate } from '../../chat-template/fallback-template.ts';
import type { DiskNote, EngineSettings, KvEventBatch } from '../protocol.ts';
import type { StartedTokenizer } from '../../text/start-tokenizer.ts';
import type { QueueBounds } from './queue/request-queue.ts';

export interface EngineClientOptions {
  settings: EngineSettings;
  bounds: QueueBounds;
  prefixCacheScope: PrefixCacheScope;
  /** What a model without a chat template chats by; without it such a model does not chat. */
  fallbackTemplate?: FallbackTemplate | undefined;
  /** How tokens are drawn where a client does not say it, by the operator; without it by the model's files or family. */
  givenDefaults?: KnownDefaults | undefined;
  /** Longest a request may take, whatever it asks for. */
  requestTimeoutMs: number;
  /** Longest that the engine process may give no sign of life while it has work, unless its steps take longer. */
  stepTimeoutMs: number;
  /** Longest that an engine process may take to load the model; ten minutes unless told otherwise. */
  loadTimeoutMs?: number | undefined;
  /** Told of what an operator should know: the engine process died, the model is back. */
  onIncident?: (message: string, error?: EngineError) => void;
  /** Told of what is wrong with the pages on disk. */
  onDiskNote?: (note: DiskNote) => void;
  /** Told of what happens to the pages of the cache, where the settings want it. */
  onKvEvents?: ((batch: KvEventBatch) => void) | undefined;
  now?: () => number;
  /** Makes the engine process, or leaves it to the client by `undefined`; tests put one in that they can break. */
  createProcess?:
    ((settings: EngineSettings, events: EngineProcessEvents) => EngineProcess | undefined) | undefined;
  /** The process of a model's tokenizer, where that was started before the client. */
  takeTokenizer?: ((modelPath: string) => StartedTokenizer | undefined) | undefined;
}
