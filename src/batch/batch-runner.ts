import type { NewBatchJob, BatchJob } from './batch-job.ts';
import type { BatchJobs } from './batch-jobs.ts';
import type { Engine, EngineStats } from '../engine/engine.ts';
import { type EngineError, toEngineError } from '../errors.ts';
import type { ServedModels } from '../serving/served-models.ts';

export interface BatchRunnerOptions {
  jobs: BatchJobs;
  models: Pick<ServedModels, 'engines' | 'numWaiting'>;
  now: () => number;
  /** Memory is short: no item starts. */
  isShort?: () => boolean;
  /** A job's last item is done. Must not throw. */
  onDone?: (job: BatchJob) => void;
  /** An item met a defect of ours. Must not throw. */
  onDefect?: (error: EngineError) => void;
}

/** The jobs of a service, and who does them. */
export interface Batches {
  readonly jobs: BatchJobs;
  readonly runner: BatchRunner;
}

/** While items are open, it looks so often whether live requests leave room for one. */
const LOOK_INTERVAL_MS = 50;
/** An item that the service cannot take now is not tried again sooner. */
const MIN_DELAY_MS = 250;

/** Does the items of jobs, whenever live requests leave room: see `mayStartItem`. It has a timer only while items are open. */
export class BatchRunner {
  readonly #options: BatchRunnerOptions;
  /** Items that the engines have, by model. */
  readonly #numItems = new Map<string, number>();
  /** One item is on its way to its engine: only then is it counted there, so that others wait until it is. */
  #isStarting = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BatchRunnerOptions) {
    this.#options = options;
  }

  /** @throws EngineError as `BatchJobs.add` */
  add(newJob: NewBatchJob): BatchJob {
    const job = this.#options.jobs.add(newJob);
    this.#look();
    return job;
  }

  #look(): void {
    const { jobs, isShort } = this.#options;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    jobs.forgetOld();
    if (!this.#isStarting && isShort?.() !== true) {
      jobs.candidates().some((job) => this.#mayStart(job.modelId) && this.#start(job));
    }
    if (jobs.hasOpenItems) this.#timer = setTimeout(() => this.#look(), LOOK_INTERVAL_MS).unref();
  }

  #mayStart(modelId: string): boolean {
    const { models } = this.#options;
    const loaded = models.engines().filter(({ isLoaded }) => isLoaded);
    const engine = loaded.find((served) => served.modelId === modelId)?.engine;
    // A live request waits for a model's load; or the engine restarts, or drains.
    if (models.numWaiting > 0 || (engine !== undefined && engine.state !== 'ready')) return false;
    const loads = loaded.map((served) => served.engine.stats());
    const numItems = [...this.#numItems.values()].reduce((sum, count) => sum + count, 0);
    return mayStartItem(this.#targetOf(modelId, engine), loads, numItems);
  }

  #targetOf(modelId: string, engine: Engine | undefined): ItemTarget | undefined {
    if (engine === undefined) return undefined;
    return { load: engine.stats(), numItems: this.#numItems.get(modelId) ?? 0 };
  }

  /** @returns whether there was an item */
  #start(job: BatchJob): boolean {
    const index = job.takeItem();
    if (index === undefined) return false;
    this.#options.jobs.endRound(job.ownerId);
    this.#isStarting = true;
    let isSubmitted = false;
    const onSubmitted = (): void => {
      isSubmitted = true;
      this.#isStarting = false;
      this.#count(job.modelId, 1);
    };
    void this.#run(job, index, onSubmitted).finally(() => {
      if (isSubmitted) this.#count(job.modelId, -1);
      else this.#isStarting = false;
      this.#look();
    });
    return true;
  }

  async #run(job: BatchJob, index: number, onSubmitted: () => void): Promise<void> {
    const { jobs, onDone } = this.#options;
    try {
      const answer = await job.run(index, onSubmitted);
      jobs.onItemEnd(job, job.finishItem(index, answer));
    } catch (thrown) {
      this.#fail(job, index, toEngineError(thrown));
    }
    if (job.status === 'done' && !job.isDropped) onDone?.(job);
  }

  #fail(job: BatchJob, index: number, error: EngineError): void {
    const { jobs, now, onDefect } = this.#options;
    if (error.code === 'internal') onDefect?.(error);
    const isLater = error.retryable && error.code !== 'backend_failure' && error.code !== 'request_timeout';
    if (isLater) job.notBeforeMs = now() + Math.max(error.retryAfterMs ?? 0, MIN_DELAY_MS);
    jobs.onItemEnd(job, job.failItem(index, error, isLater));
  }

  #count(modelId: string, change: number): void {
    const count = (this.#numItems.get(modelId) ?? 0) + change;
    if (count === 0) this.#numItems.delete(modelId);
    else this.#numItems.set(modelId, count);
  }
}

export type EngineLoad = Pick<EngineStats, 'numSequencesRunning' | 'numSequencesWaiting' | 'maxNumSeqs'>;

/** The engine that would do an item. */
interface ItemTarget {
  readonly load: EngineLoad;
  /** Items of jobs that it has. */
  readonly numItems: number;
}

/**
 * Whether an item of a job may start now (docs/decisions/0060-batch-jobs.md). It never joins a queue that a request
 * waits in, of any model, since all models share one machine. Beside live requests there is one item at most, and a seat
 * stays free for the next request; without any, items take up to half of the seats.
 *
 * @param target undefined while the model is not loaded
 * @param loads of every loaded engine, the target's among them
 * @param numItems that the engines have together
 */
export function mayStartItem(
  target: ItemTarget | undefined,
  loads: readonly EngineLoad[],
  numItems: number,
): boolean {
  if (loads.some(({ numSequencesWaiting }) => numSequencesWaiting > 0)) return false;
  const numRunning = loads.reduce((sum, { numSequencesRunning }) => sum + numSequencesRunning, 0);
  const isLive = numRunning > numItems;
  // To load a model takes the machine's time and memory.
  if (target === undefined) return !isLive && numItems === 0;
  const { maxNumSeqs, numSequencesRunning } = target.load;
  if (isLive) return numItems === 0 && numSequencesRunning + 2 <= maxNumSeqs;
  return target.numItems < Math.max(Math.floor(maxNumSeqs / 2), 1);
}
