import { assertInvariant, EngineError, invalidField } from '../errors.ts';
import { JobProcess } from '../process/job-process.ts';
import type { Conversion, ConversionOptions, SourceFile } from './conversion.ts';
import type { MarkdownAnswer, MarkdownQuestion, MarkdownSetup } from './markdown-worker.ts';
import type { Upload } from './upload.ts';

/** Whose turn a conversion takes, and until when it is wanted. */
export interface ConversionCaller {
  readonly clientId: string;
  readonly signal: AbortSignal;
}

interface Limits {
  readonly deadlineMs: number;
  readonly maxHeapMb: number;
  readonly maxResidentBytes: number;
  readonly startTimeoutMs: number;
}

const MIB = 2 ** 20;
const START_TIMEOUT_MS = 20_000;
const SMALL: Limits = {
  deadlineMs: 10_000,
  maxHeapMb: 96,
  maxResidentBytes: 224 * MIB,
  startTimeoutMs: START_TIMEOUT_MS,
};
const LARGE: Limits = {
  deadlineMs: 30_000,
  maxHeapMb: 384,
  maxResidentBytes: 512 * MIB,
  startTimeoutMs: START_TIMEOUT_MS,
};
/** What is larger has a process of its own, so that small files do not wait for it. */
const MAX_SMALL_BYTES = 2 ** 18;
/** A process that has had nothing to do for so long is ended. */
const IDLE_MS = 10_000;

interface ConverterOptions {
  /** In the place of the limits of small files and of large ones. */
  readonly limits?: Partial<Limits>;
  readonly idleMs?: number;
}

/**
 * Converts files to Markdown. Their bytes come from clients and may be made to loop or to fill the memory when they are
 * read, so they are read in a process with limits on both, one file after the other, the clients in turns. A file that
 * ends this process is told of by its own error.
 */
export class MarkdownConverter {
  readonly #small: IdleProcess;
  readonly #large: IdleProcess;

  constructor({ limits = {}, idleMs = IDLE_MS }: ConverterOptions = {}) {
    this.#small = new IdleProcess({ ...SMALL, ...limits }, idleMs);
    this.#large = new IdleProcess({ ...LARGE, ...limits }, idleMs);
  }

  /**
   * Takes the files out of a request's body.
   * @throws EngineError `invalid_request`; the signal's reason once that is aborted
   */
  async readUpload(bytes: Uint8Array, contentType: string, caller: ConversionCaller): Promise<Upload> {
    const toLossError = (how: string): EngineError => invalidField('body', `cannot be read: ${how}`);
    const question = { type: 'upload', bytes, contentType } as const;
    const answer = await this.#processFor(bytes).run(question, { ...caller, toLossError });
    assertInvariant('json' in answer, 'a body is answered by its files');
    return answer;
  }

  /** @throws EngineError the signal's reason once that is aborted; `backend_failure` where there is no process */
  async convert(file: SourceFile, options: ConversionOptions, caller: ConversionCaller): Promise<Conversion> {
    let loss: string | undefined;
    const toLossError = (how: string): EngineError => {
      loss = how;
      return new EngineError('invalid_request', how);
    };
    const question = { type: 'convert', file, options } as const;
    try {
      const answer = await this.#processFor(file.bytes).run(question, { ...caller, toLossError });
      assertInvariant('mimeType' in answer, 'a file is answered by its conversion');
      return answer;
    } catch (error) {
      if (loss === undefined) throw error;
      return { mimeType: file.mimeType, error: `it is too much to be read: ${loss}` };
    }
  }

  #processFor(bytes: Uint8Array): IdleProcess {
    return bytes.length > MAX_SMALL_BYTES ? this.#large : this.#small;
  }

  /** Ends its processes, and what waits for them. */
  async stop(): Promise<void> {
    await Promise.all([this.#small.stop(), this.#large.stop()]);
  }
}

type Process = JobProcess<MarkdownSetup, void, MarkdownQuestion, MarkdownAnswer>;

/** A process that is there from its first job until it has had none for a while. */
class IdleProcess {
  readonly #limits: Limits;
  readonly #idleMs: number;
  #process: Process | undefined;
  #numJobs = 0;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: Limits, idleMs: number) {
    this.#limits = limits;
    this.#idleMs = idleMs;
  }

  async run(
    question: MarkdownQuestion,
    options: ConversionCaller & { toLossError: (how: string) => EngineError },
  ): Promise<MarkdownAnswer> {
    if (this.#isStopped)
      throw new EngineError('engine_not_ready', 'the service is stopping; try again later');
    clearTimeout(this.#timer);
    this.#process ??= this.#create();
    this.#numJobs++;
    try {
      return await this.#process.run(question, { ...options, timeoutMs: this.#limits.deadlineMs });
    } finally {
      if (--this.#numJobs === 0) this.#endLater();
    }
  }

  #create(): Process {
    const { maxHeapMb, maxResidentBytes, startTimeoutMs } = this.#limits;
    return new JobProcess({
      entry: { name: 'markdown-worker', neighbour: import.meta.url },
      name: 'the conversion',
      setup: { maxResidentBytes },
      maxHeapMb,
      startTimeoutMs,
    });
  }

  #endLater(): void {
    this.#timer = setTimeout(() => {
      void this.#process?.stop();
      this.#process = undefined;
    }, this.#idleMs).unref();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#process?.stop();
  }
}
