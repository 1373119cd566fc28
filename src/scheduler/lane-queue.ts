import { groupOf } from '../fairness/client-id.ts';
import { assertInvariant } from '../errors.ts';
import { ClientShares } from '../fairness/client-shares.ts';
import { LaneCache, type LaneCacheOptions, type LaneCopy } from './lane-cache.ts';
import { LaneShares } from './lane-shares.ts';
import type { Sequence } from './sequence.ts';

/** Sequences without a lane, those of each client in the order in which they get one: the order in which they came. */
class WaitingList {
  readonly #byClient = new Map<string, Sequence[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get clientIds(): Iterable<string> {
    return this.#byClient.keys();
  }

  add(sequence: Sequence): void {
    const { clientId } = sequence;
    const list = this.#byClient.get(clientId);
    if (list === undefined) this.#byClient.set(clientId, [sequence]);
    else list.push(sequence);
    this.#size++;
  }

  /** Before all others of its client. */
  addFirst(sequence: Sequence): void {
    const list = this.#byClient.get(sequence.clientId);
    if (list === undefined) {
      this.add(sequence);
      return;
    }
    list.unshift(sequence);
    this.#size++;
  }

  /** The client's first. */
  firstOf(clientId: string): Sequence | undefined {
    return this.#byClient.get(clientId)?.[0];
  }

  /** Takes a sequence out; `undefined` when it is not here. */
  remove(sequenceId: number): Sequence | undefined {
    for (const [clientId, list] of this.#byClient) {
      const index = list.findIndex(({ id }) => id === sequenceId);
      if (index === -1) continue;
      const [sequence] = list.splice(index, 1);
      if (list.length === 0) this.#byClient.delete(clientId);
      this.#size--;
      return sequence;
    }
    return undefined;
  }
}

/** A lane for work that is no sequence. It counts as its client's, and no other client takes it away. */
export interface LaneReservation {
  readonly clientId: string;
  /** `undefined` while it waits. */
  lane: number | undefined;
}

/** What starts with a step. */
export interface Starts {
  /** Sequences that left the queue; not those that were preempted and go on. */
  readonly started: Sequence[];
  /** To be done before the step, in this order. */
  readonly copies: LaneCopy[];
}

/**
 * Who has a lane, who waits for one, and who gets the next (LaneShares). What is not a sequence, such as a text to be
 * embedded, waits beside the sequences: by a reservation, which ends soon.
 *
 * A sequence that loses its lane keeps its tokens, goes to the front of those of its client that wait, and computes its
 * tokens again as an ordinary prefill once it has a lane, but for those that a lane still holds.
 */
export class LaneQueue {
  readonly cache: LaneCache;
  /** Tokens that clients were given, by sequences and by work on reservations. */
  readonly shares = new ClientShares();
  readonly waiting = new WaitingList();
  readonly #running: Sequence[] = [];
  readonly #reservations = new Set<LaneReservation>();
  /** Since `takePreemptions`. */
  #numPreemptions = 0;
  /** As things are; `undefined` when something has changed since it was asked. */
  #laneShares: LaneShares | undefined;

  constructor(options: LaneCacheOptions) {
    this.cache = new LaneCache(options);
  }

  /** In the order in which they got their lanes. */
  get running(): readonly Sequence[] {
    return this.#running;
  }

  add(sequence: Sequence): void {
    this.waiting.add(sequence);
    this.shares.enter(sequence.clientId);
    this.#changed();
  }

  /** Takes a sequence out, wherever it is, and frees its lane; `undefined` when it is not here (any more). */
  remove(sequenceId: number): Sequence | undefined {
    const index = this.#running.findIndex(({ id }) => id === sequenceId);
    const sequence = index === -1 ? this.waiting.remove(sequenceId) : this.#running.splice(index, 1)[0];
    if (sequence === undefined) return undefined;
    if (sequence.lane !== undefined) this.cache.free(sequence.lane);
    sequence.lane = undefined;
    this.shares.leave(sequence.clientId);
    this.#changed();
    return sequence;
  }

  /** Takes note of what a step computed of a sequence. */
  record(sequence: Sequence): void {
    this.cache.record(sequence);
    this.#laneShares?.forgetPreemptible();
  }

  /** Sequences that lost their lane since this was asked before. */
  takePreemptions(): number {
    const numPreemptions = this.#numPreemptions;
    this.#numPreemptions = 0;
    return numPreemptions;
  }

