import type { FailedWork, FinishedEmbedding } from '../protocol.ts';
import { type Answers, notNumbers, StepFault } from '../step-fault.ts';
import type { FaultRegister } from './fault-register.ts';
import type { ModelRunner } from './model-runner.ts';
import { PooledStates } from './pooled-states.ts';
import type { Pooling } from '../../model/pooling.ts';
import { groupOf } from '../../fairness/client-id.ts';
import type { Reservation } from '../../scheduler/admission/reservations.ts';
import type { RunQueue } from '../../scheduler/admission/run-queue.ts';
import { NOTHING, scoresOf, type RowsBetween } from '../../scheduler/step-budgets.ts';
import type { SegmentInput } from '../../runtime/build-step-batch.ts';

/** Reserves seats and pages of the cache, and knows whose turn it is. */
type Queue = Pick<RunQueue, 'shares' | 'ask' | 'tryReserve' | 'pagesOf' | 'endReservation'>;

export interface EmbeddingJob {
  readonly id: number;
  readonly reservation: Reservation;
  readonly tokenIds: readonly number[];
  numComputedTokens: number;
  readonly states: PooledStates;
}

interface Chunk {
  readonly job: EmbeddingJob;
  readonly segment: SegmentInput;
}

/**
 * Texts to be embedded, oldest first, the clients in turns. Each is computed chunk by chunk in pages of its own, in
 * steps between those of completions, so that running streams wait for no more than a step. Pages are not taken from
 * texts, so a group begins no text while another of its is half done: between two steps it has one reservation at most.
 * Pure bookkeeping.
 */
export class EmbeddingJobs {
  readonly #queue: Queue;
  readonly #maxNumBatchedTokens: number;
  #jobs: EmbeddingJob[] = [];

  constructor(queue: Queue, maxNumBatchedTokens: number) {
    this.#queue = queue;
    this.#maxNumBatchedTokens = maxNumBatchedTokens;
  }

  /** How many are not finished. */
  get size(): number {
    return this.#jobs.length;
  }

  add(id: number, tokenIds: readonly number[], clientId = '', pooling: Pooling = 'mean'): void {
    const reservation = this.#queue.ask(clientId, tokenIds.length);
    this.#jobs.push({ id, reservation, tokenIds, numComputedTokens: 0, states: new PooledStates(pooling) });
  }

  /** Forgets a text between two steps; false when it is not here (any more). */
  cancel(id: number): boolean {
    const job = this.#jobs.find((one) => one.id === id);
    if (job !== undefined) this.#leave(job);
    return job !== undefined;
  }

  /** The chunks of the next step, as large as may be; none when no text waits, or none gets pages. */
  schedule(rowsOf: RowsBetween = (_shape, _positionStart, maxRows) => maxRows): Chunk[] {
    const chunks: Chunk[] = [];
    let waiting = [...this.#jobs];
    let shape = NOTHING;
    for (;;) {
      const job = this.#next(waiting);
      if (job === undefined) break;
      const positionStart = job.numComputedTokens;
      const numFree = Math.min(
        this.#maxNumBatchedTokens - shape.numRows,
        job.tokenIds.length - positionStart,
      );
      const numRows = rowsOf(shape, positionStart, numFree);
      if (numRows <= 0) break;
      waiting = waiting.filter((one) => one !== job);
      const { clientId } = job.reservation;
      if (job.reservation.pages === undefined && !this.#queue.tryReserve(job.reservation)) {
        // Nor do its others get one; other clients' texts may, or have one already.
        waiting = waiting.filter(
          ({ reservation }) => reservation.clientId !== clientId || reservation.pages !== undefined,
        );
        continue;
      }
      const { end, ...tables } = this.#queue.pagesOf(job.reservation, positionStart, positionStart + numRows);
      const tokenIds = job.tokenIds.slice(positionStart, end);
      const numScores = shape.numScores + scoresOf(positionStart, tokenIds.length);
      shape = { ...shape, numRows: shape.numRows + tokenIds.length, numScores };
      this.#queue.shares.serve(clientId, tokenIds.length);
      chunks.push({ job, segment: { ...tables, positionStart, tokenIds, logits: 'all' } });
    }
    return chunks;
  }

  /** The next of some texts: of the group whose turn it is one that is half done, else its next client's oldest. */
  #next(waiting: readonly EmbeddingJob[]): EmbeddingJob | undefined {
    const halfDone = waiting.filter(({ reservation }) => reservation.pages !== undefined);
    const groups = new Set(halfDone.map(({ reservation }) => groupOf(reservation.clientId)));
    const startable = waiting.filter(({ reservation }) => !groups.has(groupOf(reservation.clientId)));
    const candidates = [...halfDone, ...startable];
    const clientId = this.#queue.shares.next(
      new Set(candidates.map(({ reservation }) => reservation.clientId)),
    );
    return candidates.find(({ reservation }) => reservation.clientId === clientId);
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
      job.states.add(states);
      job.numComputedTokens += states.length;
      if (job.numComputedTokens < job.tokenIds.length) continue;
      finished.push({ id: job.id, embedding: job.states.embedding });
      this.#leave(job);
    }
    return finished;
  }

  #leave(job: EmbeddingJob): void {
    this.#jobs = this.#jobs.filter((one) => one !== job);
    this.#queue.endReservation(job.reservation);
  }
}

/**
 * Computes the next tokens of texts to be embedded; `undefined` without any to compute, or where no row is free. A fault
 * ends the texts of the step, or those of them whose states are not numbers.
 */
export async function embedNext(
  jobs: EmbeddingJobs,
  runner: ModelRunner,
  rowsOf: RowsBetween,
  faults: FaultRegister,
): Promise<Answers<FinishedEmbedding> | undefined> {
  const chunks = jobs.schedule(rowsOf);
  if (chunks.length === 0) return undefined;
  const computed = chunks.map(({ job }) => job);
  try {
    const rows = await runner.hiddenStates(chunks.map(({ segment }) => segment)); // [tokens][dim]
    const done = jobs.advance(chunks, rows);
    faults.pass();
    const finished = done.filter(({ embedding }) => embedding.every(Number.isFinite));
    if (finished.length === done.length) return { finished };
    const usable = new Set(finished.map(({ id }) => id));
    const spoilt = new Set(done.flatMap(({ id }) => (usable.has(id) ? [] : [id])));
    const failedWork = computed.filter(({ id }) => spoilt.has(id)).map(toFailedWork);
    return { finished, fault: new StepFault('embedding', failedWork, notNumbers('hidden states')) };
  } catch (error) {
    faults.admit('embedding', error);
    for (const { id } of computed) jobs.cancel(id);
    return { finished: [], fault: new StepFault('embedding', computed.map(toFailedWork), error) };
  }
}

const toFailedWork = ({ id, tokenIds, numComputedTokens }: EmbeddingJob): FailedWork => ({
  id,
  numTokens: tokenIds.length,
  numComputedTokens,
});
