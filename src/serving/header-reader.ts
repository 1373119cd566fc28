import type { ChildProcess } from 'node:child_process';
import { EngineError } from '../errors.ts';
import { forkSibling } from '../process/sibling-process.ts';
import type { FromHeaderWorker, HeaderFields, ToHeaderWorker } from './header-worker.ts';

/** The headers of the largest models take a second. */
const READ_LIMIT_MS = 10_000;
/** A machine with much to do takes its time to start a process. */
const START_LIMIT_MS = 60_000;
const MAX_HEAP_MB = 512;
/** A list of models asks for one header after the other. */
const IDLE_LIMIT_MS = 5000;

interface Job {
  path: string;
  resolve(fields: HeaderFields): void;
  reject(error: EngineError): void;
}

/**
 * Reads the headers of models, which may be large or hostile, in a process of its own, one model after the other. A
 * header that takes too long or too much memory ends that process, and nothing else; the process ends by itself when
 * there is nothing to read.
 */
export class HeaderReader {
  readonly #readLimitMs: number;
  readonly #maxHeapMb: number;
  readonly #waiting: Job[] = [];
  #job: Job | undefined;
  #child: ChildProcess | undefined;
  #isReady = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: { readLimitMs?: number; maxHeapMb?: number } = {}) {
    this.#readLimitMs = options.readLimitMs ?? READ_LIMIT_MS;
    this.#maxHeapMb = options.maxHeapMb ?? MAX_HEAP_MB;
  }

  /**
   * @param path of a model
   * @throws EngineError `config_invalid` or `weights_invalid` naming what is wrong with its headers;
   * `engine_not_ready` once it is disposed of
   */
  read(path: string): Promise<HeaderFields> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ path, resolve, reject });
      this.#next();
    });
  }

  dispose(): void {
    this.#endChild();
    const jobs = [this.#job ?? [], this.#waiting.splice(0)].flat();
    this.#job = undefined;
    for (const job of jobs) job.reject(new EngineError('engine_not_ready', 'the service is shutting down'));
  }

  #next(): void {
    if (this.#job !== undefined) return;
    this.#job = this.#waiting.shift();
    clearTimeout(this.#timer);
    if (this.#job === undefined) {
      this.#timer = setTimeout(() => this.#endChild(), IDLE_LIMIT_MS).unref();
      return;
    }
    this.#child ??= this.#start();
    if (this.#isReady) this.#send(this.#child, this.#job);
    else this.#limit(START_LIMIT_MS, 'the process that reads headers did not start');
  }

  #send(child: ChildProcess, { path }: Job): void {
    const message: ToHeaderWorker = path;
    // Lost when the process is gone: its end is on the way.
    child.send(message, () => undefined);
    this.#limit(this.#readLimitMs, `its headers could not be read within ${this.#readLimitMs} ms`);
  }

  #limit(ms: number, problem: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fail(problem), ms);
  }

  #start(): ChildProcess {
    const child = forkSibling(import.meta.url, 'header-worker', {
      execArgv: [`--max-old-space-size=${this.#maxHeapMb}`],
    });
    // An idle process does not keep the service alive.
    child.unref();
    child.channel?.unref();
    child.on('message', (message: FromHeaderWorker) => {
      if (child === this.#child) this.#receive(child, message);
    });
    const onEnd = (reason: string): void => {
      if (child !== this.#child) return;
      this.#fail(
        `reading its headers ended the process (${reason}), which may use ${this.#maxHeapMb} MiB of memory`,
      );
    };
    child.once('close', (exitCode, signal) => onEnd(signal ?? `exit code ${exitCode ?? 'unknown'}`));
    child.once('error', (error) => onEnd(error.message));
    return child;
  }

  #receive(child: ChildProcess, message: FromHeaderWorker): void {
    if (message.type === 'ready') {
      this.#isReady = true;
      if (this.#job !== undefined) this.#send(child, this.#job);
      return;
    }
    const job = this.#job;
    this.#job = undefined;
    if (message.type === 'fields') job?.resolve(message.fields);
    else job?.reject(new EngineError(message.code, message.message));
    this.#next();
  }

  /** The model at hand is at fault; the next one gets a new process. */
  #fail(problem: string): void {
    this.#endChild();
    const job = this.#job;
    this.#job = undefined;
    job?.reject(new EngineError('weights_invalid', `${job.path}: ${problem}`));
    this.#next();
  }

  #endChild(): void {
    clearTimeout(this.#timer);
    const child = this.#child;
    this.#child = undefined;
    this.#isReady = false;
    child?.kill('SIGKILL');
  }
}