  /** Of the clients that wait, but for those passed over, those that may have a free lane. */
  entitled(passed: ReadonlySet<string>): string[] {
    const waiting = [...new Set([...this.waiting.clientIds, ...this.#clientsToLendTo()])];
    const offered = waiting.filter((clientId) => !passed.has(clientId));
    return offered.length < 2 ? offered : this.#sharesNow().entitled(offered);
  }

  /** Of each group that has no reservation and asks for one, the client that asked first. */
  #clientsToLendTo(): string[] {
    if (this.#reservations.size === 0) return [];
    const served = new Set(this.#lent.map(({ clientId }) => groupOf(clientId)));
    return this.#asking.flatMap(({ clientId }) => {
      const group = groupOf(clientId);
      if (served.has(group)) return [];
      served.add(group);
      return [clientId];
    });
  }

  get #lent(): LaneReservation[] {
    return [...this.#reservations].filter(({ lane }) => lane !== undefined);
  }

  get #asking(): LaneReservation[] {
    return [...this.#reservations].filter(({ lane }) => lane === undefined);
  }

  /** Gives waiting sequences lanes that other clients must give up; the sequences that got one. */
  startByPreemption(starts: Starts): Sequence[] {
    const preempting: Sequence[] = [];
    const passed = new Set<string>();
    while (this.cache.numFreeLanes === 0 && this.waiting.size > 0) {
      const waiting = [...this.waiting.clientIds].filter((clientId) => !passed.has(clientId));
      const shares = preempting.length === 0 ? this.#sharesNow() : this.#sharesBeside(preempting);
      const preemptions = shares.preemptions(waiting);
      const clientId = this.shares.next(preemptions.keys());
      const preempted = clientId === undefined ? undefined : preemptions.get(clientId);
      if (clientId === undefined || preempted === undefined) break;
      const sequence = this.tryStart(clientId, starts, preempted);
      if (sequence === undefined) passed.add(clientId);
      else preempting.push(sequence);
    }
    return preempting;
  }

  /**
   * Gives the client's first sequence that waits a lane; `undefined` when it cannot start now, or there is none.
   * @param preempted gives up its lane for it; without one a lane is free
   */
  tryStart(clientId: string, { started, copies }: Starts, preempted?: Sequence): Sequence | undefined {
    const sequence = this.waiting.firstOf(clientId);
    if (sequence === undefined) return undefined;
    const match = this.cache.find(sequence);
    if (this.cache.isWorthWaiting(sequence, match, this.#running)) return undefined;
    if (preempted !== undefined) this.#preempt(preempted);
    const copy = this.cache.allocate(sequence, match);
    if (copy !== undefined) copies.push(copy);
    this.waiting.remove(sequence.id);
    this.#running.push(sequence);
    sequence.numTokensAtLane = sequence.tokenIds.length;
    if (sequence.numPreemptions === 0) started.push(sequence);
    this.#changed();
    return sequence;
  }

  /** What is in the lane is known there until the lane is given away, as when a sequence ends. */
  #preempt(sequence: Sequence): void {
    const { lane, numComputedTokens } = sequence;
    assertInvariant(lane !== undefined, 'a sequence that is preempted has a lane');
    this.#running.splice(this.#running.indexOf(sequence), 1);
    this.cache.free(lane);
    sequence.lane = undefined;
    sequence.numTokensLost = Math.max(sequence.numTokensLost, numComputedTokens);
    sequence.numComputedTokens = 0;
    sequence.numPreemptions++;
    this.waiting.addFirst(sequence);
    this.#numPreemptions++;
    this.#changed();
  }

  /** Work that is no sequence joins those who wait for a lane; `endReservation` must follow. */
  askForLane(clientId: string): LaneReservation {
    const reservation: LaneReservation = { clientId, lane: undefined };
    this.#reservations.add(reservation);
    this.shares.enter(clientId);
    this.#changed();
    return reservation;
  }

  /**
   * Lends a lane between two steps: a free one, or one of a client that has more than its share where this client has
   * none. What it held is forgotten. False when there is none now.
   */
  tryReserve(reservation: LaneReservation): boolean {
    if (this.cache.numFreeLanes === 0) {
      const preempted = this.#sharesNow().preemptedForReservation(reservation.clientId);
      if (preempted === undefined) return false;
      this.#preempt(preempted);
    }
    reservation.lane = this.cache.tryAllocateBlank();
    this.#changed();
    return reservation.lane !== undefined;
  }

  /** The work is done, or given up. */
  endReservation(reservation: LaneReservation): void {
    if (!this.#reservations.delete(reservation)) return;
    if (reservation.lane !== undefined) this.cache.free(reservation.lane);
    reservation.lane = undefined;
    this.shares.leave(reservation.clientId);
    this.#changed();
  }

  #changed(): void {
    this.#laneShares = undefined;
  }

  #sharesNow(): LaneShares {
    return (this.#laneShares ??= this.#sharesBeside([]));
  }

  /** @param preempting sequences that have just taken their lane, and do not lose it at once */
  #sharesBeside(preempting: readonly Sequence[]): LaneShares {
    const clientsOf = (holders: readonly { clientId: string }[]): string[] =>
      holders.map(({ clientId }) => clientId);
    return new LaneShares({
      numLanes: this.cache.numLanes,
      running: this.#running.filter((sequence) => !preempting.includes(sequence)),
      fixed: clientsOf([...this.#lent, ...preempting]),
      waiting: [...this.waiting.clientIds, ...clientsOf(this.#asking)],
    });
  }
}
