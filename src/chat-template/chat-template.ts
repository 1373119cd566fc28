import { assertInvariant, invalidField, type EngineError } from '../errors.ts';
import { JsonMeasure } from '../json-measure.ts';
import type { ChatTemplateSource } from './renderer.ts';
import type { ReasoningFormat, ToolFormat } from './format/chat-format.ts';
import type { RenderQuestion, TemplateAnswer, TemplateQuestion } from './chat-template-worker.ts';
import type { ChatTemplateOrigin } from './fallback-template.ts';
import { JobProcess } from '../process/job-process.ts';

/** A thousand times what a template takes for a short conversation. */
const DEADLINE_MS = 2000;
/** Of a long one it may take so many times as long. */
const LONG_DEADLINES = 4;
/** A template takes as long for a value in its input as for so many characters, about. */
const CHARACTERS_PER_VALUE = 32;
/** Of a short conversation: some 10 ms of a template. */
const MAX_SHORT_SIZE = 2 ** 15;
/** Of all tools of a request; 128 tools as they are written take a quarter of it. */
const MAX_TOOLS = { characters: 2 ** 19, values: 2 ** 15 };
const START_TIMEOUT_MS = 20_000;
/** The process for long conversations ends so long after the last of them. */
const LONG_IDLE_MS = 5000;
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
 * its memory, one conversation after the other, the clients in turns. Long conversations have a process of their own,
 * so that no short one waits for them, or for a process that was ended by one.
 */
export class ChatTemplate {
  readonly origin: ChatTemplateOrigin;
  /** Where one comes in an answer, the answer is over: the template has no token for the end of a turn. */
  readonly stopStrings: readonly string[];
  /** Jinja. */
  readonly template: string;
  readonly #process: TemplateProcess;
  readonly #makeProcess: () => TemplateProcess;
  /** Undefined while there is no long conversation. */
  #longProcess: TemplateProcess | undefined;
  #numLong = 0;
  #isStopped = false;
  #longTimer: NodeJS.Timeout | undefined;
  readonly #deadlineMs: number;
  #toolFormat: ToolFormat | undefined;
  /** In a list, since a model may have none. */
  #reasoningFormat: readonly [ReasoningFormat | undefined] | undefined;

  constructor(source: ChatTemplateSource, options: ChatTemplateOptions = {}) {
    const { deadlineMs = DEADLINE_MS, startTimeoutMs = START_TIMEOUT_MS } = options;
    this.origin = options.origin ?? 'own';
    this.stopStrings = options.stopStrings ?? [];
    this.template = source.template;
    this.#deadlineMs = deadlineMs;
    const process = {
      entry: { name: 'chat-template-worker', neighbour: import.meta.url },
      name: "the model's chat template",
      setup: source,
      maxHeapMb: MAX_HEAP_MB,
      startTimeoutMs,
    };
    this.#makeProcess = () => new JobProcess(process);
    this.#process = this.#makeProcess();
  }

  /** Starts the process for short conversations before the first, which would wait for it; called once, or not at all. */
  warmUp(): void {
    // The first conversation starts another then, and says why that one failed.
    this.#process.start().catch(() => undefined);
  }

  /** Of its process for short conversations, which comes with the first. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /**
   * The text that a conversation becomes, up to where the assistant's answer begins; it holds the special tokens that
   * belong there. What the template cannot say of tools is put into words.
   *
   * @throws EngineError `invalid_request` where the template refuses the messages, where there is more of tools than is
   * taken, or where a long conversation takes too long; `weights_invalid` where the template fails on any, or does not
   * end of a short one; the signal's reason once that is aborted
   */
  async render(input: RenderQuestion, caller: TextCaller): Promise<string> {
    const question = { type: 'render', input } as const;
    const size = sizeOfTools(input) + sizeOf([input.messages, input.templateArguments]);
    const answer =
      size <= MAX_SHORT_SIZE ? await this.#ask(question, caller) : await this.#askLong(question, caller);
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

  async #askLong(
    question: TemplateQuestion & { type: 'render' },
    { clientId, signal }: TextCaller,
  ): Promise<TemplateAnswer> {
    const { messages, templateArguments } = question.input;
    const timeoutMs = LONG_DEADLINES * this.#deadlineMs;
    const toLossError = (how: string): EngineError => {
      const param = sizeOf([messages, templateArguments]) > MAX_SHORT_SIZE ? 'messages' : 'tools';
      return invalidField(param, `are too much to be rendered: ${how}; send less`);
    };
    clearTimeout(this.#longTimer);
    // Once it is stopped, the other one says so.
    const process = this.#isStopped ? this.#process : (this.#longProcess ??= this.#makeProcess());
    this.#numLong++;
    try {
      return await process.run(question, { clientId, signal, timeoutMs, param: 'messages', toLossError });
    } finally {
      if (--this.#numLong === 0) this.#endLongLater();
    }
  }

  #endLongLater(): void {
    this.#longTimer = setTimeout(() => {
      void this.#longProcess?.stop();
      this.#longProcess = undefined;
    }, LONG_IDLE_MS).unref();
  }

  /** Ends its processes, and what waits for them. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#longTimer);
    await Promise.all([this.#process.stop(), this.#longProcess?.stop()]);
  }
}

type TemplateProcess = JobProcess<ChatTemplateSource, void, TemplateQuestion, TemplateAnswer>;

/** How much of a value there is, in characters; of one that is no part of a short conversation, any such number. */
function sizeOf(value: unknown): number {
  const measured = new JsonMeasure(MAX_SHORT_SIZE);
  measured.add(value);
  return measured.numCharacters + CHARACTERS_PER_VALUE * measured.numValues;
}

/** @throws EngineError `invalid_request` for more than is taken */
function sizeOfTools({ tools = [] }: RenderQuestion): number {
  const { characters, values } = MAX_TOOLS;
  if (!new JsonMeasure(characters, values).add(tools)) {
    throw invalidField(
      'tools',
      `are too many: at most ${characters} characters as JSON, and ${values} values (objects, lists, texts, numbers), ` +
        'are taken',
    );
  }
  return sizeOf(tools);
}
