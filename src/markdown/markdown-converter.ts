import { assertInvariant, EngineError, invalidField } from '../errors.ts';
import { IdleProcess } from '../process/idle-process.ts';
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
}

const MIB = 2 ** 20;
const START_TIMEOUT_MS = 20_000;
const SMALL: Limits = {
  deadlineMs: 10_000,
  maxHeapMb: 96,
  maxResidentBytes: 224 * MIB,
};
const LARGE: Limits = {
  deadlineMs: 30_000,
  maxHeapMb: 384,
  maxResidentBytes: 512 * MIB,
};
/** What is larger has a process of its own, so that small files do not wait for it. */
const MAX_SMALL_BYTES = 2 ** 18;
/** A process that has had nothing to do for so long is ended. */
const IDLE_MS = 10_000;

type ConverterProcess = IdleProcess<MarkdownSetup, MarkdownQuestion, MarkdownAnswer>;

/** Where files of a size are read, and how long each may take. */
interface Side {
  readonly process: ConverterProcess;
  readonly timeoutMs: number;
}

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
  readonly #small: Side;
  readonly #large: Side;

  constructor({ limits = {}, idleMs = IDLE_MS }: ConverterOptions = {}) {
    const [small, large] = [
      { ...SMALL, ...limits },
      { ...LARGE, ...limits },
    ];
    this.#small = { process: createProcess(small, idleMs), timeoutMs: small.deadlineMs };
    this.#large = { process: createProcess(large, idleMs), timeoutMs: large.deadlineMs };
  }

  /**
   * Takes the files out of a request's body.
   * @throws EngineError `invalid_request`; the signal's reason once that is aborted
   */
  async readUpload(bytes: Uint8Array, contentType: string, caller: ConversionCaller): Promise<Upload> {
    const toLossError = (how: string): EngineError => invalidField('body', `cannot be read: ${how}`);
    const question = { type: 'upload', bytes, contentType } as const;
    const { process, timeoutMs } = this.#sideOf(bytes);
    const answer = await process.run(question, { ...caller, timeoutMs, toLossError });
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
      const { process, timeoutMs } = this.#sideOf(file.bytes);
      const answer = await process.run(question, { ...caller, timeoutMs, toLossError });
      assertInvariant('mimeType' in answer, 'a file is answered by its conversion');
      return answer;
    } catch (error) {
      if (loss === undefined) throw error;
      return { mimeType: file.mimeType, error: `it is too much to be read: ${loss}` };
    }
  }

  #sideOf(bytes: Uint8Array): Side {
    return bytes.length > MAX_SMALL_BYTES ? this.#large : this.#small;
  }

  /** Ends its processes, and what waits for them. */
  async stop(): Promise<void> {
    await Promise.all([this.#small.process.stop(), this.#large.process.stop()]);
  }
}

const createProcess = (limits: Limits, idleMs: number): ConverterProcess =>
  new IdleProcess({
    entry: { name: 'markdown-worker', neighbour: import.meta.url },
    name: 'the conversion',
    setup: { maxResidentBytes: limits.maxResidentBytes },
    maxHeapMb: limits.maxHeapMb,
    startTimeoutMs: START_TIMEOUT_MS,
    idleMs,
  });
