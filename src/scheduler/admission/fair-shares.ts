import { groupOf } from '../../fairness/client-id.ts';
import { assertInvariant } from '../../errors.ts';
import type { Sequence } from '../sequence.ts';
import { hasHadSlice, numTokensSinceStart, type RanLately } from './slices.ts';

export interface ShareUse {
  /** How much there is of what is shared: seats, or pages of the cache. */
  readonly capacity: number;
  readonly running: readonly Sequence[];
  /** How much of it a sequence has. */
  readonly amountOf: (sequence: Sequence) => number;
  /** Others that have some of it, and are not stopped. */
  readonly fixed: readonly { readonly clientId: string; readonly amount: number }[];
  /** Clients that wait for some of it. */
  readonly waiting: readonly string[];
  /** How much the first that waits of a client needs. */
  readonly needOf: (clientId: string) => number;
  readonly lately: RanLately;
}

/**
 * Who may start next, and who must stop for it, where seats or pages are scarce. Both are shared by the same rules.
 *
 * Those who have some or wait for some share it equally: groups all that there is, members what their group has. The
 * share of each is the same whole number, at least 1. One that waits and stays within its share takes
 *   1. of the one that has most, where that is more than its share and of more than one sequence. The one with the least
 *      to compute again is stopped; one that was resumed and has not had its slice comes last, so that each gets on in
 *      the end;
 *   2. else, where none of its own runs or did for a slice, of a sequence that has had its slice: the one that has generated
 *      most since it started. It may get more than its share by that, since a long text may be all that it wants. Clients
 *      of many short texts get seats as these end; they do not stop a long text again and again.
 *
 * Rule 1 never gives anybody more than its share, so that nothing is taken back by it, and where each that waits has its
 * share nothing happens. Rule 2 takes from a sequence again only after another slice.
 *
 * What it costs: the tokens of a sequence that is stopped are computed again. The first time these are at most those
 * computed for it so far; after that they are at most 8 for each token that it generated meanwhile. So at most 9 tokens
 * are computed again for each that is computed for the first time; and where rule 1 finds nothing but sequences that were
 * just resumed, at most a context more for the sequence that starts.
 *
 * It holds for as long as the same sequences and clients run or wait; `forgetStoppable` once tokens were computed.
 */
export class FairShares {
  readonly #use: ShareUse;
  /** The group of each client that has some or waits. */
  readonly #groupOf = new Map<string, string>();
  readonly #numMembers = new Map<string, number>();
  readonly #ofGroup: ReadonlyMap<string, Held>;
  readonly #ofClient: ReadonlyMap<string, Held>;
  readonly #groupShare: number;
  readonly #needs = new Map<string, number>();
  #amongGroups: Stoppable | undefined;
  readonly #amongMembers = new Map<string, Stoppable>();

  constructor(use: ShareUse) {
    this.#use = use;
    const running = use.running.map((one) => ({ clientId: one.clientId, amount: use.amountOf(one) }));
    const holders = [...use.fixed, ...running];
    for (const { clientId } of holders) this.#enter(clientId);
    for (const clientId of use.waiting) this.#enter(clientId);
    this.#ofClient = heldBy(holders, (clientId) => clientId);
    this.#ofGroup = heldBy(holders, (clientId) => this.#groupIdOf(clientId));
    this.#groupShare = shareOf(use.capacity, this.#numMembers.size);
  }

  #enter(clientId: string): void {
    if (this.#groupOf.has(clientId)) return;
    const group = groupOf(clientId);
    this.#groupOf.set(clientId, group);
    this.#numMembers.set(group, (this.#numMembers.get(group) ?? 0) + 1);
  }

  /** Sequences have more tokens now. */
  forgetStoppable(): void {
    this.#amongGroups = undefined;
    this.#amongMembers.clear();
  }

