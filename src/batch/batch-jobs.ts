import { BoundedStore } from '../bounded-store.ts';
import { groupOf, makeClientId } from '../fairness/client-id.ts';
import { FairCapacity } from '../fairness/fair-capacity.ts';
import { EngineError } from '../errors.ts';
import { BatchJob, type NewBatchJob, type ItemEnd } from './batch-job.ts';

/** Bounds of all jobs together. */
export interface BatchBounds {
  /** Jobs that are not done, and what their requests take in memory: clients share both as they share the queue. */
  readonly maxOpenJobs: number;
  readonly maxRequestBytes: number;
  /** What all jobs take beside their requests: answers above all. One job may have a half of it. */
  readonly maxAnswerBytes: number;
  /** A job is forgotten so long after it came, done or not. */
  readonly keptMs: number;
}

export const BATCH_BOUNDS: BatchBounds = {
  maxOpenJobs: 256,
  maxRequestBytes: 32 * 2 ** 20,
  maxAnswerBytes: 64 * 2 ** 20,
  keptMs: 24 * 3_600_000,
};

/** A client that cannot have a job now may try again then. */
const RETRY_AFTER_MS = 60_000;

/** The jobs of an owner that are not done, the oldest first. */
type OpenJobs = Set<BatchJob>;

/** The jobs there are, in memory: an end of the process is their end. */
export class BatchJobs {
  readonly #bounds: BatchBounds;
  readonly #now: () => number;
  readonly #jobs: BoundedStore<BatchJob>;
  readonly #openJobs = new FairCapacity();
  readonly #requestBytes = new FairCapacity();
  /** By group (src/fairness/client-id.ts) and owner, each in the order of their turns. */
  readonly #open = new Map<string, Map<string, OpenJobs>>();

  constructor(bounds: BatchBounds, now: () => number) {
    this.#bounds = bounds;
    this.#now = now;
    this.#jobs = new BoundedStore({
      maxBytes: bounds.maxAnswerBytes,
      keptMs: bounds.keptMs,
      now,
      isInUse: ({ status }) => status !== 'done',
      onRemove: (job) => {
        this.#close(job);
        job.drop();
      },
    });
  }

  get size(): number {
    return this.#jobs.size;
  }

  /** What all jobs take in memory. */
  get numBytes(): number {
    return this.#jobs.numBytes + this.#requestBytes.numTaken;
  }

  /** @throws EngineError `queue_full` where the owner has its share of jobs that are not done, or of their memory */
  add(newJob: NewBatchJob): BatchJob {
    const { maxOpenJobs, maxRequestBytes, maxAnswerBytes } = this.#bounds;
    const job = new BatchJob(newJob, maxAnswerBytes / 2);
    const { id, ownerId, numRequestBytes, numAnswerBytes } = job;
    const hasSlot = this.#openJobs.canTake(ownerId, 1, maxOpenJobs);
    if (!hasSlot || !this.#requestBytes.canTake(ownerId, numRequestBytes, maxRequestBytes)) {
      throw new EngineError(
        'queue_full',
        `there is no room for another job: ${this.#openJobs.numTaken} are not done, with requests of ` +
          `${this.#requestBytes.numTaken} bytes, at most ${maxOpenJobs} with ${maxRequestBytes}; ` +
          `this one has ${numRequestBytes}`,
        { retryAfterMs: RETRY_AFTER_MS },
      );
    }
    this.#openJobs.take(ownerId, 1);
    this.#requestBytes.take(ownerId, numRequestBytes);
    this.#openOf(ownerId).add(job);
    this.#jobs.add(ownerId, id, job, numAnswerBytes);
    return job;
  }

  /** An owner's job, and no other's. */
  find(id: string, ownerId: string): BatchJob | undefined {
    return this.#jobs.find(ownerId, id);
  }

  /** Its client has its answers: it gives way before the other jobs of its owner. */
  markFetched({ id, ownerId }: BatchJob): void {
    this.#jobs.markSpare(ownerId, id);
  }

  /** The jobs that have an item to do now, an owner's oldest one each: groups in their turns, and their owners in theirs. */
  candidates(): BatchJob[] {
    const nowMs = this.#now();
    const isReady = (job: BatchJob): boolean => job.hasOpenItems && job.notBeforeMs <= nowMs;
    const ofOwners = [...this.#open.values()].flatMap((owners) => [...owners.values()]);
    return ofOwners.flatMap((jobs) => [...jobs].find(isReady) ?? []);
  }

  get hasOpenItems(): boolean {
    return [...this.#open.values()].some((owners) =>
      [...owners.values()].some((jobs) => [...jobs].some((job) => job.hasOpenItems)),
    );
  }

  /** The owner has had its turn, and so has its group. */
  endRound(ownerId: string): void {
    const group = groupOf(ownerId);
    const owners = this.#open.get(group);
    if (owners === undefined) return;
    moveToEnd(this.#open, group);
    moveToEnd(owners, ownerId);
  }

  /** An item has come to its end. */
  onItemEnd(job: BatchJob, { numAnswerBytes, numRequestBytes }: ItemEnd): void {
    if (job.isDropped) return;
    this.#requestBytes.giveBack(job.ownerId, numRequestBytes);
    if (job.status === 'done') this.#close(job);
    this.#jobs.resize(job.ownerId, job.id, numAnswerBytes);
  }

  /** Lets go of jobs that are too old. */
  forgetOld(): void {
    this.#jobs.dropOld();
  }

  /** Lets go of the jobs whose answers were fetched. */
  release(): void {
    this.#jobs.dropSpare();
  }

  /** It is done, or dropped: its requests are not needed any more. */
  #close(job: BatchJob): void {
    const { ownerId, numRequestBytes } = job;
    const jobs = this.#open.get(groupOf(ownerId))?.get(ownerId);
    if (jobs?.delete(job) !== true) return;
    this.#openJobs.giveBack(ownerId, 1);
    this.#requestBytes.giveBack(ownerId, numRequestBytes);
    if (jobs.size > 0) return;
    const owners = this.#open.get(groupOf(ownerId));
    owners?.delete(ownerId);
    if (owners?.size === 0) this.#open.delete(groupOf(ownerId));
  }

  #openOf(ownerId: string): OpenJobs {
    const group = groupOf(ownerId);
    const owners = this.#open.get(group) ?? new Map<string, OpenJobs>();
    this.#open.set(group, owners);
    const jobs = owners.get(ownerId) ?? new Set();
    owners.set(ownerId, jobs);
    return jobs;
  }
}

function moveToEnd<Value>(map: Map<string, Value>, key: string): void {
  const value = map.get(key);
  if (value === undefined) return;
  map.delete(key);
  map.set(key, value);
}

/** All jobs together are one client of the engine, and their owners are its members. */
export const batchClientId = (ownerId: string): string => makeClientId('batch', ownerId);
