import { groupOf } from '../client-id.ts';
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
  /** Clients that have other lanes, which nobody may take from them; one entry for each lane. */
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
 *      again; one that has just been resumed comes last, so that each goes on sooner or later;
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
 * Plain data about one moment: it is made anew when something changes.
 */
export class LaneShares {
  readonly #groups = new Level<Group>();

  constructor({ numLanes, running, fixed, waiting }: LaneUse) {
    for (const clientId of waiting) this.#partiesOf(clientId);
    for (const clientId of fixed) this.#give(clientId, undefined);
    for (const sequence of running) this.#give(sequence.clientId, sequence);
    this.#groups.share(numLanes);
    for (const { members, numLanes: numLanesOfGroup } of this.#groups.parties) members.share(numLanesOfGroup);
  }

  /** Of some clients that wait, those to whom a free lane may be given. */
  entitled(waiting: readonly string[]): string[] {
    const poor = waiting.filter((clientId) => this.#groups.isPoor(this.#partiesOf(clientId).group));
    return this.#firstInGroups(poor.length > 0 ? poor : waiting);
  }

  /** Of some clients that wait, those that may take a lane from another, and the sequence that loses it. */
  claims(waiting: readonly string[]): Map<string, Sequence> {
    const first = new Set(this.#firstInGroups(waiting));
    return new Map(
      waiting.flatMap((clientId) => {
        const { group, member } = this.#partiesOf(clientId);
        const victim =
          (first.has(clientId) ? this.#groups.victimOf(group) : undefined) ?? group.members.victimOf(member);
        return victim === undefined ? [] : [[clientId, victim] as const];
      }),
    );
  }

  /** The same for work that is no sequence, and takes a lane only for a client without any. */
  victimOfLoan(clientId: string): Sequence | undefined {
    const { group, member } = this.#partiesOf(clientId);
    if (group.numLanes === 0) return this.#groups.victimOf(group);
    return member.numLanes === 0 ? group.members.victimOf(member) : undefined;
  }

  /** In each group those that would have less than their part of its lanes and one more, if there are any. */
  #firstInGroups(waiting: readonly string[]): string[] {
    const isPoor = (clientId: string): boolean => {
      const { group, member } = this.#partiesOf(clientId);
      return member.numLanes < shareOf(group.numLanes + 1, group.members.size);
    };
    const poor = new Set(waiting.filter(isPoor));
    const groups = new Set([...poor].map(groupOf));
    return waiting.filter((clientId) => poor.has(clientId) || !groups.has(groupOf(clientId)));
  }

  #partiesOf(clientId: string): { group: Group; member: Member } {
    const group = this.#groups.get(groupOf(clientId), () => new Group());
    return { group, member: group.members.get(clientId, () => new Member()) };
  }

  #give(clientId: string, sequence: Sequence | undefined): void {
    const { group, member } = this.#partiesOf(clientId);
    group.numLanes++;
    member.numLanes++;
    if (sequence !== undefined) member.sequences.push(sequence);
  }
}

interface Party {
  numLanes: number;
  readonly sequences: readonly Sequence[];
  /** Those of which it would lose one. */
  readonly atStake: readonly Sequence[];
}

class Member implements Party {
  numLanes = 0;
  readonly sequences: Sequence[] = [];

  get atStake(): readonly Sequence[] {
    return this.sequences;
  }
}

class Group implements Party {
  numLanes = 0;
  readonly members = new Level<Member>();

  get sequences(): readonly Sequence[] {
    return this.members.parties.flatMap(({ sequences }) => sequences);
  }

  get atStake(): readonly Sequence[] {
    return atStakeOf(this.members.parties);
  }
}

/** Parties that share some lanes. */
class Level<P extends Party> {
  readonly #parties = new Map<string, P>();
  #share = 0;
  #victims: { ofRich: Sequence | undefined; ofSlices: Sequence | undefined } | undefined;

  get size(): number {
    return this.#parties.size;
  }

  get parties(): P[] {
    return [...this.#parties.values()];
  }

  get(id: string, create: () => P): P {
    const known = this.#parties.get(id);
    if (known !== undefined) return known;
    assertInvariant(this.#share === 0, 'a client that asks for a lane is among those who wait');
    const party = create();
    this.#parties.set(id, party);
    return party;
  }

  /** All parties are known. */
  share(numLanes: number): void {
    this.#share = shareOf(numLanes, this.#parties.size);
  }

  isPoor({ numLanes }: P): boolean {
    return numLanes < this.#share;
  }

  /** Who gives up a lane for a party that waits. */
  victimOf(party: P): Sequence | undefined {
    if (!this.isPoor(party)) return undefined;
    const { ofRich, ofSlices } = (this.#victims ??= this.#findVictims());
    return ofRich ?? (party.numLanes === 0 ? ofSlices : undefined);
  }

  #findVictims(): { ofRich: Sequence | undefined; ofSlices: Sequence | undefined } {
    const rich = this.parties.filter(({ numLanes }) => numLanes > this.#share);
    const sliced = this.parties.flatMap(({ sequences }) => sequences).filter(hasHadSlice);
    return {
      ofRich: firstOf(atStakeOf(rich), hasLessToLose),
      ofSlices: firstOf(sliced, (one, other) => numTokensInLane(one) > numTokensInLane(other)),
    };
  }
}

/** The share of each of so many. */
const shareOf = (numLanes: number, numParties: number): number =>
  Math.max(Math.floor(numLanes / numParties), 1);

/** What those with the most lanes may lose. */
function atStakeOf(parties: readonly Party[]): Sequence[] {
  const able = parties.filter(({ sequences }) => sequences.length > 0);
  const most = Math.max(...able.map(({ numLanes }) => numLanes));
  return able.filter(({ numLanes }) => numLanes === most).flatMap(({ atStake }) => atStake);
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
