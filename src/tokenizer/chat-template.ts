import type { ChildProcess } from 'node:child_process';
import { EngineError } from '../errors.ts';
import { forkSibling } from '../sibling-process.ts';
import type { ChatMessage, ChatTemplateSource } from './chat-template-renderer.ts';
import type { FromChatTemplate, ToChatTemplate } from './chat-template-worker.ts';

/** A thousand times what a template takes. */
const DEADLINE_MS = 2000;
const MAX_HEAP_MB = 128;

interface Job {
  messages: readonly ChatMessage[];
  resolve(text: string): void;
  reject(error: EngineError): void;
}

/**
 * A model's own chat template. It is a program from somewhere else: it runs in a process with a deadline and a bound on
 * its memory, one conversation after the other, and a process that passes either is replaced.
 */
export class ChatTemplate {
  readonly #source: ChatTemplateSource;
  readonly #deadlineMs: number;
  readonly #waiting: Job[] = [];
  #job: Job | undefined;
  #child: ChildProcess | undefined;
  #isReady = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: ChatTemplateSource, { deadlineMs = DEADLINE_MS }: { deadlineMs?: number } = {}) {
    this.#source = source;
    this.#deadlineMs = deadlineMs;
  }

  /**
   * The text that a conversation becomes, up to where the assistant's answer begins; it holds the special tokens that
   * belong there.
   *
   * @throws EngineError `invalid_request` where the template refuses the messages, `weights_invalid` where it fails on
   * any, or does not end
   */
  render(messages: readonly ChatMessage[]): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ messages, resolve, reject });
      this.#next();
    });
  }

  /** Ends its process. A conversation that comes later is given a new one. */
  dispose(): void {
    const child = this.#child;
    this.#child = undefined;
    this.#isReady = false;
    child?.kill('SIGKILL');
    clearTimeout(this.#timer);
    const jobs = [this.#job ?? [], this.#waiting.splice(0)].flat();
    this.#job = undefined;
    for (const job of jobs) {
      job.reject(new EngineError('engine_not_ready', 'the model was unloaded; try again later'));
    }
  }

  #next(): void {
    if (this.#job !== undefined || this.#waiting.length === 0) return;
    this.#child ??= this.#start();
    if (!this.#isReady) return;
    this.#job = this.#waiting.shift();
    send(this.#child, { type: 'render', messages: this.#job?.messages ?? [] });
    this.#timer = setTimeout(
      () => this.#replace(`did not end within ${this.#deadlineMs} ms`),
      this.#deadlineMs,
    );
  }

  #start(): ChildProcess {
    const child = spawnWorker();
    // An idle process does not keep the service alive.
    child.unref();
    child.channel?.unref();
    child.on('message', (message: FromChatTemplate) => {
      if (child === this.#child) this.#receive(message);
    });
    const onEnd = (reason: string): void => {
      if (child === this.#child) this.#replace(`took its process with it (${reason})`);
    };
    child.once('close', (exitCode, signal) =>
      // V8 aborts where memory ends.
      onEnd(`${signal ?? `exit code ${exitCode ?? 'unknown'}`}; it may use ${MAX_HEAP_MB} MiB of memory`),
    );
    child.once('error', (error) => onEnd(error.message));
    send(child, { type: 'template', source: this.#source });
    return child;
  }

  #receive(message: FromChatTemplate): void {
    if (message.type === 'ready') {
      this.#isReady = true;
      this.#next();
      return;
    }
    this.#end((job) => {
      if (message.type === 'text') job.resolve(message.text);
      else {
        const { code, message: text, param } = message;
        job.reject(new EngineError(code, text, param === undefined ? {} : { param }));
      }
    });
  }

  /** Fails the conversation at hand; the next one gets a new process. */
  #replace(reason: string): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
    this.#isReady = false;
    // A process that could not even start fails whoever waits first, else it would be tried without end.
    this.#job ??= this.#waiting.shift();
    this.#end((job) => job.reject(new EngineError('weights_invalid', `the model's chat template ${reason}`)));
  }

  #end(settle: (job: Job) => void): void {
    clearTimeout(this.#timer);
    const job = this.#job;
    this.#job = undefined;
    if (job !== undefined) settle(job);
    this.#next();
  }
}

/** Lost when the process is gone: its end is on the way. */
function send(child: ChildProcess, message: ToChatTemplate): void {
  child.send(message, () => undefined);
}

function spawnWorker(): ChildProcess {
  return forkSibling(import.meta.url, 'chat-template-worker', {
    execArgv: [`--max-old-space-size=${MAX_HEAP_MB}`],
  });
}
