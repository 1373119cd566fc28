import { assertInvariant, EngineError, invalidField } from '../errors.ts';
import { IdleProcess, type IdleProcessOptions } from '../process/idle-process.ts';
import { ProcessPool } from '../process/process-pool.ts';
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
/** What is larger has processes of its own, so that small files do not wait for it. */
const MAX_SMALL_BYTES = 2 ** 18;
/** What takes longer than most small files is begun anew there, so that the others do not wait for it either. */
const QUICK_MS = 1000;
/** What takes longer than most large files is begun anew as a slow one: slow files have one process at most. */
const QUICK_LARGE_MS = 5000;
/**
 * For large files. A client has one at most, so that no client alone holds up the large files of others. Each takes the
 * memory of `LARGE`.
 */
const LARGE_PROCESSES = 2;
/** A process that has had nothing to do for so long is ended. */
const IDLE_MS = 10_000;

interface ConverterOptions {
  /** In the place of the limits of small files and of large ones. */
  readonly limits?: Partial<Limits>;
  readonly idleMs?: number;
}

/**
 * Converts files to Markdown. Their bytes come from clients and may be made to loop or to fill the memory when they are
 * read, so they are read in processes with limits on both: small files one after the other, large ones in one process for
 * each client that has some, as far as there are processes. A file that turns out to be slow is begun anew, and waits for
 * other slow files alone. Clients take turns. A file that ends its process is told of by its own error.
 */
export class MarkdownConverter {
  readonly #small: IdleProcess<MarkdownSetup, MarkdownQuestion, MarkdownAnswer>;
  readonly #large: ProcessPool<MarkdownSetup, MarkdownQuestion, MarkdownAnswer>;
  /** Longest for a small file and for a large one. */
  readonly #smallMs: number;
  readonly #largeMs: number;

  constructor({ limits = {}, idleMs = IDLE_MS }: ConverterOptions = {}) {
    const [small, large] = [
      { ...SMALL, ...limits },
      { ...LARGE, ...limits },
    ];
    this.#small = new IdleProcess(toOptions(small, idleMs));
    this.#large = new ProcessPool(LARGE_PROCESSES, toOptions(large, idleMs));
    this.#smallMs = small.deadlineMs;
    this.#largeMs = large.deadlineMs;
  }

  /**
   * Takes the files out of a request's body.
   * @throws EngineError `invalid_request`; the signal's reason once that is aborted
   */
  async readUpload(bytes: Uint8Array, contentType: string, caller: ConversionCaller): Promise<Upload> {
    const toLossError = (how: string): EngineError => invalidField('body', `cannot be read: ${how}`);
    const question = { type: 'upload', bytes, contentType } as const;
    const answer = await this.#ask(question, bytes, { ...caller, toLossError });
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
      const answer = await this.#ask(question, file.bytes, { ...caller, toLossError });
      assertInvariant('mimeType' in answer, 'a file is answered by its conversion');
      return answer;
    } catch (error) {
      if (loss === undefined) throw error;
      return { mimeType: file.mimeType, error: `it is too much to be read: ${loss}` };
    }
  }

  async #ask(
    question: MarkdownQuestion,
    bytes: Uint8Array,
    { toLossError, ...caller }: ConversionCaller & { readonly toLossError: (how: string) => EngineError },
  ): Promise<MarkdownAnswer> {
    const isSmall = bytes.length <= MAX_SMALL_BYTES;
    const deadlineMs = isSmall ? this.#smallMs : this.#largeMs;
    const ways = [
      ...(isSmall ? [{ processes: this.#small, timeoutMs: QUICK_MS }] : []),
      { processes: this.#large, timeoutMs: QUICK_LARGE_MS },
    ];
    const quickWays = ways.filter(({ timeoutMs }) => timeoutMs < deadlineMs);
    for (const { processes, timeoutMs } of quickWays) {
      let late: EngineError | undefined;
      const toQuickError = (how: string, isLate: boolean): EngineError => {
        if (!isLate) return toLossError(how);
        late = new EngineError('request_timeout', how);
        return late;
      };
      try {
        return await processes.run(question, { ...caller, toLossError: toQuickError, timeoutMs });
      } catch (error) {
        if (error !== late) throw error;
      }
    }
    const isSlow = quickWays.length > 0;
    return this.#large.run(question, { ...caller, toLossError, timeoutMs: deadlineMs, isSlow });
  }

  /** Ends its processes, and what waits for them. */
  async stop(): Promise<void> {
    await Promise.all([this.#small.stop(), this.#large.stop()]);
  }
}

const toOptions = (limits: Limits, idleMs: number): IdleProcessOptions<MarkdownSetup> => ({
  entry: { name: 'markdown-worker', neighbour: import.meta.url },
  name: 'the conversion',
  setup: { maxResidentBytes: limits.maxResidentBytes },
  maxHeapMb: limits.maxHeapMb,
  startTimeoutMs: START_TIMEOUT_MS,
  idleMs,
});
