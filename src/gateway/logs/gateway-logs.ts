import type { Worker } from 'node:worker_threads';
import { abortError, EngineError } from '../../errors.ts';
import { groupOf } from '../../fairness/client-id.ts';
import { FairJobs } from '../../fairness/fair-capacity.ts';
import { heldBytes } from '../../held-bytes.ts';
import { startSiblingThread } from '../../process/sibling-thread.ts';
import type { GatewayLog, LogKey, LogPage, LogPatch, LogQuery } from './gateway-log.ts';
import type { LogBounds } from './log-database.ts';

/** What the thread is told at its start. */
export interface LogThreadData {
  readonly path: string;
  readonly bounds: LogBounds;
}

export type LogCall =
  | { readonly method: 'add'; readonly argument: readonly GatewayLog[] }
  | { readonly method: 'find'; readonly argument: LogKey }
  | { readonly method: 'list'; readonly argument: LogQuery }
  | { readonly method: 'patch'; readonly argument: { readonly key: LogKey; readonly patch: LogPatch } }
  | { readonly method: 'close'; readonly argument?: undefined };

export interface LogAnswer {
  readonly number: number;
  readonly result?: unknown;
  readonly fault?: string;
}

/** What the thread tells. `damaged`: what is damaged and what became of it, for people. */
export type LogThreadMessage = LogAnswer | { readonly damaged: string };

export interface GatewayLogsOptions {
  readonly bounds?: LogBounds;
  /** So many logs could not be kept. */
  readonly onLost?: (numLogs: number, reason: string) => void;
  /** A damaged file was moved aside, or a damaged log is left out. The text is for people. */
  readonly onDamaged?: (text: string) => void;
  /** So long a call may take. */
  readonly answerMs?: number;
}

const BOUNDS: LogBounds = { maxBytes: 64 * 2 ** 20, maxRows: 100_000 };
/** Logs go to the thread together, so often, or when there are so many. */
const BATCH_MS = 100;
const BATCH_LOGS = 64;
/** Of logs that wait for the disk: of a client group, and of all. */
const MAX_WAITING_OF_GROUP = 2 * 2 ** 20;
const MAX_WAITING = 16 * 2 ** 20;
const CLOSE_MS = 2000;
/** A disk that hangs, as one of a network does, holds up a call for so long. */
const ANSWER_MS = 30_000;
/** Beside the heap of the service, in MiB. The memory of SQLite is not in it. */
const THREAD_HEAP = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 };

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: EngineError) => void;
}

/** Who asks for logs. */
export interface LogCaller {
  readonly clientId: string;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

/** What a client asks. */
interface Question extends Waiting {
  readonly clientId: string;
  readonly call: LogCall;
}

/**
 * The logs of gateways, kept by a thread of their own (log-thread.ts), which the first of them starts. What was added is
 * found by every later call. SQLite may walk through all logs for a call, so clients take turns.
 */
export class GatewayLogs {
  readonly #path: string;
  readonly #options: GatewayLogsOptions;
  #thread: Worker | undefined;
  #nextNumber = 1;
  readonly #calls = new Map<number, Waiting>();
  readonly #questions = new FairJobs<Question>();
  /** The thread has one of them. */
  #isAsking = false;
  #batch: GatewayLog[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Of each client group: bytes of logs that are not on the disk yet. */
  readonly #waiting = new Map<string, number>();
  #waitingOfAll = 0;

  constructor(path: string, options: GatewayLogsOptions = {}) {
    this.#path = path;
    this.#options = options;
  }

