import { assertInvariant } from '../errors.ts';

/** What a client was given, and whether it wants more. */
interface Share {
  numServed: number;
  /** Sequences of it that wait or run. */
  numSequences: number;
  /** When it was served last; 0: never. */
  servedAt: number;
}

/**
 * Whose turn it is: that of the client who was given the fewest tokens. The counters are those of VTC (Sheng et al.,
 * "Fairness in Serving Large Language Models", OSDI 2024): every token computed for a client counts, of prompts and of
 * completions, and a client that comes back after a while without sequences is lifted to the least of those who have
 * some, so that nobody saves up turns and nobody who was served long ago pays for it.
 *
 * Among equals it is the turn of the one whose last was longest ago: a newcomer's, before all.
 */
export class ClientShares {
  readonly #shares = new Map<string, Share>();
  #numTurns = 0;

  /** A sequence of the client has come. */
  enter(clientId: string): void {
    const share = this.#shares.get(clientId) ?? { numServed: 0, numSequences: 0, servedAt: 0 };
    if (share.numSequences === 0) share.numServed = Math.max(share.numServed, this.#leastServed());
    share.numSequences++;
    this.#shares.set(clientId, share);
  }

  /** A sequence of the client has gone. */
  leave(clientId: string): void {
    this.#shareOf(clientId).numSequences--;
    const least = this.#leastServed();
    const nobodyIsHere = ![...this.#shares.values()].some(({ numSequences }) => numSequences > 0);
    for (const [id, { numSequences, numServed }] of this.#shares) {
      // Whoever is gone and would be lifted anyhow is forgotten.
      if (numSequences === 0 && (nobodyIsHere || numServed <= least)) this.#shares.delete(id);
    }
  }

  /** Tokens were computed for the client. */
  serve(clientId: string, numTokens: number): void {
    const share = this.#shareOf(clientId);
    share.numServed += numTokens;
    share.servedAt = ++this.#numTurns;
  }

  /** Of some clients that have sequences, the one whose turn it is; `undefined` of none. */
  next(clientIds: Iterable<string>): string | undefined {
    let next: { clientId: string; share: Share } | undefined;
    for (const clientId of clientIds) {
      const share = this.#shareOf(clientId);
      if (next === undefined || isBefore(share, next.share)) next = { clientId, share };
    }
    return next?.clientId;
  }

  /** The least that a client with sequences was served. */
  #leastServed(): number {
    const served = [...this.#shares.values()]
      .filter(({ numSequences }) => numSequences > 0)
      .map(({ numServed }) => numServed);
    return served.length === 0 ? 0 : Math.min(...served);
  }

  #shareOf(clientId: string): Share {
    const share = this.#shares.get(clientId);
    assertInvariant(share !== undefined, 'a client is known while it has sequences');
    return share;
  }
}

const isBefore = (one: Share, other: Share): boolean =>
  one.numServed < other.numServed || (one.numServed === other.numServed && one.servedAt < other.servedAt);
