import type { ChatMessage, ChatTemplateSource } from '../tokenizer/chat-template-renderer.ts';
import { JobProcess } from './job-process.ts';

/** A thousand times what a template takes. */
const DEADLINE_MS = 2000;
const START_TIMEOUT_MS = 20_000;
const MAX_HEAP_MB = 128;

export interface ChatTemplateLimits {
  deadlineMs?: number;
  startTimeoutMs?: number;
}

/** Who waits for a text, and until when. */
export interface TextCaller {
  readonly clientId: string;
  /** Aborted when the client is gone, or its time is over. */
  readonly signal: AbortSignal;
}

/**
 * A model's own chat template. It is a program from somewhere else: it runs in a process with a deadline and a bound on
 * its memory, one conversation after the other, the clients in turns.
 */
export class ChatTemplate {
  /** Jinja. */
  readonly template: string;
  readonly #process: JobProcess<ChatTemplateSource, void, readonly ChatMessage[], string>;
  readonly #deadlineMs: number;

  constructor(source: ChatTemplateSource, limits: ChatTemplateLimits = {}) {
    const { deadlineMs = DEADLINE_MS, startTimeoutMs = START_TIMEOUT_MS } = limits;
    this.template = source.template;
    this.#deadlineMs = deadlineMs;
    this.#process = new JobProcess({
      entry: 'chat-template-worker',
      name: "the model's chat template",
      setup: source,
      maxHeapMb: MAX_HEAP_MB,
      startTimeoutMs,
    });
  }

  /** Of its process, which comes with the first conversation. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /**
   * The text that a conversation becomes, up to where the assistant's answer begins; it holds the special tokens that
   * belong there.
   *
   * @throws EngineError `invalid_request` where the template refuses the messages, `weights_invalid` where it fails on
   * any, or does not end; the signal's reason once that is aborted
   */
  render(messages: readonly ChatMessage[], caller: TextCaller): Promise<string> {
    const { clientId, signal } = caller;
    return this.#process.run(messages, {
      clientId,
      signal,
      timeoutMs: this.#deadlineMs,
      param: 'messages',
    });
  }

  /** Ends its process, and what waits for it. */
  stop(): Promise<void> {
    return this.#process.stop();
  }
}
