import { assertInvariant } from '../../errors.ts';
import type { QueuePlace } from '../engine.ts';
import type { SequenceRequest } from '../protocol.ts';
import { estimatePositions } from './queue-places.ts';
import type { RequestQueue } from './request-queue.ts';
import type { RunningCompletion } from './running-completion.ts';

/** A sequence that the engine process holds: waiting, or running since `started`. */
interface HeldSequence {
  readonly completion: RunningCompletion;
  readonly clientId: string;
  readonly numPromptTokens: number;
  started: boolean;
}

/** The sequences that the engine process holds, and their places in the queue. */
export class HeldSequences {
  readonly #queue: RequestQueue;
  /** In the order in which they came. */
  readonly #held = new Map<number, HeldSequence>();
  /** Of those that wait; undefined when something has changed since it was asked. */
  #positions: ReadonlyMap<number, number> | undefined;

  constructor(queue: RequestQueue) {
    this.#queue = queue;
  }

  get size(): number {
    return this.#held.size;
  }

  get ids(): number[] {
    return [...this.#held.keys()];
  }

  completionOf(id: number): RunningCompletion | undefined {
    return this.#held.get(id)?.completion;
  }

  /** Where a sequence stands; undefined for one that does not wait. */
  queuePlaceOf(id: number): QueuePlace | undefined {
    this.#positions ??= estimatePositions(this.#held);
    const position = this.#positions.get(id);
    return position === undefined ? undefined : { position, numWaiting: this.#positions.size };
  }

  add(completion: RunningCompletion, sequences: readonly SequenceRequest[]): void {
    this.#positions = undefined;
    for (const { id, clientId, promptTokenIds } of sequences) {
      this.#held.set(id, { completion, clientId, numPromptTokens: promptTokenIds.length, started: false });
    }
  }

  /** What the engine process reports on; it has a lane from the first time on that it `started`. */
  report(id: number, started: boolean): RunningCompletion {
    const held = this.#held.get(id);
    assertInvariant(held !== undefined, `the engine process reports on sequence ${id} while it holds it`);
    if (started) {
      held.started = true;
      this.#positions = undefined;
      this.#queue.start(held.numPromptTokens, held.clientId);
    }
    return held.completion;
  }

  /** The engine process no longer holds the sequence: its lane or its place in the queue is free. */
  release(id: number): RunningCompletion | undefined {
    const held = this.#held.get(id);
    if (held === undefined) return undefined;
    this.#held.delete(id);
    this.#positions = undefined;
    if (held.started) this.#queue.finish();
    else this.#queue.leave(held.numPromptTokens, held.clientId);
    return held.completion;
  }
}
