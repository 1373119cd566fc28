import type { AttentionWeights } from '../model/inspect-attention.ts';
import { ClientShares } from '../scheduler/client-shares.ts';
import type { LaneLender } from './embedding-jobs.ts';

export interface FinishedInspection {
  readonly id: number;
  readonly weights: AttentionWeights;
}

interface Job {
  readonly id: number;
  readonly clientId: string;
  readonly tokenIds: readonly number[];
  /** Indices of those that are asked for. */
  readonly layers: readonly number[];
  lane: number | undefined;
  /** Of the layers so far: [layers][heads][tokens][tokens]. */
  readonly weights: AttentionWeights;
}

/** A job whose turn it is. */
export interface InspectedLayer {
  readonly job: Job;
  readonly lane: number;
  readonly layerIndex: number;
}

/**
 * Prompts to be inspected: one at a time, the clients in turns, and of it one layer between two steps of completions, so
 * that running streams wait for no more than a step. Pure bookkeeping.
 */
export class InspectionJobs {
  readonly #lanes: LaneLender;
  readonly #allLayers: readonly number[];
  readonly #shares = new ClientShares();
  /** The oldest first. */
  #jobs: Job[] = [];
  /** The one that was begun. */
  #current: Job | undefined;

  constructor(lanes: LaneLender, numLayers: number) {
    this.#lanes = lanes;
    this.#allLayers = Array.from({ length: numLayers }, (_, index) => index);
  }

  /** @param layers all when it is left out */
  add(id: number, tokenIds: readonly number[], clientId = '', layers = this.#allLayers): void {
    this.#jobs.push({ id, clientId, tokenIds, layers, lane: undefined, weights: [] });
    this.#shares.enter(clientId);
  }

  /** Forgets a prompt between two steps; false when it is not here (any more). */
  cancel(id: number): boolean {
    const job = this.#jobs.find((one) => one.id === id);
    if (job !== undefined) this.#leave(job);
    return job !== undefined;
  }

  /** The layer to be inspected next; `undefined` when no prompt waits, or there is no lane for it. */
  next(): InspectedLayer | undefined {
    const job = this.#current ?? this.#oldestInTurn();
    if (job === undefined) return undefined;
    const lane = (job.lane ??= this.#lanes.tryTakeLane());
    if (lane === undefined) return undefined;
    if (this.#current === undefined) this.#shares.serve(job.clientId, job.tokenIds.length);
    this.#current = job;
    return { job, lane, layerIndex: job.layers[job.weights.length] ?? 0 };
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

  #oldestInTurn(): Job | undefined {
    const clientId = this.#shares.next(new Set(this.#jobs.map((job) => job.clientId)));
    return this.#jobs.find((job) => job.clientId === clientId);
  }

  #leave(job: Job): void {
    this.#jobs = this.#jobs.filter((one) => one !== job);
    if (this.#current === job) this.#current = undefined;
    this.#shares.leave(job.clientId);
    if (job.lane !== undefined) this.#lanes.returnLane(job.lane);
  }
}