  /** Of some clients that wait, those that what is free may be given to. */
  entitled(waiting: readonly string[]): string[] {
    const poor = waiting.filter((clientId) => this.#groupStaysWithin(clientId));
    return this.#firstInGroups(poor.length > 0 ? poor : waiting);
  }

  /** Whether a client that waits has nothing that runs, or would have no more than its share. */
  hasClaim(clientId: string): boolean {
    if (this.#heldBy(clientId).count === 0) return true;
    return this.#groupStaysWithin(clientId) && this.#memberStaysWithin(clientId);
  }

  /** Of some clients that wait, those that another must stop for, and the sequence that stops. */
  stops(waiting: readonly string[]): Map<string, Sequence> {
    const stops = new Map<string, Sequence>();
    let first: ReadonlySet<string> | undefined;
    for (const clientId of waiting) {
      const ofGroup = this.#stoppedAmongGroups(clientId);
      if (ofGroup !== undefined) first ??= new Set(this.#firstInGroups(waiting));
      const stopped = first?.has(clientId) ? ofGroup : undefined;
      const taken = stopped ?? this.#stoppedAmongMembers(clientId);
      if (taken !== undefined) stops.set(clientId, taken);
    }
    return stops;
  }

  /** The sequence that stops for a reservation; undefined if the client has something running already. */
  stoppedForReservation(clientId: string): Sequence | undefined {
    if (this.#heldIn(this.#groupIdOf(clientId)).count === 0) return this.#stoppedAmongGroups(clientId);
    return this.#heldBy(clientId).count === 0 ? this.#stoppedAmongMembers(clientId) : undefined;
  }

  /** What stops where those that run need more than there is: of one that has more than its share, else of any. */
  leastEntitled(): Sequence | undefined {
    const { ofRich } = this.#stoppableAmongGroups();
    if (ofRich !== undefined) return ofRich;
    for (const [group, members] of this.#numMembers) {
      const rich = members > 1 ? this.#stoppableIn(group).ofRich : undefined;
      if (rich !== undefined) return rich;
    }
    return firstOf(this.#use.running, hasLessToLose);
  }

  #groupStaysWithin(clientId: string): boolean {
    return this.#heldIn(this.#groupIdOf(clientId)).amount + this.#needOf(clientId) <= this.#groupShare;
  }

  /** Whether it would have no more than its part of what its group would have then. */
  #memberStaysWithin(clientId: string): boolean {
    const group = this.#groupIdOf(clientId);
    const need = this.#needOf(clientId);
    const share = shareOf(this.#heldIn(group).amount + need, this.#membersIn(group));
    return this.#heldBy(clientId).amount + need <= share;
  }

  /** In each group those that stay within their part of it, if there are any. */
  #firstInGroups(waiting: readonly string[]): string[] {
    const poor = new Set<string>();
    const groups = new Set<string>();
    for (const clientId of waiting) {
      if (!this.#memberStaysWithin(clientId)) continue;
      poor.add(clientId);
      groups.add(this.#groupIdOf(clientId));
    }
    return waiting.filter((clientId) => poor.has(clientId) || !groups.has(this.#groupIdOf(clientId)));
  }

  #stoppedAmongGroups(clientId: string): Sequence | undefined {
    const isWithin = this.#groupStaysWithin(clientId);
    const group = this.#groupIdOf(clientId);
    const hasLongHadNone = this.#heldIn(group).count === 0 && !this.#use.lately.hasGroup(group);
    if (!isWithin && !hasLongHadNone) return undefined;
    const { ofRich, ofSlices } = this.#stoppableAmongGroups();
    return (isWithin ? ofRich : undefined) ?? (hasLongHadNone ? ofSlices : undefined);
  }

  #stoppedAmongMembers(clientId: string): Sequence | undefined {
    const group = this.#groupIdOf(clientId);
    const ofGroup = this.#heldIn(group);
    const { amount, count } = this.#heldBy(clientId);
    const isWithin = amount + this.#needOf(clientId) <= shareOf(ofGroup.amount, this.#membersIn(group));
    const hasLongHadNone = count === 0 && !this.#use.lately.hasClient(clientId);
    if (ofGroup.count === 0 || (!isWithin && !hasLongHadNone)) return undefined;
    const { ofRich, ofSlices } = this.#stoppableIn(group);
    return (isWithin ? ofRich : undefined) ?? (hasLongHadNone ? ofSlices : undefined);
  }

  #stoppableAmongGroups(): Stoppable {
    return (this.#amongGroups ??= findStoppable(this.#use.running, this.#groupShare, [
      ({ clientId }) => this.#heldIn(this.#groupIdOf(clientId)),
      ({ clientId }) => this.#heldBy(clientId),
    ]));
  }

  #stoppableIn(group: string): Stoppable {
    const known = this.#amongMembers.get(group);
    if (known !== undefined) return known;
    const running = this.#use.running.filter((one) => this.#groupIdOf(one.clientId) === group);
    const share = shareOf(this.#heldIn(group).amount, this.#membersIn(group));
    const stoppable = findStoppable(running, share, [(one) => this.#heldBy(one.clientId)]);
    this.#amongMembers.set(group, stoppable);
    return stoppable;
  }

  /** Asked once of each: a need is found by a look into the cache. */
  #needOf(clientId: string): number {
    const need = this.#needs.get(clientId) ?? this.#use.needOf(clientId);
    this.#needs.set(clientId, need);
    return need;
  }

  #groupIdOf(clientId: string): string {
    const group = this.#groupOf.get(clientId);
    assertInvariant(group !== undefined, 'a client that asks is among those who wait');
    return group;
  }

  #membersIn(group: string): number {
    return this.#numMembers.get(group) ?? 0;
  }

  #heldIn(group: string): Held {
    return this.#ofGroup.get(group) ?? NOTHING;
  }

