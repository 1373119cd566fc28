import { EngineError } from '../errors.ts';
import { DrainRate } from './drain-rate.ts';
import type { Reservation } from './engine.ts';

export interface QueueBounds {
  maxQueuedSequences: number;
  maxQueuedTokens: number;
}

/**
 * Counts who waits for a lane. A request takes its places when it arrives, before any work is done for it, so that a
 * burst is refused at the door and not after its prompts were tokenised. Free lanes count as places too: a queue
 * of length 0 still lets in what can start at once.
 */
export class RequestQueue {
  readonly #bounds: QueueBounds;
  readonly #now: () => number;
  readonly #drainRate = new DrainRate();
  #numLanes = 0;
  #numRunning = 0;
  #numWaiting = 0;
  #numTokensWaiting = 0;

  constructor(bounds: QueueBounds, now: () => number) {
    this.#bounds = bounds;
    this.#now = now;
  }

  get numRunning(): number {
    return this.#numRunning;
  }

  get numWaiting(): number {
    return this.#numWaiting;
  }

  get numTokensWaiting(): number {
    return this.#numTokensWaiting;
  }

  /** Starts from nothing with an engine of so many lanes; places held by others stay theirs. */
  setLanes(numLanes: number): void {
    this.#numLanes = numLanes;
  }

  /** @throws EngineError `queue_full` when that many places are not free */
  reserve(numSequences: number): Reservation {
    const numFreeLanes = Math.max(this.#numLanes - this.#numRunning, 0);
    const numPlaces = this.#bounds.maxQueuedSequences + numFreeLanes;
    const numMissing = this.#numWaiting + numSequences - numPlaces;
    if (numMissing > 0) {
      throw this.#full(
        `the queue is full: ${this.#numWaiting} sequences wait, ${numSequences} more would exceed ` +
          `MAX_QUEUED_REQUESTS (${this.#bounds.maxQueuedSequences}) and ${numFreeLanes} free lanes`,
        numMissing,
      );
    }
    this.#numWaiting += numSequences;
    let held = true;
    return {
      release: () => {
        if (held) this.#numWaiting -= numSequences;
        held = false;
      },
      takeOver: () => (held = false),
    };
  }

  /** @throws EngineError `invalid_request` for more tokens than can ever wait, `queue_full` for more than can now */
  addTokens(numTokens: number): void {
    const { maxQueuedTokens } = this.#bounds;
    if (numTokens > maxQueuedTokens) {
      throw new EngineError(
        'invalid_request',
        `the prompt has ${numTokens} tokens, more than the queue takes in all (MAX_QUEUED_TOKENS ${maxQueuedTokens})`,
        { param: 'prompt' },
      );
    }
    if (this.#numTokensWaiting + numTokens > maxQueuedTokens) {
      throw this.#full(
        `the queue is full: ${this.#numTokensWaiting} prompt tokens wait, ${numTokens} more would exceed ` +
          `MAX_QUEUED_TOKENS (${maxQueuedTokens})`,
        1,
      );
    }
    this.#numTokensWaiting += numTokens;
  }

  /** A waiting sequence got its lane. */
  start(numTokens: number): void {
    this.leave(numTokens);
    this.#numRunning++;
    this.#drainRate.recordLeft(this.#now());
  }

  /** A waiting sequence is gone before it started. */
  leave(numTokens: number): void {
    this.#numWaiting--;
    this.#numTokensWaiting -= numTokens;
  }

  /** A running sequence gave its lane back. */
  finish(): void {
    this.#numRunning--;
  }

  /** How long a client should stay away when the service is busy or loading. */
  retryAfterMs(numPlaces = 1): number {
    return this.#drainRate.retryAfterMs(numPlaces, this.#now());
  }

  #full(message: string, numMissing: number): EngineError {
    return new EngineError('queue_full', message, { retryAfterMs: this.retryAfterMs(numMissing) });
  }
}
