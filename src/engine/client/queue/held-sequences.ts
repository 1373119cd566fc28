import { assertInvariant } from '../../../errors.ts';
import type { QueuePosition, Reservation } from '../../engine.ts';
import { promptLength } from '../../prefixed-prompt.ts';
import type { SequenceOfSeat, SequenceRequest } from '../../protocol.ts';
import { estimatePositions } from './estimate-positions.ts';
import type { RequestQueue } from './request-queue.ts';
import type { RunningCompletion } from '../completion/running-completion.ts';

/** A sequence that the engine process holds: waiting, or running since `started`. */
interface HeldSequence {
  readonly completion: RunningCompletion;
  readonly clientId: string;
  readonly priority: number;
  readonly numPromptTokens: number;
  started: boolean;
}

/**
 * The sequences that the engine process holds, and their slots in the queue.
 *
 * A request may have more sequences than slots. Then the engine process is sent as many as there are slots, and each
 * that starts hands its slot on to the next one. So a request of hundreds of sequences takes no more of the queue than
 * one of a few, and what waits here of it is never refused.
 */
export class HeldSequences {
  readonly #queue: RequestQueue;
  /** In the order in which they came. */
  readonly #held = new Map<number, HeldSequence>();
  /** Sequences without a slot yet, the next one last. */
  readonly #later = new Map<RunningCompletion, SequenceRequest[]>();
  /** Sequences that got a slot since `takeFollowing`. */
  #following: SequenceRequest[] = [];
  #sequenceOfSeat: SequenceOfSeat = [];
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

  /** The seats as the engine process told them last. */
  setSeats(sequenceOfSeat: SequenceOfSeat): void {
    this.#sequenceOfSeat = sequenceOfSeat;
  }

  /** The seat that a sequence runs in; undefined for one that waits, also after a preemption. */
  seatOf(id: number): number | undefined {
    const seat = this.#held.has(id) ? this.#sequenceOfSeat.indexOf(id) : -1;
    return seat < 0 ? undefined : seat;
  }

  /** Where a sequence stands; undefined for one that does not wait. */
  queuePositionOf(id: number): QueuePosition | undefined {
    this.#positions ??= estimatePositions(this.#held);
    const position = this.#positions.get(id);
    return position === undefined ? undefined : { position, numWaiting: this.#positions.size };
  }

  /**
   * Takes the slots of a request's reservation over; the sequences that have them, to be sent now.
   * @throws EngineError what `takeTokens` throws
   */
  add(
    completion: RunningCompletion,
    sequences: readonly SequenceRequest[],
    reservation: Reservation,
  ): readonly SequenceRequest[] {
    const admitted = sequences.slice(0, reservation.numSequences);
    const numTokens = admitted.reduce((sum, sequence) => sum + promptLength(sequence), 0);
    reservation.takeTokens(numTokens, 'prompt');
    reservation.takeOver();
    for (const sequence of admitted) this.#hold(completion, sequence);
    const later = sequences.slice(admitted.length);
    if (later.length > 0) this.#later.set(completion, later.reverse());
    return admitted;
  }

  #hold(completion: RunningCompletion, sequence: SequenceRequest): void {
    const { id, clientId, priority = 0 } = sequence;
    this.#positions = undefined;
    const numPromptTokens = promptLength(sequence);
    this.#held.set(id, { completion, clientId, priority, numPromptTokens, started: false });
  }

  /** What the engine process reports on; it has a seat from the first time on that it `started`. */
  report(id: number, started: boolean): RunningCompletion {
    const held = this.#held.get(id);
    assertInvariant(held !== undefined, `the engine process reports on sequence ${id} while it holds it`);
    if (started) {
      held.started = true;
      this.#positions = undefined;
      this.#queue.start(held.numPromptTokens, held.clientId);
      this.#handOn(held.completion);
    }
    return held.completion;
  }

  #handOn(completion: RunningCompletion): void {
    const next = this.#later.get(completion)?.pop();
    if (next === undefined) return;
    this.#queue.follow(promptLength(next), next.clientId);
    this.#hold(completion, next);
    this.#following.push(next);
  }

  /** Sequences that the engine process is to be sent now. */
  takeFollowing(): SequenceRequest[] {
    const following = this.#following;
    if (following.length > 0) this.#following = [];
    return following;
  }

  /** The request has ended: those of its sequences that the engine process was not sent are not computed. */
  end(completion: RunningCompletion): void {
    this.#later.delete(completion);
    const isUnsent = ({ id }: SequenceRequest): boolean => this.completionOf(id) === completion;
    for (const { id } of this.#following.filter(isUnsent)) this.release(id);
    this.#following = this.#following.filter(({ id }) => this.#held.has(id));
  }

  /** The engine process no longer holds the sequence: its seat or its slot in the queue is free. */
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
