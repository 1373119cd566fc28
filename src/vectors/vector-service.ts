import { randomUUID } from 'node:crypto';
import { EngineError } from '../errors.ts';
import { IdleProcess } from '../process/idle-process.ts';
import type { PutBatch, VectorAnswer, VectorQuestion, VectorsSetup } from './vector-jobs.ts';

/** Ids of a million vectors are in SQLite, not here; what grows is the metadata that is indexed. */
const MAX_HEAP_MB = 4096;
const START_TIMEOUT_MS = 60_000;
/** An index of some millions of vectors is read from disk for the first question. */
const TIMEOUT_MS = 120_000;
/** Then the memory of its indexes is free, and another process may open them. Reading a million vectors takes seconds. */
const IDLE_MS = 600_000;
/** The service's thread copies one in some tenths of a millisecond. */
const PART_BYTES = 2 ** 20;

/** Who asks. */
export interface VectorCaller {
  readonly clientId: string;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

/**
 * The indexes of vectors as the service has them: in a process of their own, which starts with the first question and ends when none came for a while. It
 * compares an index with a vector in milliseconds, and waits for its files, while the service goes on.
 */
export class VectorService {
  readonly #process: IdleProcess<VectorsSetup, VectorQuestion, VectorAnswer>;

  constructor(setup: VectorsSetup, idleMs = IDLE_MS) {
    this.#process = new IdleProcess({
      entry: { name: 'vectors-worker', neighbour: import.meta.url },
      name: 'the indexes of vectors',
      setup,
      maxHeapMb: MAX_HEAP_MB,
      startTimeoutMs: START_TIMEOUT_MS,
      idleMs,
    });
  }

  /** For tests: undefined before the first question. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /**
   * @returns the answer as JSON
   * @throws EngineError what is wrong with the question; `backend_failure` where the process died or took too long
   */
  ask(question: VectorQuestion, { clientId, signal }: VectorCaller): Promise<VectorAnswer> {
    return this.#process.run(question, {
      clientId,
      signal,
      timeoutMs: TIMEOUT_MS,
      toLossError: (how) => new EngineError('backend_failure', `${how}; changes before it are kept`),
    });
  }

  /** Puts the vectors of a body into an index. The body is sent in parts, so that the service's thread is never held. */
  async put(
    bytes: Uint8Array,
    question: Omit<Extract<VectorQuestion, { type: 'put' }>, 'batch'>,
    batch: Omit<PutBatch, 'upload' | 'numParts' | 'bytes'>,
    caller: VectorCaller,
  ): Promise<VectorAnswer> {
    const upload = randomUUID();
    let numParts = 0;
    try {
      for (; bytes.length - numParts * PART_BYTES > PART_BYTES; numParts++) {
        const part = bytes.slice(numParts * PART_BYTES, (numParts + 1) * PART_BYTES);
        await this.ask({ type: 'part', upload, clientId: caller.clientId, bytes: part }, caller);
      }
      const last = bytes.slice(numParts * PART_BYTES);
      return await this.ask({ ...question, batch: { ...batch, upload, numParts, bytes: last } }, caller);
    } catch (error) {
      if (numParts > 0) this.#dropParts(upload);
      throw error;
    }
  }

  #dropParts(upload: string): void {
    const never = new AbortController().signal;
    this.ask({ type: 'dropParts', upload }, { clientId: upload, signal: never }).catch(() => undefined);
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}
