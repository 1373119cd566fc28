import { groupOf } from '../../fairness/client-id.ts';
import type { PageHolder } from '../pages/page-holder.ts';

/** A seat and pages for work that is no sequence. They count as its client's, and no other client takes them away. */
export interface Reservation {
  readonly clientId: string;
  /** Tokens that it needs room for. */
  readonly numTokens: number;
  /** `undefined` while it waits. What they hold is not known. */
  readonly pages: readonly number[] | undefined;
}

interface KnownReservation {
  readonly clientId: string;
  readonly numTokens: number;
  pages: readonly number[] | undefined;
}

interface Held {
  readonly holder: PageHolder;
  readonly seat: number;
}

/** Who has asked for a reservation, and who has one. */
export class Reservations {
  readonly #reservations = new Map<Reservation, { known: KnownReservation; held: Held | undefined }>();

  ask(clientId: string, numTokens: number): Reservation {
    const known: KnownReservation = { clientId, numTokens, pages: undefined };
    this.#reservations.set(known, { known, held: undefined });
    return known;
  }

  has(reservation: Reservation): boolean {
    return this.#reservations.has(reservation);
  }

  hold(reservation: Reservation, holder: PageHolder, seat: number): void {
    const entry = this.#reservations.get(reservation);
    if (entry === undefined) return;
    entry.held = { holder, seat };
    entry.known.pages = [...holder.pages];
  }

  holderOf(reservation: Reservation): PageHolder | undefined {
    return this.#reservations.get(reservation)?.held?.holder;
  }

  /** What it held, to be given back. */
  end(reservation: Reservation): Held | undefined {
    const entry = this.#reservations.get(reservation);
    this.#reservations.delete(reservation);
    if (entry !== undefined) entry.known.pages = undefined;
    return entry?.held;
  }

  get held(): Reservation[] {
    return [...this.#reservations.keys()].filter(({ pages }) => pages !== undefined);
  }

  get asking(): Reservation[] {
    return [...this.#reservations.keys()].filter(({ pages }) => pages === undefined);
  }

  /** The first that a client asks for. */
  firstOf(clientId: string): Reservation | undefined {
    return this.asking.find((reservation) => reservation.clientId === clientId);
  }

  /** Of each group that has no reservation and asks for one, the client that asked first. */
  clientsToServe(): string[] {
    if (this.#reservations.size === 0) return [];
    const served = new Set(this.held.map(({ clientId }) => groupOf(clientId)));
    return this.asking.flatMap(({ clientId }) => {
      const group = groupOf(clientId);
      if (served.has(group)) return [];
      served.add(group);
      return [clientId];
    });
  }
}
