import type { PageCache } from '../pages/page-cache.ts';
import type { Sequence } from '../sequence.ts';
import { FairShares } from './fair-shares.ts';
import type { Reservation, Reservations } from './reservations.ts';
import type { PageNeeds } from './page-needs.ts';
import type { RanLately } from './slices.ts';
import type { WaitingList } from './waiting-list.ts';

/** What shares are computed from. */
interface SharesOf {
  readonly cache: PageCache;
  readonly numSeats: number;
  readonly running: readonly Sequence[];
  readonly waiting: WaitingList;
  readonly reservations: Reservations;
  readonly needs: PageNeeds;
  readonly lately: RanLately;
}

/** Shares of seats and of pages as things are, computed once for each state of the queue. */
export class SharesNow {
  readonly #of: SharesOf;
  #seats: FairShares | undefined;
  #pages: FairShares | undefined;

  constructor(of: SharesOf) {
    this.#of = of;
  }

  /** Something else runs or waits. */
  changed(): void {
    this.#seats = undefined;
    this.#pages = undefined;
  }

  pagesChanged(): void {
    this.#pages = undefined;
  }

  /** Tokens were computed: others may be the ones to stop. */
  forgetStoppable(): void {
    this.#seats?.forgetStoppable();
    this.#pages?.forgetStoppable();
  }

  /** @param starting sequences that have just started, and do not stop at once */
  ofSeats(starting: readonly Sequence[] = []): FairShares {
    const one = (): number => 1;
    const make = (): FairShares => this.#make(this.#of.numSeats, one, one, one, starting, []);
    return starting.length > 0 ? make() : (this.#seats ??= make());
  }

  /** @param stopped sequences that are about to stop */
  ofPages(starting: readonly Sequence[] = [], stopped: readonly Sequence[] = []): FairShares {
    const { cache, needs } = this.#of;
    const make = (): FairShares =>
      this.#make(
        cache.numPages,
        ({ holder }) => (holder === undefined ? 0 : cache.amountOf(holder)),
        ({ pages }) => pages?.length ?? 0,
        (clientId) => needs.numPagesOf(clientId),
        starting,
        stopped,
      );
    return starting.length + stopped.length > 0 ? make() : (this.#pages ??= make());
  }

  #make(
    capacity: number,
    amountOf: (sequence: Sequence) => number,
    amountReserved: (reservation: Reservation) => number,
    needOf: (clientId: string) => number,
    starting: readonly Sequence[],
    stopped: readonly Sequence[],
  ): FairShares {
    const { running, waiting, reservations, lately } = this.#of;
    const held = reservations.held.map((reservation) => ({
      clientId: reservation.clientId,
      amount: amountReserved(reservation),
    }));
    const kept = starting.map((one) => ({ clientId: one.clientId, amount: amountOf(one) }));
    return new FairShares({
      capacity,
      running: running.filter((one) => !starting.includes(one) && !stopped.includes(one)),
      amountOf,
      fixed: [...held, ...kept],
      waiting: [...waiting.clientIds, ...reservations.asking.map(({ clientId }) => clientId)],
      needOf,
      lately,
    });
  }
}
