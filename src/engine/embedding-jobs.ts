import { assertInvariant } from '../errors.ts';
import type { SegmentInput } from '../runtime/build-step-batch.ts';
import { ClientShares } from '../scheduler/client-shares.ts';

/** Lends lanes of the cache; `undefined` while every lane is in use. */
export interface LaneLender {
  tryTakeLane(): number | undefined;
  returnLane(lane: number): void;
}

export interface FinishedEmbedding {
  readonly id: number;
  /** The mean of the hidden states of its tokens, of length 1: [dim]. */
  readonly embedding: Float32Array;
}

export interface EmbeddingJob {
  readonly id: number;
  readonly clientId: string;
  readonly tokenIds: readonly number[];
  lane: number | undefined;
  numComputed: number;
  /** Of the hidden states so far: [dim]. */
  sums: Float64Array | undefined;
}

interface Chunk {
  readonly job: EmbeddingJob;
  readonly segment: SegmentInput;
}

/**
 * Texts to be embedded, oldest first, the clients in turns. Each is computed chunk by chunk in a lane of its own, in steps between those of
 * completions, so that running streams wait for no more than a step. Pure bookkeeping.
 */
export class EmbeddingJobs {
  readonly #lanes: LaneLender;
  readonly #maxNumBatchedTokens: number;
  readonly #shares = new ClientShares();
  #jobs: EmbeddingJob[] = [];

  constructor(lanes: LaneLender, maxNumBatchedTokens: number) {
    this.#lanes = lanes;
    this.#maxNumBatchedTokens = maxNumBatchedTokens;
  }

  add(id: number, tokenIds: readonly number[], clientId = ''): void {
    this.#jobs.push({ id, clientId, tokenIds, lane: undefined, numComputed: 0, sums: undefined });
    this.#shares.enter(clientId);
  }

  /** Forgets a text between two steps; false when it is not here (any more). */
  cancel(id: number): boolean {
    const job = this.#jobs.find((one) => one.id === id);
    if (job !== undefined) this.#leave(job);
    return job !== undefined;
  }

  /** The chunks of the next step, of so many rows at most; none when no text waits, or none gets a lane. */
  schedule(maxRows = this.#maxNumBatchedTokens): Chunk[] {
    const chunks: Chunk[] = [];
    const waiting = [...this.#jobs];
    let budget = maxRows;
    while (budget > 0) {
      const clientId = this.#shares.next(new Set(waiting.map((job) => job.clientId)));
      const [job] = waiting.splice(
        waiting.findIndex((one) => one.clientId === clientId),
        1,
      );
      if (job === undefined) break;
      const lane = (job.lane ??= this.#lanes.tryTakeLane());
      // Others may have a lane already.
      if (lane === undefined) continue;
      const tokenIds = job.tokenIds.slice(job.numComputed, job.numComputed + budget);
      budget -= tokenIds.length;
      this.#shares.serve(job.clientId, tokenIds.length);
      chunks.push({ job, segment: { lane, positionStart: job.numComputed, tokenIds, logits: 'all' } });
    }
    return chunks;
  }

  /**
   * Records what a step computed.
   * @param rows the hidden states of the chunks' tokens, in order: [tokens][dim]
   */
  advance(chunks: readonly Chunk[], rows: readonly Float32Array[]): FinishedEmbedding[] {
    const finished: FinishedEmbedding[] = [];
    let row = 0;
    for (const { job, segment } of chunks) {
      const states = rows.slice(row, row + segment.tokenIds.length); // [tokens][dim]
      row += segment.tokenIds.length;
      job.sums = addTo(job.sums, states);
      job.numComputed += states.length;
      if (job.numComputed < job.tokenIds.length) continue;
      finished.push({ id: job.id, embedding: normalised(job.sums) });
      this.#leave(job);
    }
    return finished;
  }

  #leave(job: EmbeddingJob): void {
    this.#jobs = this.#jobs.filter((one) => one !== job);
    this.#shares.leave(job.clientId);
    if (job.lane !== undefined) this.#lanes.returnLane(job.lane);
  }
}

function addTo(sums: Float64Array | undefined, states: readonly Float32Array[]): Float64Array {
  const [first] = states;
  assertInvariant(first, 'a chunk has at least one token');
  const total = sums ?? new Float64Array(first.length); // [dim]
  for (const state of states) state.forEach((value, index) => (total[index] = (total[index] ?? 0) + value));
  return total;
}

/** Of length 1. Dividing by the number of tokens first would change nothing. */
function normalised(sums: Float64Array): Float32Array {
  const length = Math.hypot(...sums);
  return Float32Array.from(sums, (value) => (length === 0 ? 0 : value / length)); // [dim]
}
