import { groupOf } from './client-id.ts';
import { assertInvariant } from '../errors.ts';

/**
 * Whose turn it is: of the groups that of the one that was given the fewest tokens, and of its members likewise. So a
 * group that invents members gains nothing over one that has a single one.
 */
export class ClientShares {
  readonly #groups = new Shares();
  readonly #membersOf = new Map<string, Shares>();

  /** Work of the client has come. */
  enter(clientId: string): void {
    const group = groupOf(clientId);
    const members = this.#membersOf.get(group) ?? new Shares();
    this.#membersOf.set(group, members);
    members.enter(clientId);
    this.#groups.enter(group);
  }

  /** Work of the client has gone. */
  leave(clientId: string): void {
    const group = groupOf(clientId);
    const members = this.#membersIn(group);
    members.leave(clientId);
    if (members.isEmpty) this.#membersOf.delete(group);
    this.#groups.leave(group);
  }

  /** Tokens were computed for the client. */
  serve(clientId: string, numTokens: number): void {
    const group = groupOf(clientId);
    this.#membersIn(group).serve(clientId, numTokens);
    this.#groups.serve(group, numTokens);
  }

  /** Of some clients that have work here, the one whose turn it is; `undefined` of none. */
  next(clientIds: Iterable<string>): string | undefined {
    let next: { clientId: string; group: string } | undefined;
    for (const clientId of clientIds) {
      const group = groupOf(clientId);
      const isBefore =
        next === undefined ||
        (group === next.group
          ? this.#membersIn(group).isBefore(clientId, next.clientId)
          : this.#groups.isBefore(group, next.group));
      if (isBefore) next = { clientId, group };
    }
    return next?.clientId;
  }

  #membersIn(group: string): Shares {
    const members = this.#membersOf.get(group);
    assertInvariant(members !== undefined, 'a group is known while its members have work');
    return members;
  }
}

/** What a client, or a group, was given, and whether it wants more. */
interface Share {
  numServed: number;
  /** Pieces of its work, sequences above all, that wait or run. */
  numPieces: number;
  /** When it was served last; 0: never. */
  servedAt: number;
}

/**
 * Clients, or groups, that share equally: it is the turn of the one that was given the fewest tokens. The counters are
 * those of VTC (Sheng et al., "Fairness in Serving Large Language Models", OSDI 2024): every token computed for a client
 * counts, of prompts and of completions, and also one that is computed again after a preemption. A client that comes back
 * after a while without work is lifted to the least of those that have some, so that no client saves up turns, and none
 * that was served long ago pays for it.
 *
 * Among equals it is the turn of the one whose last was longest ago: a newcomer's, before all.
 */
class Shares {
  readonly #shares = new Map<string, Share>();
  #numServed = 0;

  /** True when nothing is remembered. */
  get isEmpty(): boolean {
    return this.#shares.size === 0;
  }

  /** Work has come. */
  enter(id: string): void {
    const share = this.#shares.get(id) ?? { numServed: 0, numPieces: 0, servedAt: 0 };
    if (share.numPieces === 0) share.numServed = Math.max(share.numServed, this.#leastServed());
    share.numPieces++;
    this.#shares.set(id, share);
  }

  /** Work has gone. */
  leave(id: string): void {
    this.#shareOf(id).numPieces--;
    const least = this.#leastServed();
    const allAreGone = ![...this.#shares.values()].some(({ numPieces }) => numPieces > 0);
    for (const [id, { numPieces, numServed }] of this.#shares) {
      // One that is gone and would be lifted anyhow is forgotten.
      if (numPieces === 0 && (allAreGone || numServed <= least)) this.#shares.delete(id);
    }
  }

  /** Tokens were computed for the client. */
  serve(id: string, numTokens: number): void {
    const share = this.#shareOf(id);
    share.numServed += numTokens;
    share.servedAt = ++this.#numServed;
  }

  /** Of two that have work, whether it is the turn of the first. */
  isBefore(id: string, otherId: string): boolean {
    const [one, other] = [this.#shareOf(id), this.#shareOf(otherId)];
    if (one.numServed !== other.numServed) return one.numServed < other.numServed;
    return one.servedAt < other.servedAt;
  }

  /** The least that one with work was served. */
  #leastServed(): number {
    const served = [...this.#shares.values()]
      .filter(({ numPieces }) => numPieces > 0)
      .map(({ numServed }) => numServed);
    return served.length === 0 ? 0 : Math.min(...served);
  }

  #shareOf(id: string): Share {
    const share = this.#shares.get(id);
    assertInvariant(share !== undefined, 'a client is known while it has work');
    return share;
  }
}
