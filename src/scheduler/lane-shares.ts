import { groupOf } from '../fairness/client-id.ts';
import { assertInvariant } from '../errors.ts';
import type { Sequence } from './sequence.ts';

/** Tokens that a sequence generates in a lane, at least, before it may lose that to a client that has none. */
const SLICE_TOKENS = 64;
/** A token generated in a lane pays for so many that are computed again once the lane is lost. */
const RECOMPUTED_PER_TOKEN = 8;

export interface LaneUse {
  numLanes: number;
  /** Sequences in lanes. */
  running: readonly Sequence[];
  /** For each of the other lanes in use, which are not taken away, its client. */
  fixed: readonly string[];
  /** Clients that wait for a lane. */
  waiting: readonly string[];
}

/**
 * Who may have the next lane, and who must give one up.
 *
 * Those who have lanes or wait for one share them equally: groups all lanes of the cache, members the lanes that their
 * group has. The share of each is the same whole number, at least 1. Both levels go by the same two rules. One that waits
 * and has less than its share takes a lane
 *   1. of the one that has most, where that is more than its share. It loses the sequence with the least to compute
 *      again; one that was resumed and has not had its slice comes last, so that each gets on in the end;
 *   2. else, where it has none at all, since there are more clients than lanes, of a sequence that has had its slice:
 *      the one that has generated most since it got its lane.
 *
 * Rule 1 makes the lanes of two more alike and never swaps who has more, so it ends, and where each that waits has its
 * share nothing happens. Rule 2 takes from a sequence again only after another slice.
 *
 * What it costs: a lane that is lost costs its sequence the tokens in it, which are computed again. The first time these
 * are at most those computed for it so far; after that they are at most 8 for each token that it generated meanwhile.
 * So at most 9 tokens are computed again for each that is computed for the first time; and where rule 1 finds nothing but
 * sequences that were just resumed, at most a lane's length more for the sequence that takes the lane.
 *
 * It holds for as long as the same sequences and clients have lanes or wait; `forgetPreemptible` once tokens were computed.
 */
export class LaneShares {
  readonly #use: LaneUse;
  /** The group of each client that has a lane or waits. */
  readonly #groupOf = new Map<string, string>();
  readonly #numMembers = new Map<string, number>();
  readonly #lanesOfGroup: ReadonlyMap<string, number>;
  readonly #lanesOfClient: ReadonlyMap<string, number>;
  readonly #groupShare: number;
  #amongGroups: Preemptible | undefined;
  readonly #amongMembers = new Map<string, Preemptible>();

  constructor(use: LaneUse) {
    this.#use = use;
    const holders = [...use.fixed, ...use.running.map(({ clientId }) => clientId)];
    for (const clientId of [...holders, ...use.waiting]) this.#enter(clientId);
    this.#lanesOfClient = countBy(holders, (clientId) => clientId);
    this.#lanesOfGroup = countBy(holders, (clientId) => this.#groupIdOf(clientId));
    this.#groupShare = shareOf(use.numLanes, this.#numMembers.size);
  }

  #enter(clientId: string): void {
    if (this.#groupOf.has(clientId)) return;
    const group = groupOf(clientId);
    this.#groupOf.set(clientId, group);
    this.#numMembers.set(group, (this.#numMembers.get(group) ?? 0) + 1);
  }

  /** Sequences have more tokens now. */
  forgetPreemptible(): void {
    this.#amongGroups = undefined;
    this.#amongMembers.clear();
  }

