import { abortError, EngineError } from '../errors.ts';
import { groupOf } from '../fairness/client-id.ts';
import { FairJobs } from '../fairness/fair-capacity.ts';
import { IdleProcess, type IdleProcessOptions } from './idle-process.ts';
import type { JobOptions } from './job-process.ts';

export interface PoolJobOptions extends Omit<JobOptions, 'endsWithCaller'> {
  /** It is known to take long. One process at most has such a job; the others are for the rest. */
  isSlow?: boolean;
}

interface Turn<Process> {
  readonly clientId: string;
  /** What it waits among, and counts in until it is finished. */
  readonly jobs: FairJobs<Turn<Process>>;
  begin(process: Process): void;
  reject(error: EngineError): void;
}

/**
 * Processes of one kind. A group of clients has one of them at most, so that a job that takes long does not hold up the
 * jobs of another group while there is a process left. Groups that wait for a process take turns as in FairJobs.
 */
export class ProcessPool<Setup, Question, Answer> {
  readonly #processes: readonly IdleProcess<Setup, Question, Answer>[];
  /** The last one that was used is used first, so that the others end. */
  readonly #free: IdleProcess<Setup, Question, Answer>[];
  readonly #quick = new FairJobs<Turn<IdleProcess<Setup, Question, Answer>>>();
  readonly #slow = new FairJobs<Turn<IdleProcess<Setup, Question, Answer>>>();
  /** The groups that have a process. */
  readonly #groups = new Set<string>();
  #hasSlow = false;
  #isStopped = false;

  constructor(numProcesses: number, options: IdleProcessOptions<Setup>) {
    this.#processes = Array.from({ length: numProcesses }, () => new IdleProcess(options));
    this.#free = [...this.#processes];
  }

  /**
   * Asks a process, after the jobs whose turn comes first. A job at hand ends with its process once its caller leaves: it
   * would keep the process from others.
   * @throws EngineError as `JobProcess.run`
   */
  async run(question: Question, { isSlow = false, ...options }: PoolJobOptions): Promise<Answer> {
    const { turn, process } = await this.#take(options, isSlow ? this.#slow : this.#quick);
    const startedMs = performance.now();
    try {
      return await process.run(question, { ...options, endsWithCaller: true });
    } finally {
      turn.jobs.finish(turn, performance.now() - startedMs);
      this.#groups.delete(groupOf(turn.clientId));
      if (isSlow) this.#hasSlow = false;
      this.#free.push(process);
      this.#next();
    }
  }

  async #take(
    { clientId, signal }: Pick<JobOptions, 'clientId' | 'signal'>,
    jobs: FairJobs<Turn<IdleProcess<Setup, Question, Answer>>>,
  ): Promise<{
    turn: Turn<IdleProcess<Setup, Question, Answer>>;
    process: IdleProcess<Setup, Question, Answer>;
  }> {
    if (this.#isStopped) throw stoppedError();
    if (signal.aborted) throw abortError(signal);
    let onAbort = (): void => undefined;
    try {
      return await new Promise((resolve, reject) => {
        const turn: Turn<IdleProcess<Setup, Question, Answer>> = {
          clientId,
          jobs,
          begin: (process) => resolve({ turn, process }),
          reject,
        };
        onAbort = () => {
          if (jobs.remove(turn)) reject(abortError(signal));
        };
        signal.addEventListener('abort', onAbort, { once: true });
        jobs.add(turn);
        this.#next();
      });
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #next(): void {
    while (this.#free.length > 0) {
      const mayHave = (group: string): boolean => !this.#groups.has(group);
      const slow = this.#hasSlow ? undefined : this.#slow.next(mayHave);
      const turn = slow ?? this.#quick.next(mayHave);
      const process = turn === undefined ? undefined : this.#free.pop();
      if (turn === undefined || process === undefined) return;
      this.#groups.add(groupOf(turn.clientId));
      if (slow !== undefined) this.#hasSlow = true;
      turn.begin(process);
    }
  }

  /** Ends the processes, and what waits for them. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const next = (): Turn<IdleProcess<Setup, Question, Answer>> | undefined =>
      this.#quick.next() ?? this.#slow.next();
    for (let turn = next(); turn !== undefined; turn = next()) {
      turn.jobs.finish(turn, 0);
      turn.reject(stoppedError());
    }
    await Promise.all(this.#processes.map((process) => process.stop()));
  }
}

const stoppedError = (): EngineError =>
  new EngineError('engine_not_ready', 'the service is stopping; try again later');