  /** Keeps a log, soon. One for which there is no room, or no disk, is told to `onLost`. */
  add(log: GatewayLog): void {
    const group = groupOf(log.ownerId);
    const ofGroup = this.#waiting.get(group) ?? 0;
    if (ofGroup >= MAX_WAITING_OF_GROUP || this.#waitingOfAll >= MAX_WAITING) {
      this.#options.onLost?.(1, 'too many logs wait for the disk');
      return;
    }
    const numBytes = bytesOf(log);
    this.#waiting.set(group, ofGroup + numBytes);
    this.#waitingOfAll += numBytes;
    this.#batch.push(log);
    if (this.#batch.length >= BATCH_LOGS) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), BATCH_MS).unref();
  }

  /** @throws EngineError `internal` where the file cannot be used, as all that follow */
  find(key: LogKey, caller: LogCaller): Promise<GatewayLog | undefined> {
    return this.#ask({ method: 'find', argument: key }, caller) as Promise<GatewayLog | undefined>;
  }

  list(query: LogQuery, caller: LogCaller): Promise<LogPage> {
    return this.#ask({ method: 'list', argument: query }, caller) as Promise<LogPage>;
  }

  /** False where there is none. */
  patch(key: LogKey, patch: LogPatch, caller: LogCaller): Promise<boolean> {
    return this.#ask({ method: 'patch', argument: { key, patch } }, caller) as Promise<boolean>;
  }

  /** Writes what is left, and ends the thread. One that does not end is not waited for. */
  async close(): Promise<void> {
    this.#flush();
    const thread = this.#thread;
    if (thread === undefined) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        void thread.terminate();
        thread.unref();
        resolve();
      }, CLOSE_MS);
      thread.once('exit', () => {
        clearTimeout(timer);
        resolve();
      });
      void this.#send(thread, { method: 'close' }).catch(() => undefined);
    });
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const logs = this.#batch;
    if (logs.length === 0) return;
    this.#batch = [];
    this.#send(this.#running(), { method: 'add', argument: logs })
      .catch((error: unknown) => this.#options.onLost?.(logs.length, String(error)))
      .finally(() => this.#forget(logs));
  }

  #forget(logs: readonly GatewayLog[]): void {
    for (const log of logs) {
      const group = groupOf(log.ownerId);
      const numBytes = bytesOf(log);
      this.#waitingOfAll -= numBytes;
      const left = (this.#waiting.get(group) ?? 0) - numBytes;
      if (left > 0) this.#waiting.set(group, left);
      else this.#waiting.delete(group);
    }
  }

  /** Waits for the client's turn. @throws EngineError the signal's reason once that is aborted */
  async #ask(call: LogCall, { clientId, signal }: LogCaller): Promise<unknown> {
    if (signal.aborted) throw abortError(signal);
    let onAbort = (): void => undefined;
    try {
      return await new Promise((resolve, reject) => {
        const question: Question = { clientId, call, resolve, reject };
        onAbort = () => {
          if (this.#questions.remove(question)) reject(abortError(signal));
        };
        signal.addEventListener('abort', onAbort, { once: true });
        this.#questions.add(question);
        void this.#askNext();
      });
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #askNext(): Promise<void> {
    const question = this.#isAsking ? undefined : this.#questions.next();
    if (question === undefined) return;
    this.#isAsking = true;
    this.#flush();
    const startedAt = performance.now();
    await this.#send(this.#running(), question.call).then(question.resolve, question.reject);
    this.#questions.finish(question, performance.now() - startedAt);
    this.#isAsking = false;
    void this.#askNext();
  }

  #send(thread: Worker, call: LogCall): Promise<unknown> {
    const number = this.#nextNumber++;
    const { answerMs = ANSWER_MS } = this.#options;
    const timer = setTimeout(() => this.#giveUp(thread, answerMs), answerMs).unref();
    const answer = new Promise((resolve, reject) => {
      // A program that waits for an answer and has nothing else to do would end.
      if (this.#calls.size === 0) thread.ref();
      this.#calls.set(number, { resolve, reject });
      thread.postMessage({ number, call });
    });
    return answer.finally(() => clearTimeout(timer));
  }

  #giveUp(thread: Worker, answerMs: number): void {
    this.#end(thread, `its thread did not answer within ${answerMs} ms`);
    void thread.terminate();
  }

  #running(): Worker {
    if (this.#thread !== undefined) return this.#thread;
    const { bounds = BOUNDS } = this.#options;
    const workerData: LogThreadData = { path: this.#path, bounds };
    const options = { workerData, resourceLimits: THREAD_HEAP };
    const thread = startSiblingThread(import.meta.url, 'log-thread', options);
    let fault = 'its thread ended';
    thread.on('message', (message: LogThreadMessage) => {
      if ('damaged' in message) this.#options.onDamaged?.(message.damaged);
      else this.#settle(thread, message);
    });
    thread.on('error', (error) => (fault = String(error)));
    thread.on('exit', () => this.#end(thread, fault));
    thread.unref();
    return (this.#thread = thread);
  }

  #settle(thread: Worker, { number, result, fault }: LogAnswer): void {
    const waiting = this.#calls.get(number);
    this.#calls.delete(number);
    if (this.#calls.size === 0) thread.unref();
    if (fault === undefined) waiting?.resolve(result);
    else waiting?.reject(this.#faultOf(fault));
  }

  /** The next call starts another thread. */
  #end(thread: Worker, fault: string): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const { reject } of calls) reject(this.#faultOf(fault));
  }

  #faultOf(fault: string): EngineError {
    return new EngineError(
      'internal',
      `the logs of gateways cannot be kept in ${this.#path}: ${fault}; see GATEWAY_LOGS`,
    );
  }
}

/** Of the fields of a log that are always short. */
const FIELDS_BYTES = 1024;
const BYTES_PER_CHARACTER = 2;

/** What a log takes in memory, about. */
const bytesOf = ({ metadata, requestHead, responseHead }: GatewayLog): number =>
  FIELDS_BYTES +
  heldBytes(metadata) +
  BYTES_PER_CHARACTER * ((requestHead?.text.length ?? 0) + (responseHead?.text.length ?? 0));