  /** Of some clients that wait, those to whom a free lane may be given. */
  entitled(waiting: readonly string[]): string[] {
    const poor = waiting.filter((clientId) => this.#lanesIn(this.#groupIdOf(clientId)) < this.#groupShare);
    return this.#firstInGroups(poor.length > 0 ? poor : waiting);
  }

  /** Of some clients that wait, those that may take a lane from another, and the sequence that loses it. */
  preemptions(waiting: readonly string[]): Map<string, Sequence> {
    const preemptions = new Map<string, Sequence>();
    let first: ReadonlySet<string> | undefined;
    for (const clientId of waiting) {
      const ofGroup = this.#preemptedAmongGroups(this.#groupIdOf(clientId));
      if (ofGroup !== undefined) first ??= new Set(this.#firstInGroups(waiting));
      const preempted = first?.has(clientId) ? ofGroup : undefined;
      const taken = preempted ?? this.#preemptedAmongMembers(clientId);
      if (taken !== undefined) preemptions.set(clientId, taken);
    }
    return preemptions;
  }

  /** Whose lane is taken for work that is no sequence: it takes one only for a client without any. */
  preemptedForReservation(clientId: string): Sequence | undefined {
    const group = this.#groupIdOf(clientId);
    if (this.#lanesIn(group) === 0) return this.#preemptedAmongGroups(group);
    return this.#lanesOf(clientId) === 0 ? this.#preemptedAmongMembers(clientId) : undefined;
  }

  /** In each group those that would have less than their part of its lanes and one more, if there are any. */
  #firstInGroups(waiting: readonly string[]): string[] {
    const poor = new Set<string>();
    const groups = new Set<string>();
    for (const clientId of waiting) {
      const group = this.#groupIdOf(clientId);
      if (this.#lanesOf(clientId) >= shareOf(this.#lanesIn(group) + 1, this.#membersIn(group))) continue;
      poor.add(clientId);
      groups.add(group);
    }
    return waiting.filter((clientId) => poor.has(clientId) || !groups.has(this.#groupIdOf(clientId)));
  }

  #preemptedAmongGroups(group: string): Sequence | undefined {
    const numLanes = this.#lanesIn(group);
    if (numLanes >= this.#groupShare) return undefined;
    this.#amongGroups ??= findPreemptible(this.#use.running, this.#groupShare, [
      ({ clientId }) => this.#lanesIn(this.#groupIdOf(clientId)),
      ({ clientId }) => this.#lanesOf(clientId),
    ]);
    return this.#amongGroups.ofRich ?? (numLanes === 0 ? this.#amongGroups.ofSlices : undefined);
  }

  #preemptedAmongMembers(clientId: string): Sequence | undefined {
    const group = this.#groupIdOf(clientId);
    const numLanes = this.#lanesOf(clientId);
    const share = shareOf(this.#lanesIn(group), this.#membersIn(group));
    if (numLanes >= share || this.#lanesIn(group) === 0) return undefined;
    const known = this.#amongMembers.get(group);
    const running = known ? [] : this.#use.running.filter((one) => this.#groupIdOf(one.clientId) === group);
    const preemptible = known ?? findPreemptible(running, share, [(one) => this.#lanesOf(one.clientId)]);
    this.#amongMembers.set(group, preemptible);
    return preemptible.ofRich ?? (numLanes === 0 ? preemptible.ofSlices : undefined);
  }

  #groupIdOf(clientId: string): string {
    const group = this.#groupOf.get(clientId);
    assertInvariant(group !== undefined, 'a client that asks for a lane is among those who wait');
    return group;
  }

  #membersIn(group: string): number {
    return this.#numMembers.get(group) ?? 0;
  }

  #lanesIn(group: string): number {
    return this.#lanesOfGroup.get(group) ?? 0;
  }

  #lanesOf(clientId: string): number {
    return this.#lanesOfClient.get(clientId) ?? 0;
  }
}

/** Who loses a lane to one that has less than its share. */
interface Preemptible {
  /** Of those that have more. */
  readonly ofRich: Sequence | undefined;
  /** Of all, to one that has none. */
  readonly ofSlices: Sequence | undefined;
}

/** @param lanesOf the lanes of a sequence's party, whose share is meant, then those of its parts */
function findPreemptible(
  sequences: readonly Sequence[],
  share: number,
  lanesOf: readonly [(sequence: Sequence) => number, ...((sequence: Sequence) => number)[]],
): Preemptible {
  let rich = sequences.filter((sequence) => lanesOf[0](sequence) > share);
  for (const numLanesOf of lanesOf) {
    const most = Math.max(...rich.map(numLanesOf));
    rich = rich.filter((sequence) => numLanesOf(sequence) === most);
  }
  return {
    ofRich: firstOf(rich, hasLessToLose),
    ofSlices: firstOf(
      sequences.filter(hasHadSlice),
      (one, other) => numTokensInLane(one) > numTokensInLane(other),
    ),
  };
}

/** The share of each of so many. */
const shareOf = (numLanes: number, numParties: number): number =>
  Math.max(Math.floor(numLanes / numParties), 1);

function countBy(ids: readonly string[], keyOf: (id: string) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(keyOf(id), (counts.get(keyOf(id)) ?? 0) + 1);
  return counts;
}

const numTokensInLane = ({ tokenIds, numTokensAtLane }: Sequence): number =>
  tokenIds.length - numTokensAtLane;

function hasHadSlice(sequence: Sequence): boolean {
  const leastTokens = Math.max(SLICE_TOKENS, sequence.tokenIds.length / RECOMPUTED_PER_TOKEN);
  return numTokensInLane(sequence) >= leastTokens;
}

/**
 * A sequence that was resumed and has not had its slice comes after all others, and of several such the one that got its
 * lane last comes first, so that the others have theirs: else one could be stopped again and again before it gets on.
 * Of the others it is the one with the fewest tokens in its lane, as they are in prefill and just behind it.
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
