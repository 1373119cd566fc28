import { groupOf } from './client-id.ts';
import { assertInvariant } from '../errors.ts';

/**
 * Places that clients have in common. A client gets one while there are any; when they have run out, a group that has
 * less than an equal share still gets in, and the group that filled them does not. So a group alone may have all of
 * them, and no group is kept out by another, however many members that has. An equal share is at least one place.
 *
 * Within a group its members share in the same way: while the group has less than its share each of them gets in; when
 * it has all of its share, only a member that has less than an equal part of that.
 *
 * Groups that come one after the other, each when the places are full, take a half of them beyond the bound, a third, a
 * quarter, and so on, and so do members within their group's share. Let H(n) be 1 + 1/2 + .. + 1/n: n groups of m
 * members each never hold more than bound * H(n) * H(m) places, and one each for groups beyond the bound. Part of that
 * is a group's own doing: what its members take beyond its share changes no other group's.
 */
export class FairPlaces {
  readonly #groups = new Places();
  readonly #membersOf = new Map<string, Places>();

  /** Taken by all clients together. */
  get numTaken(): number {
    return this.#groups.numTaken;
  }

  canTake(clientId: string, numPlaces: number, bound: number): boolean {
    if (this.#groups.numTaken + numPlaces <= bound) return true;
    const group = groupOf(clientId);
    // One at least, so that a group gets in however many others there are.
    const groupShare = Math.max(this.#groups.shareOf(group, bound), Math.min(bound, 1));
    if (this.#groups.takenBy(group) + numPlaces <= groupShare) return true;
    const members = this.#membersOf.get(group);
    // Without any members the group has nothing, and asks for more than its share.
    if (members === undefined) return false;
    return members.takenBy(clientId) + numPlaces <= members.shareOf(clientId, groupShare);
  }

  take(clientId: string, numPlaces: number): void {
    this.#add(clientId, numPlaces);
  }

  giveBack(clientId: string, numPlaces: number): void {
    this.#add(clientId, -numPlaces);
  }

  #add(clientId: string, numPlaces: number): void {
    const group = groupOf(clientId);
    const members = this.#membersOf.get(group) ?? new Places();
    members.add(clientId, numPlaces);
    this.#groups.add(group, numPlaces);
    if (members.numTaken === 0) this.#membersOf.delete(group);
    else this.#membersOf.set(group, members);
  }
}

/** Who has how many. */
class Places {
  readonly #taken = new Map<string, number>();
  numTaken = 0;

  takenBy(id: string): number {
    return this.#taken.get(id) ?? 0;
  }

  /** An equal share among those who have places and this one. */
  shareOf(id: string, bound: number): number {
    const numIds = this.#taken.size + (this.#taken.has(id) ? 0 : 1);
    return Math.floor(bound / numIds);
  }

  add(id: string, numPlaces: number): void {
    const numLeft = this.takenBy(id) + numPlaces;
    assertInvariant(numLeft >= 0, 'a client gives back no more places than it has');
    this.numTaken += numPlaces;
    if (numLeft === 0) this.#taken.delete(id);
    else this.#taken.set(id, numLeft);
  }
}
