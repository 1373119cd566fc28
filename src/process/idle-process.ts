import { EngineError } from '../errors.ts';
import { JobProcess, type JobOptions, type JobProcessOptions } from './job-process.ts';

export interface IdleProcessOptions<Setup> extends JobProcessOptions<Setup> {
  /** The process ends when it has had nothing to do for so long. */
  idleMs: number;
}

/** A JobProcess that is there from its first job until it has had none for a while. */
export class IdleProcess<Setup, Question, Answer> {
  readonly #options: IdleProcessOptions<Setup>;
  #process: JobProcess<Setup, unknown, Question, Answer> | undefined;
  /** Of the process before: what it has locked is not free until it is gone. */
  #end: Promise<void> | undefined;
  #numJobs = 0;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: IdleProcessOptions<Setup>) {
    this.#options = options;
  }

  /** Undefined while there is none. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** @throws EngineError as `JobProcess.run` */
  async run(question: Question, options: JobOptions): Promise<Answer> {
    clearTimeout(this.#timer);
    this.#numJobs++;
    try {
      await this.#end;
      if (this.#isStopped)
        throw new EngineError('engine_not_ready', 'the service is stopping; try again later');
      this.#process ??= new JobProcess(this.#options);
      return await this.#process.run(question, options);
    } finally {
      if (--this.#numJobs === 0 && !this.#isStopped) this.#endLater();
    }
  }

  #endLater(): void {
    this.#timer = setTimeout(() => {
      this.#end = this.#process?.stop();
      this.#process = undefined;
    }, this.#options.idleMs).unref();
  }

  /** Ends the process, and what waits for it. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await Promise.all([this.#end, this.#process?.stop()]);
  }
}
