import type { Reservation } from '../../engine.ts';
import { assertInvariant, EngineError } from '../../../errors.ts';
import { FairCapacity } from '../../../fairness/fair-capacity.ts';

export interface QueueBounds {
  maxQueuedSequences: number;
  maxQueuedTokens: number;
}

/**
 * Counts the sequences that wait for a seat. A request takes its slots when it arrives, before any work is done for it:
 * a burst is refused then, and not after its prompts were tokenised. Free seats count as slots too, so a queue of
 * length 0 still lets in what can start at once. Clients share the slots (FairCapacity).
 *
 * A sequence that is preempted takes no slot again. It counts as running until its end, so more may count as running
 * than there are seats. No seat is free then.
 */
export class RequestQueue {
  readonly #bounds: QueueBounds;
  readonly #now: () => number;
  readonly #drainRate = new DrainRate();
  #maxNumSeqs = 0;
  #numSequencesRunning = 0;
  readonly #sequences = new FairCapacity();
  readonly #tokens = new FairCapacity();

  constructor(bounds: QueueBounds, now: () => number) {
    this.#bounds = bounds;
    this.#now = now;
  }

  get numSequencesRunning(): number {
    return this.#numSequencesRunning;
  }

  get numSequencesWaiting(): number {
    return this.#sequences.numTaken;
  }

  get numTokensWaiting(): number {
    return this.#tokens.numTaken;
  }

  /** Starts from nothing with an engine of so many seats; slots held by others stay theirs. */
  setSeats(maxNumSeqs: number): void {
    this.#maxNumSeqs = maxNumSeqs;
  }

  /** @throws EngineError `queue_full` when that many slots are not free, and the client has its share of them */
  reserve(numSequences: number, clientId = ''): Reservation {
    this.checkRoom(numSequences, clientId);
    this.#sequences.take(clientId, numSequences);
    return this.#reservation(numSequences, clientId);
  }

  /** Takes nothing. @throws EngineError as `reserve` */
  checkRoom(numSequences: number, clientId: string): void {
    const numFreeSeats = Math.max(this.#maxNumSeqs - this.#numSequencesRunning, 0);
    const numSlots = this.#bounds.maxQueuedSequences + numFreeSeats;
    if (!this.#sequences.canTake(clientId, numSequences, numSlots)) {
      throw this.#full(
        `the queue is full: ${this.numSequencesWaiting} sequences wait, ${numSequences} more would exceed ` +
          `MAX_QUEUED_REQUESTS (${this.#bounds.maxQueuedSequences}) and ${numFreeSeats} free seats`,
        this.numSequencesWaiting + numSequences - numSlots,
      );
    }
  }

  #reservation(numAtFirst: number, clientId: string): Reservation {
    let isHeld = true;
    let numSequences = numAtFirst;
    let numTokens = 0;
    return {
      clientId,
      get numSequences() {
        return numSequences;
      },
      reservedAtMs: this.#now(),
      takeTokens: (numWanted, param) => {
        this.#tokens.giveBack(clientId, numTokens);
        try {
          this.addTokens(numWanted, clientId, param);
          numTokens = numWanted;
        } catch (error) {
          this.#tokens.take(clientId, numTokens);
          throw error;
        }
      },
      shrinkTo: (numLeft) => {
        assertInvariant(isHeld && numLeft <= numSequences, 'a reservation gives back what it has');
        this.#sequences.giveBack(clientId, numSequences - numLeft);
        numSequences = numLeft;
      },
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#sequences.giveBack(clientId, numSequences);
        this.#tokens.giveBack(clientId, numTokens);
      },
      takeOver: () => (isHeld = false),
    };
  }

  /** @throws EngineError `invalid_request` for more tokens than can ever wait, `queue_full` for more than can now */
  addTokens(numTokens: number, clientId = '', param = 'prompt'): void {
    const { maxQueuedTokens } = this.#bounds;
    if (numTokens > maxQueuedTokens) {
      throw new EngineError(
        'invalid_request',
        `${param} has ${numTokens} tokens, more than the queue takes in all (MAX_QUEUED_TOKENS ${maxQueuedTokens})`,
        { param },
      );
    }
    if (!this.#tokens.canTake(clientId, numTokens, maxQueuedTokens)) {
      throw this.#full(
        `the queue is full: ${this.numTokensWaiting} prompt tokens wait, ${numTokens} more would exceed ` +
          `MAX_QUEUED_TOKENS (${maxQueuedTokens})`,
        1,
      );
    }
    this.#tokens.take(clientId, numTokens);
  }

  /** A waiting sequence got its seat. */
  start(numTokens: number, clientId = ''): void {
    this.leave(numTokens, clientId);
    this.#numSequencesRunning++;
    this.#drainRate.recordLeft(this.#now());
  }

  /**
   * A sequence takes over the place of one that has just started. It may have more tokens: by as many the bound is
   * exceeded.
   */
  follow(numTokens: number, clientId = ''): void {
    this.#sequences.take(clientId, 1);
    this.#tokens.take(clientId, numTokens);
  }

  /** A waiting sequence is gone before it started. */
  leave(numTokens: number, clientId = ''): void {
    this.#sequences.giveBack(clientId, 1);
    this.#tokens.giveBack(clientId, numTokens);
  }

  /** A running sequence gave its seat back. */
  finish(): void {
    this.#numSequencesRunning--;
  }

  /** How long a client should stay away when the service is busy or loading. */
  retryAfterMs(numSlots = 1): number {
    return this.#drainRate.retryAfterMs(numSlots, this.#now());
  }

  #full(message: string, numMissing: number): EngineError {
    return new EngineError('queue_full', message, { retryAfterMs: this.retryAfterMs(numMissing) });
  }
}

const WINDOW_MS = 30_000;
const MIN_RETRY_MS = 250;
const MAX_RETRY_MS = 60_000;
/** Until something was measured: a second for each slot that must become free. */
const UNMEASURED_MS_PER_PLACE = 1000;

/** How fast the queue drains, measured over the last half minute; tells a refused client when to come back. */
export class DrainRate {
  #leftAtMs: number[] = [];

  /** A sequence left the queue at that time of a monotonic clock. */
  recordLeft(nowMs: number): void {
    this.#leftAtMs.push(nowMs);
    this.#forgetBefore(nowMs - WINDOW_MS);
  }

  /** Milliseconds until `numSlots` slots are likely free, between a quarter second and a minute. */
  retryAfterMs(numSlots: number, nowMs: number): number {
    this.#forgetBefore(nowMs - WINDOW_MS);
    const first = this.#leftAtMs[0];
    const msPerSlot =
      first === undefined ? UNMEASURED_MS_PER_PLACE : Math.max(nowMs - first, 1) / this.#leftAtMs.length;
    return Math.round(Math.min(Math.max(numSlots * msPerSlot, MIN_RETRY_MS), MAX_RETRY_MS));
  }

  #forgetBefore(timeMs: number): void {
    const firstKept = this.#leftAtMs.findIndex((leftAtMs) => leftAtMs >= timeMs);
    if (firstKept !== 0) this.#leftAtMs.splice(0, firstKept === -1 ? this.#leftAtMs.length : firstKept);
  }
}
