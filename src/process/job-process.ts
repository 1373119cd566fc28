import type { ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { abortError, EngineError } from '../errors.ts';
import { forkSibling } from './sibling-process.ts';
import { FairJobs } from '../fairness/fair-capacity.ts';
import { LIFELINE_FD, type FromJobProcess, type ToJobProcess } from './job-protocol.ts';
import { messageOf } from '../values.ts';

export interface JobProcessOptions<Setup> {
  /** The module that the process runs, beside the one of that URL; it calls `serveJobs`. */
  entry: { readonly name: string; readonly neighbour: string };
  /** What runs there, for messages. */
  name: string;
  setup: Setup;
  maxHeapMb: number;
  /** Longest from its start until it is ready. */
  startTimeoutMs: number;
}

export interface JobOptions {
  /** Whose turn it takes: see FairJobs. */
  clientId: string;
  /** Aborted when the caller no longer waits. */
  signal: AbortSignal;
  /** Longest that the process may take for it, all of its slices together. */
  timeoutMs: number;
  /** It may take more than a slice of the process's time, and memory until it ends. */
  isLarge?: boolean;
  /** The process ends when the caller leaves while the job is at hand. */
  endsWithCaller?: boolean;
  /** The request's field that the question is made of. */
  param?: string;
  /**
   * The error where the process did not end or died of the question, which is then at fault; else the model is.
   * `isLate`: it took longer than `timeoutMs`.
   */
  toLossError?: (how: string, isLate: boolean) => EngineError;
}

interface Job<Question, Answer> extends JobOptions {
  readonly id: number;
  readonly question: Question;
  /** Of the slice at hand. */
  startedMs: number;
  /** Of the slices before. */
  usedMs: number;
  /** Its caller has left while the process was at it. */
  isAbandoned: boolean;
  resolve(answer: Answer): void;
  reject(error: EngineError): void;
}

/** Large jobs that are begun; more wait until one of them ends. A short job waits for a slice of each at most. */
const MAX_LARGE_JOBS = 2;

/**
 * A process that runs a model's tokenizer or chat template, or reads a client's file, one job at a time. Each may
 * loop, fill the memory or crash. The start and each job have a deadline. JobProcess kills a process that misses its
 * deadline, and starts another for the next job. Clients take turns, and a job that comes in slices (`serveJobs`) gives
 * way to others after each.
 */
export class JobProcess<Setup, Ready, Question, Answer> {
  readonly #options: JobProcessOptions<Setup>;
  readonly #jobs = new FairJobs<Job<Question, Answer>>();
  /** Large jobs that have not begun, while others are under way. */
  readonly #later = new FairJobs<Job<Question, Answer>>();
  readonly #begun = new Set<Job<Question, Answer>>();
  #numLarge = 0;
  #numJobs = 0;
  #job: Job<Question, Answer> | undefined;
  #child: ChildProcess | undefined;
  #isReady = false;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;
  /** The call of `start` that waits for the first process. */
  #launch: { resolve(ready: Ready): void; reject(error: EngineError): void } | undefined;

  constructor(options: JobProcessOptions<Setup>) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Starts the process before there is a job for it.
   * @throws EngineError why it could not be set up, `weights_invalid` where it died, `backend_failure` where it was not
   * ready in time, `engine_not_ready` when it is stopped meanwhile
   */
  start(): Promise<Ready> {
    if (this.#isStopped) return Promise.reject(stoppedError());
    return new Promise((resolve, reject) => {
      this.#launch = { resolve, reject };
      this.#spawn();
    });
  }

  /**
   * Asks the process, after those whose turn comes first.
   * @throws EngineError what the process answers, `weights_invalid` where it died or took too long, the signal's reason
   * once that is aborted, `engine_not_ready` once it is stopped
   */
  run(question: Question, options: JobOptions): Promise<Answer> {
    const { signal } = options;
    if (this.#isStopped) return Promise.reject(stoppedError());
    if (signal.aborted) return Promise.reject(abortError(signal));
    return new Promise((resolve, reject) => {
      // The process finishes the slice of a job whose caller has left: it is over within its deadline.
      const onAbort = (): void => {
        job.isAbandoned = true;
        if (this.#job === job && job.endsWithCaller === true) this.#replace(abortError(signal));
        else if (this.#jobs.remove(job)) this.#drop(job);
        else this.#later.remove(job);
        reject(abortError(signal));
      };
      const settle = (finish: () => void): void => {
        signal.removeEventListener('abort', onAbort);
        finish();
      };
      const job: Job<Question, Answer> = {
        ...options,
        id: this.#numJobs++,
        question,
        startedMs: 0,
        usedMs: 0,
        isAbandoned: false,
        resolve: (answer) => settle(() => resolve(answer)),
        reject: (error) => settle(() => reject(error)),
      };
      signal.addEventListener('abort', onAbort, { once: true });
      if (job.isLarge === true && this.#numLarge >= MAX_LARGE_JOBS) this.#later.add(job);
      else this.#admit(job);
      this.#next();
    });
  }

  #admit(job: Job<Question, Answer>): void {
    if (job.isLarge === true) this.#numLarge++;
    this.#jobs.add(job);
  }

  /** A job has ended, or is wanted no longer: the process forgets it, and the next large one may begin. */
  #drop(job: Job<Question, Answer>): void {
    if (this.#begun.delete(job) && this.#child !== undefined) {
      send<Setup, Question>(this.#child, { type: 'drop', id: job.id });
    }
    if (job.isLarge !== true) return;
    this.#numLarge--;
    const next = this.#later.next();
    if (next === undefined) return;
    this.#admit(next);
    this.#later.finish(next, 0);
  }

  /** Ends the process at once, and all that waits for it. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const child = this.#child;
    this.#letGo();
    this.#launch?.reject(stoppedError());
    this.#launch = undefined;
    const next = (): Job<Question, Answer> | undefined => this.#jobs.next() ?? this.#later.next();
    for (let job = this.#job ?? next(); job !== undefined; job = next()) job.reject(stoppedError());
    this.#job = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise((resolve) => child.once('close', resolve));
  }

  #next(): void {
    if (this.#job !== undefined || this.#jobs.isEmpty) return;
    if (this.#child === undefined) this.#spawn();
    if (!this.#isReady || this.#child === undefined) return;
    const job = this.#jobs.next();
    if (job === undefined) return;
    this.#job = job;
    job.startedMs = performance.now();
    try {
      const { id, question } = job;
      const isBegun = this.#begun.has(job);
      send<Setup, Question>(this.#child, isBegun ? { type: 'resume', id } : { type: 'job', id, question });
    } catch (cause) {
      this.#end((one) => one.reject(this.#unsendableError(one, cause)));
      return;
    }
    this.#watch(job.timeoutMs - job.usedMs, () =>
      this.#invalid(`did not end within ${job.timeoutMs} ms`, true),
    );
  }

  #spawn(): void {
    const { setup, startTimeoutMs, name } = this.#options;
    try {
      const child = this.#fork();
      this.#child = child;
      send<Setup, Question>(child, { type: 'setUp', setup });
      this.#watch(startTimeoutMs, () =>
        unavailable(`the process of ${name} was not ready within ${startTimeoutMs} ms`),
      );
    } catch (cause) {
      this.#replace(unavailable(`the process of ${name} could not be started: ${String(cause)}`));
    }
  }

  #fork(): ChildProcess {
    const { entry, maxHeapMb, name } = this.#options;
    const child = forkEntry(entry, maxHeapMb);
    child.on('message', (message: FromJobProcess<Ready, Answer>) => {
      if (child === this.#child) this.#receive(message);
    });
    const onEnd = (error: EngineError): void => {
      if (child === this.#child) this.#replace(error);
    };
    child.once('close', (exitCode, signal) => {
      // V8 aborts where memory ends.
      const how = signal ?? `exit code ${exitCode ?? 'unknown'}`;
      onEnd(this.#invalid(`took its process with it (${how}; it may use ${maxHeapMb} MiB of memory)`));
    });
    child.once('error', ({ message }) =>
      onEnd(unavailable(`the process of ${name} could not be started: ${message}`)),
    );
    return child;
  }

  #receive(message: FromJobProcess<Ready, Answer>): void {
    switch (message.type) {
      case 'ready':
        this.#unwatch();
        this.#isReady = true;
        this.#launch?.resolve(message.ready);
        this.#launch = undefined;
        this.#next();
        break;
      case 'answer':
        this.#end((job) => job.resolve(message.answer));
        break;
      case 'paused':
        this.#pause(message.sliceMs);
        break;
      case 'error': {
        const { code, message: text, ...rest } = message.error;
        // What goes wrong with a job may quote its texts, whatever the code.
        const error = new EngineError(code, text, { ...rest, ...(this.#isReady ? { mayQuote: true } : {}) });
        if (this.#isReady) this.#end((job) => job.reject(error));
        else this.#replace(error);
      }
    }
  }

  /** Fails the job at hand; the next one gets a new process. */
  #replace(error: EngineError): void {
    this.#letGo();
    this.#launch?.reject(error);
    this.#launch = undefined;
    // A process that could not even start fails the job whose turn it is, else it would be tried without end.
    this.#job ??= this.#jobs.next();
    this.#end((job) => job.reject(error));
  }

  #letGo(): void {
    this.#unwatch();
    // Another process begins them anew.
    this.#begun.clear();
    const child = this.#child;
    this.#child = undefined;
    this.#isReady = false;
    // It ends one that is stopped (SIGSTOP), too.
    child?.kill('SIGKILL');
  }

  /** The job at hand waits for its next turn, unless its caller has left. */
  #pause(sliceMs: number): void {
    const job = this.#job;
    if (job === undefined) return;
    this.#unwatch();
    this.#job = undefined;
    this.#begun.add(job);
    job.usedMs += sliceMs;
    // Before it is taken off: a client whose work has gone is forgotten.
    if (!job.isAbandoned) this.#jobs.add(job);
    this.#jobs.finish(job, sliceMs);
    if (job.isAbandoned) this.#drop(job);
    this.#next();
  }

  #end(settle: (job: Job<Question, Answer>) => void): void {
    const job = this.#job;
    if (job === undefined) return;
    this.#unwatch();
    this.#job = undefined;
    const sliceMs = job.startedMs === 0 ? 0 : performance.now() - job.startedMs;
    this.#jobs.finish(job, sliceMs);
    this.#begun.delete(job);
    this.#drop(job);
    settle(job);
    this.#next();
  }

  /** The timer keeps the service alive while something is to come; an idle process does not. */
  #watch(timeoutMs: number, toError: () => EngineError): void {
    this.#unwatch();
    const timer = setTimeout(() => {
      // Where this thread was busy, the answer may have come and not been read.
      setImmediate(() => {
        if (this.#timer === timer) this.#replace(toError());
      });
    }, timeoutMs);
    this.#timer = timer;
  }

  #unwatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #invalid(what: string, isLate = false): EngineError {
    const how = `${this.#options.name} ${what}`;
    return this.#job?.toLossError?.(how, isLate) ?? new EngineError('weights_invalid', how);
  }

  #unsendableError({ param = '' }: Job<Question, Answer>, cause: unknown): EngineError {
    return new EngineError(
      'invalid_request',
      `${param} cannot be handed to ${this.#options.name}: ${messageOf(cause)}; is it nested too deep?`,
      { param, cause },
    );
  }
}

const unavailable = (message: string): EngineError => new EngineError('backend_failure', message);

const stoppedError = (): EngineError =>
  new EngineError('engine_not_ready', 'the model was unloaded; try again later');

/** Lost when the process is gone: its end is on the way. Throws where the message cannot be cloned. */
function send<Setup, Question>(child: ChildProcess, message: ToJobProcess<Setup, Question>): void {
  child.send(message, () => undefined);
}

function forkEntry({ name, neighbour }: JobProcessOptions<null>['entry'], maxHeapMb: number): ChildProcess {
  // The vocabulary lasts, and questions are small: more room for young objects would stay unused.
  const execArgv = ['--expose-gc', `--max-old-space-size=${maxHeapMb}`, '--max-semi-space-size=2'];
  const child = forkSibling(neighbour, name, { execArgv, pipes: 1 });
  child.unref();
  child.channel?.unref();
  const lifeline = child.stdio[LIFELINE_FD];
  if (lifeline instanceof Socket) lifeline.on('error', () => undefined).unref();
  return child;
}
