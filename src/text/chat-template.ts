import { assertInvariant } from '../errors.ts';
import type { ChatTemplateSource } from '../tokenizer/chat-template-renderer.ts';
import type { ReasoningFormat, ToolFormat } from './chat-format/chat-format.ts';
import type { RenderQuestion, TemplateAnswer, TemplateQuestion } from './chat-template-worker.ts';
import type { ChatTemplateOrigin } from './fallback-template.ts';
import { JobProcess } from './job-process.ts';

/** A thousand times what a template takes. */
const DEADLINE_MS = 2000;
const START_TIMEOUT_MS = 20_000;
const MAX_HEAP_MB = 128;

export interface ChatTemplateOptions {
  deadlineMs?: number;
  startTimeoutMs?: number;
  /** `own` unless told otherwise. */
  origin?: ChatTemplateOrigin;
  /** See `stopStrings`; none unless told otherwise. */
  stopStrings?: readonly string[];
}

/** Who waits for a text, and until when. */
export interface TextCaller {
  readonly clientId: string;
  /** Aborted when the client is gone, or its time is over. */
  readonly signal: AbortSignal;
}

/**
 * A model's chat template. It is a program from somewhere else: it runs in a process with a deadline and a bound on
 * its memory, one conversation after the other, the clients in turns.
 */
export class ChatTemplate {
  readonly origin: ChatTemplateOrigin;
  /** Where one comes in an answer, the answer is over: the template has no token for the end of a turn. */
  readonly stopStrings: readonly string[];
  readonly #process: JobProcess<ChatTemplateSource, void, TemplateQuestion, TemplateAnswer>;
  readonly #deadlineMs: number;
  #toolFormat: ToolFormat | undefined;
  /** In a list, since a model may have none. */
  #reasoningFormat: readonly [ReasoningFormat | undefined] | undefined;

  constructor(source: ChatTemplateSource, options: ChatTemplateOptions = {}) {
    const { deadlineMs = DEADLINE_MS, startTimeoutMs = START_TIMEOUT_MS } = options;
    this.origin = options.origin ?? 'own';
    this.stopStrings = options.stopStrings ?? [];
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
   * belong there. What the template cannot say of tools is put into words.
   *
   * @throws EngineError `invalid_request` where the template refuses the messages, `weights_invalid` where it fails on
   * any, or does not end; the signal's reason once that is aborted
   */
  async render(input: RenderQuestion, caller: TextCaller): Promise<string> {
    const answer = await this.#ask({ type: 'render', input }, caller);
    assertInvariant(answer.type === 'render', 'a conversation is answered by its text');
    return answer.text;
  }

  /**
   * How the model writes calls; found once.
   * @throws EngineError `weights_invalid` where the template does not end; the signal's reason once that is aborted
   */
  async toolFormat(caller: TextCaller): Promise<ToolFormat> {
    if (this.#toolFormat !== undefined) return this.#toolFormat;
    const answer = await this.#ask({ type: 'tools' }, caller);
    assertInvariant(answer.type === 'tools', 'a question about tools is answered by their format');
    return (this.#toolFormat = answer.format);
  }

  /**
   * How the model writes its reasoning; found once. Undefined: it has none.
   * @throws EngineError as `toolFormat`
   */
  async reasoningFormat(caller: TextCaller): Promise<ReasoningFormat | undefined> {
    if (this.#reasoningFormat !== undefined) return this.#reasoningFormat[0];
    const answer = await this.#ask({ type: 'reasoning' }, caller);
    assertInvariant(answer.type === 'reasoning', 'a question about reasoning is answered by its format');
    this.#reasoningFormat = [answer.format];
    return answer.format;
  }

  #ask(question: TemplateQuestion, { clientId, signal }: TextCaller): Promise<TemplateAnswer> {
    return this.#process.run(question, { clientId, signal, timeoutMs: this.#deadlineMs, param: 'messages' });
  }

  /** Ends its process, and what waits for it. */
  stop(): Promise<void> {
    return this.#process.stop();
  }
}
