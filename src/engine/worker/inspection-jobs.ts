import { type Answers, notNumbers, StepFault } from '../step-fault.ts';
import type { FaultRegister } from './fault-register.ts';
import type { ModelRunner } from './model-runner.ts';
import { assertInvariant } from '../../errors.ts';
import type { AttentionWeights } from '../../model/inspect-attention.ts';
import type { Reservation } from '../../scheduler/admission/reservations.ts';
import type { RunQueue } from '../../scheduler/admission/run-queue.ts';
import type { PageTables } from '../../scheduler/pages/page-holder.ts';

/** Reserves seats and pages of the cache, and knows whose turn it is. */
type Queue = Pick<RunQueue, 'shares' | 'ask' | 'tryReserve' | 'pagesOf' | 'endReservation'>;

export interface FinishedInspection {
  readonly id: number;
  readonly weights: AttentionWeights;
}

/** A prompt to be inspected. */
export interface PromptInspection {
  readonly tokenIds: readonly number[];
  /** Indices of the layers to look at. */
  readonly layers: readonly number[];
  readonly clientId?: string;
}

interface Job {
  readonly id: number;
  readonly reservation: Reservation;
  readonly tokenIds: readonly number[];
  readonly layers: readonly number[];
  /** Of the layers so far: [layers][heads][tokens][tokens]. */
  readonly weights: AttentionWeights;
}

/** A job whose turn it is. */
export interface InspectedLayer extends PageTables {
  readonly job: Job;
  readonly layerIndex: number;
}

/**
 * Prompts to be inspected: one at a time, the clients in turns, and of it one layer between two steps of completions, so
 * that running streams wait for no more than a step. Pure bookkeeping.
 */
export class InspectionJobs {
  readonly #queue: Queue;
  /** The oldest first. */
  #jobs: Job[] = [];
  /** The one that was begun. */
  #current: Job | undefined;

  constructor(queue: Queue) {
    this.#queue = queue;
  }

  /** How many are not finished. */
  get size(): number {
    return this.#jobs.length;
  }

  add(id: number, { tokenIds, layers, clientId = '' }: PromptInspection): void {
    this.#jobs.push({
      id,
      reservation: this.#queue.ask(clientId, tokenIds.length),
      tokenIds,
      layers,
      weights: [],
    });
  }

  /** Forgets a prompt between two steps; false when it is not here (any more). */
  cancel(id: number): boolean {
    const job = this.#jobs.find((one) => one.id === id);
    if (job !== undefined) this.#leave(job);
    return job !== undefined;
  }

  /** The layer to be inspected next; `undefined` when no prompt waits, or there are no pages for it. */
  next(): InspectedLayer | undefined {
    const job = this.#current ?? this.#oldestOfNext();
    if (job === undefined) return undefined;
    const { reservation } = job;
    if (reservation.pages === undefined && !this.#queue.tryReserve(reservation)) return undefined;
    if (this.#current === undefined) this.#queue.shares.serve(reservation.clientId, job.tokenIds.length);
    this.#current = job;
    const layerIndex = job.layers[job.weights.length];
    assertInvariant(layerIndex !== undefined, 'a prompt leaves with its last layer');
    const { pages, windowPages, end } = this.#queue.pagesOf(reservation, 0, job.tokenIds.length);
    assertInvariant(end === job.tokenIds.length, 'a prompt to inspect is no longer than a page');
    return { job, pages, windowPages, layerIndex };
  }

  /**
   * Records what was found.
   * @param layer what the heads look at: [heads][tokens][tokens]
   * @returns the whole, once this was the last layer
   */
  advance({ job }: InspectedLayer, layer: AttentionWeights[number]): FinishedInspection | undefined {
    job.weights.push(layer);
    if (job.weights.length < job.layers.length) return undefined;
    this.#leave(job);
    return { id: job.id, weights: job.weights };
  }

  #oldestOfNext(): Job | undefined {
    const clientId = this.#queue.shares.next(
      new Set(this.#jobs.map(({ reservation }) => reservation.clientId)),
    );
    return this.#jobs.find(({ reservation }) => reservation.clientId === clientId);
  }

  #leave(job: Job): void {
    this.#jobs = this.#jobs.filter((one) => one !== job);
    if (this.#current === job) this.#current = undefined;
    this.#queue.endReservation(job.reservation);
  }
}

/** Inspects the next layer of a prompt; `undefined` without any to inspect. A fault ends that inspection. */
export async function inspectNext(
  jobs: InspectionJobs,
  runner: ModelRunner,
  faults: FaultRegister,
): Promise<Answers<FinishedInspection> | undefined> {
  const next = jobs.next();
  if (next === undefined) return undefined;
  const { job, pages, windowPages, layerIndex } = next;
  const { id, tokenIds } = job;
  const end = (error: unknown): Answers<FinishedInspection> => {
    jobs.cancel(id);
    const numComputedTokens = job.weights.length === 0 ? 0 : tokenIds.length;
    const failed = { id, numTokens: tokenIds.length, numComputedTokens };
    return { finished: [], fault: new StepFault('inspection', [failed], error) };
  };
  try {
    const layer = await runner.inspectAttention({ pages, windowPages, layerIndex, tokenIds }); // [heads][tokens][tokens]
    faults.pass();
    const isUsable = layer.every((head) => head.every((row) => row.every(Number.isFinite)));
    if (!isUsable) return end(notNumbers('attention weights'));
    const finished = jobs.advance(next, layer);
    return { finished: finished === undefined ? [] : [finished] };
  } catch (error) {
    faults.admit('inspection', error);
    return end(error);
  }
}
