import { assertInvariant } from '../errors.ts';

/**
 * Places that clients have in common. Whoever comes gets one while there are any; when they have run out, a client that
 * has less than an equal share still gets in, and whoever filled them does not. So a client alone may have all of them,
 * and nobody is kept out by another.
 *
 * Clients that come one after the other, each when the places are full, take a half of them beyond the bound, a third, a
 * quarter, and so on: with n clients, never more than bound * (1 + 1/2 + .. + 1/n).
 */
export class FairPlaces {
  readonly #taken = new Map<string, number>();
  #numTaken = 0;

  /** Taken by all clients together. */
  get numTaken(): number {
    return this.#numTaken;
  }

  takenBy(clientId: string): number {
    return this.#taken.get(clientId) ?? 0;
  }

  canTake(clientId: string, numPlaces: number, bound: number): boolean {
    if (this.#numTaken + numPlaces <= bound) return true;
    return this.takenBy(clientId) + numPlaces <= this.shareOf(clientId, bound);
  }

  /** An equal share among those who have places and this client. */
  shareOf(clientId: string, bound: number): number {
    const numClients = this.#taken.size + (this.#taken.has(clientId) ? 0 : 1);
    return Math.floor(bound / numClients);
  }

  take(clientId: string, numPlaces: number): void {
    this.#set(clientId, this.takenBy(clientId) + numPlaces);
  }

  giveBack(clientId: string, numPlaces: number): void {
    const numLeft = this.takenBy(clientId) - numPlaces;
    assertInvariant(numLeft >= 0, 'a client gives back no more places than it has');
    this.#set(clientId, numLeft);
  }

  #set(clientId: string, numPlaces: number): void {
    this.#numTaken += numPlaces - this.takenBy(clientId);
    if (numPlaces === 0) this.#taken.delete(clientId);
    else this.#taken.set(clientId, numPlaces);
  }
}