  #heldBy(clientId: string): Held {
    return this.#ofClient.get(clientId) ?? NOTHING;
  }
}

/** What a client or a group has, and in how many pieces: sequences, and work that is none. */
interface Held {
  readonly amount: number;
  readonly count: number;
}

const NOTHING: Held = { amount: 0, count: 0 };

/** Who stops for one that has less than its share. */
interface Stoppable {
  /** Of those that have more. */
  readonly ofRich: Sequence | undefined;
  /** Of all, for a party that has nothing running. */
  readonly ofSlices: Sequence | undefined;
}

/** @param heldBy what a sequence's party has, whose share is meant, then its parts */
function findStoppable(
  sequences: readonly Sequence[],
  share: number,
  heldBy: readonly [(sequence: Sequence) => Held, ...((sequence: Sequence) => Held)[]],
): Stoppable {
  const [heldByParty] = heldBy;
  let rich = sequences.filter((sequence) => {
    const { amount, count } = heldByParty(sequence);
    return amount > share && count > 1;
  });
  for (const heldByPart of heldBy) {
    const most = Math.max(...rich.map((sequence) => heldByPart(sequence).amount));
    rich = rich.filter((sequence) => heldByPart(sequence).amount === most);
  }
  return {
    ofRich: firstOf(rich, hasLessToLose),
    ofSlices: firstOf(
      sequences.filter(hasHadSlice),
      (one, other) => numTokensSinceStart(one) > numTokensSinceStart(other),
    ),
  };
}

/** The share of each of so many. */
const shareOf = (capacity: number, numParties: number): number =>
  Math.max(Math.floor(capacity / numParties), 1);

function heldBy(
  holders: readonly { readonly clientId: string; readonly amount: number }[],
  keyOf: (clientId: string) => string,
): Map<string, Held> {
  const held = new Map<string, Held>();
  for (const { clientId, amount } of holders) {
    const key = keyOf(clientId);
    const before = held.get(key) ?? NOTHING;
    held.set(key, { amount: before.amount + amount, count: before.count + 1 });
  }
  return held;
}

/**
 * A sequence that was resumed and has not had its slice comes after all others, and of several such the one that started
 * last comes first, so that the others have theirs: else one could be stopped again and again before it gets on. Of the
 * others it is the one with the fewest tokens computed, as they are in prefill and just behind it.
 */
function hasLessToLose(one: Sequence, other: Sequence): boolean {
  const [isResumed, isOtherResumed] = [one, other].map(
    (sequence) => sequence.numPreemptions > 0 && !hasHadSlice(sequence),
  );
  if (isResumed !== isOtherResumed) return isOtherResumed === true;
  return isResumed === true || one.numComputedTokens <= other.numComputedTokens;
}

/** Among equals the last, where `isBefore` is true of them. */
function firstOf(
  sequences: readonly Sequence[],
  isBefore: (one: Sequence, other: Sequence) => boolean,
): Sequence | undefined {
  return sequences.reduce<Sequence | undefined>(
    (first, next) => (first === undefined || isBefore(next, first) ? next : first),
    undefined,
  );
}
