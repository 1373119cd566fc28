import { FairPlaces } from '../engine/client/fair-places.ts';
import { makeClientId } from '../client-id.ts';
import { EngineError } from '../errors.ts';
import { BatchJob, type BatchDemand } from './batch-job.ts';

/** Bounds of all jobs together; owners share them as clients share the queue. */
export interface BatchBounds {
  readonly maxJobs: number;
  /** Of requests that are open, and of entries. */
  readonly maxBytes: number;
  /** A job is forgotten so long after it came, done or not. */
  readonly keptMs: number;
}

export const BATCH_BOUNDS: BatchBounds = {
  maxJobs: 256,
  maxBytes: 64 * 2 ** 20,
  keptMs: 24 * 3_600_000,
};

/** A client that cannot have a job now may try again then. */
const RETRY_AFTER_MS = 60_000;

/** The jobs there are, in memory: an end of the process is their end. */
export class BatchJobs {
  readonly #bounds: BatchBounds;
  readonly #now: () => number;
  /** Oldest first. */
  readonly #jobs = new Map<string, BatchJob>();
  readonly #places = new FairPlaces();
  readonly #bytes = new FairPlaces();
  /** Owners in the order of their turns. */
  readonly #owners = new Set<string>();

  constructor(bounds: BatchBounds, now: () => number) {
    this.#bounds = bounds;
    this.#now = now;
  }

  get size(): number {
    return this.#jobs.size;
  }

  /** As many bytes are held as may be: items wait until some are let go of. */
  get isFull(): boolean {
    return this.#bytes.numTaken >= this.#bounds.maxBytes;
  }

  /** @throws EngineError `queue_full` where the owner has its share of jobs, or of their memory */
  add(demand: BatchDemand): BatchJob {
    const { ownerId, numBytes } = demand;
    this.forgetOld();
    if (!this.#hasRoom(ownerId, numBytes)) this.#forgetFetched(ownerId);
    if (!this.#hasRoom(ownerId, numBytes)) {
      const { maxJobs, maxBytes } = this.#bounds;
      throw new EngineError(
        'queue_full',
        `there is no room for another job: ${this.#jobs.size} are kept with ${this.#bytes.numTaken} bytes, at most ` +
          `${maxJobs} with ${maxBytes}; fetch the results of those that are done`,
        { retryAfterMs: RETRY_AFTER_MS },
      );
    }
    const job = new BatchJob(demand, this.#now());
    this.#jobs.set(job.id, job);
    this.#places.take(ownerId, 1);
    this.#bytes.take(ownerId, numBytes);
    this.#owners.add(ownerId);
    return job;
  }

  #hasRoom(ownerId: string, numBytes: number): boolean {
    const { maxJobs, maxBytes } = this.#bounds;
    return this.#places.canTake(ownerId, 1, maxJobs) && this.#bytes.canTake(ownerId, numBytes, maxBytes);
  }

  /** An owner's job, and no other's. */
  find(id: string, ownerId: string): BatchJob | undefined {
    this.forgetOld();
    const job = this.#jobs.get(id);
    return job?.ownerId === ownerId ? job : undefined;
  }

  /** The jobs that have an item to do now, an owner's oldest one each: the owners in their turns. */
  candidates(): BatchJob[] {
    const nowMs = this.#now();
    const oldest = new Map<string, BatchJob>();
    for (const job of this.#jobs.values()) {
      const isReady = job.hasOpenItems && job.notBeforeMs <= nowMs;
      if (isReady && !oldest.has(job.ownerId)) oldest.set(job.ownerId, job);
    }
    return [...this.#owners].flatMap((ownerId) => oldest.get(ownerId) ?? []);
  }

  get hasOpenItems(): boolean {
    return [...this.#jobs.values()].some((job) => job.hasOpenItems);
  }

  /** The owner has had its turn. */
  endTurn(ownerId: string): void {
    if (this.#owners.delete(ownerId)) this.#owners.add(ownerId);
  }

  /** A job holds more bytes, or fewer. */
  grow(job: BatchJob, numBytes: number): void {
    if (this.#jobs.get(job.id) === job) this.#bytes.take(job.ownerId, numBytes);
  }

  /** Lets go of jobs that are too old. */
  forgetOld(): void {
    for (const job of this.#jobs.values()) {
      if (this.#now() - job.createdMs < this.#bounds.keptMs) return;
      this.#forget(job);
    }
  }

  /** Lets go of the jobs whose results were fetched. */
  release(): void {
    for (const job of this.#jobs.values()) if (job.isFetched) this.#forget(job);
  }

  #forgetFetched(ownerId: string): void {
    for (const job of this.#jobs.values()) if (job.isFetched && job.ownerId === ownerId) this.#forget(job);
  }

  #forget(job: BatchJob): void {
    this.#jobs.delete(job.id);
    this.#places.giveBack(job.ownerId, 1);
    this.#bytes.giveBack(job.ownerId, job.numBytes);
    const hasOthers = [...this.#jobs.values()].some(({ ownerId }) => ownerId === job.ownerId);
    if (!hasOthers) this.#owners.delete(job.ownerId);
  }
}

/** All jobs together are one client of the engine, and their owners are its members. */
export const batchClientId = (ownerId: string): string => makeClientId('batch', ownerId);
