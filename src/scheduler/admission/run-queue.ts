import { assertInvariant } from '../../errors.ts';
import { ClientShares } from '../../fairness/client-shares.ts';
import { pagesFor } from '../../pages.ts';
import { PageCache, type PageCacheOptions } from '../pages/page-cache.ts';
import { type PageCopy, type PageTables, tablesUpTo } from '../pages/page-holder.ts';
import type { PrefixMatch } from '../pages/prefix-tree.ts';
import type { Sequence } from '../sequence.ts';
import { isWorthWaiting } from './is-worth-waiting.ts';
import { Reservations, type Reservation } from './reservations.ts';
import { PageNeeds } from './page-needs.ts';
import { type Changes, QueueChanges } from './queue-changes.ts';
import { RanLately } from './slices.ts';
import { Seats } from './seats.ts';
import { SharesNow } from './shares-now.ts';
import { WaitingList } from './waiting-list.ts';

export interface RunQueueOptions extends PageCacheOptions {
  /** Sequences that may run at once. */
  readonly numSeats: number;
}

/** What starts with a step. */
export interface Starts {
  /** Sequences that left the queue; not those that were stopped and go on. */
  readonly started: Sequence[];
  /** To be done before the step, in this order. */
  readonly copies: PageCopy[];
}

/** Clients that a step looks at, for whom others might have to stop. */
const MOST_TRIES = 32;

/** Where less of the cache is free, clients get pages by their shares of them. */
const SCARCE_SHARE = 1 / 2;

/**
 * Who runs, who waits, and who starts next (FairShares). A sequence that runs has a seat and pages of the cache: from its
 * start on those of all its tokens, and another whenever a page is full. What is not a sequence, such as a text to be
 * embedded, waits beside the sequences: by a reservation, which ends soon.
 *
 * A sequence that is stopped for another keeps its tokens, goes to the front of those of its client that wait, and
 * computes its tokens again as an ordinary prefill once it starts again, but for those that pages still hold.
 *
 * Nothing that was admitted fails for memory, and nothing deadlocks: where those that run need more pages than are free,
 * the least entitled stops, and one that runs alone has room for its whole context.
 */
export class RunQueue {
  readonly cache: PageCache;
  /** Tokens that clients were given, by sequences and by work on reservations. */
  readonly shares = new ClientShares();
  readonly waiting = new WaitingList();
  readonly #seats: Seats;
  readonly #reservations = new Reservations();
  readonly #running: Sequence[] = [];
  readonly #needs: PageNeeds;
  readonly #lately = new RanLately();
  readonly changes = new QueueChanges();
  readonly #sharesNow: SharesNow;

  constructor(options: RunQueueOptions) {
    this.cache = new PageCache(options);
    this.#seats = new Seats(options.numSeats);
    this.#needs = new PageNeeds(this.cache, this.#running, this.waiting, this.#reservations);
    this.#sharesNow = new SharesNow({
      cache: this.cache,
      numSeats: options.numSeats,
      running: this.#running,
      waiting: this.waiting,
      reservations: this.#reservations,
      needs: this.#needs,
      lately: this.#lately,
    });
  }

  /** In the order in which they started. */
  get running(): readonly Sequence[] {
    return this.#running;
  }

  get numFreeSeats(): number {
    return this.#seats.numFree;
  }

  add(sequence: Sequence): void {
    this.waiting.add(sequence);
    this.shares.enter(sequence.clientId);
    this.#sharesNow.changed();
  }

  /** Takes a sequence out, wherever it is, and frees what it has; `undefined` when it is not here (any more). */
  remove(sequenceId: number): Sequence | undefined {
    const index = this.#running.findIndex(({ id }) => id === sequenceId);
    const sequence = index === -1 ? this.waiting.remove(sequenceId) : this.#running[index];
    if (sequence === undefined) return undefined;
    if (index !== -1) this.#release(sequence);
    this.shares.leave(sequence.clientId);
    this.#sharesNow.changed();
    return sequence;
  }

  /** Its pages may hold anything: no other sequence goes on behind them. */
  forget({ holder }: Sequence): void {
    if (holder !== undefined) this.cache.forget(holder);
  }

  /** Takes note of what a step computed of a sequence. */
  record({ holder, tokenIds, numComputedTokens }: Sequence): void {
    assertInvariant(holder !== undefined, 'a sequence that runs has pages');
    this.cache.record(holder, tokenIds, numComputedTokens);
    this.#sharesNow.forgetStoppable();
  }

  /** What happened since this was asked before. */
  takeChanges(): Changes {
    return this.changes.take(this.cache.counts().numEvicted);
  }

  /** A step begins: all that run have room for their next token; where too few pages are free, sequences stop. */
  makeRoom(): void {
    this.#lately.nextStep();
    for (const sequence of [...this.#running]) {
      while (sequence.holder !== undefined && !this.#hasRoom(sequence)) {
        const stopped = this.#sharesNow.ofPages().leastEntitled();
        assertInvariant(stopped !== undefined, 'a sequence that runs alone has room');
        this.#stop(stopped);
      }
    }
  }

  #hasRoom(sequence: Sequence): boolean {
    if (!this.#grow(sequence, sequence.tokenIds.length) || this.numRowsOfWindow(sequence) < 1) return false;
    this.openWindow(sequence, 1);
    return true;
  }

  /** Gives a sequence room for a draft behind its tokens; false where too few pages are free. */
  tryExtend(sequence: Sequence, numTokens: number): boolean {
    if (this.numRowsOfWindow(sequence) < 1 + numTokens) return false;
    return this.#grow(sequence, sequence.tokenIds.length + numTokens);
  }

  /** How many of its next tokens the window of a sequence has room for. */
  numRowsOfWindow({ holder, numComputedTokens }: Sequence): number {
    assertInvariant(holder !== undefined, 'a sequence that runs has pages');
    return this.cache.windows.endOf(holder) - numComputedTokens;
  }

  /** Gives the window of a sequence pages for its next tokens, for which there is room. */
  openWindow({ holder, numComputedTokens }: Sequence, numTokens: number): void {
    assertInvariant(holder !== undefined, 'a sequence that runs has pages');
    const end = numComputedTokens + numTokens;
    this.changes.gaveWindow(this.cache.windows.open(holder, end, numComputedTokens));
  }

  /** Of the clients that wait, but for those passed over, those that may start something. */
  entitled(passed: ReadonlySet<string>): string[] {
    const waiting = [...new Set([...this.waiting.clientIds, ...this.#reservations.clientsToServe()])];
    const offered = waiting.filter((clientId) => !passed.has(clientId));
    if (offered.length < 2) return offered;
    const entitled = this.#sharesNow.ofSeats().entitled(offered);
    if (this.cache.numFree >= this.cache.numPages * SCARCE_SHARE) return entitled;
    return this.#sharesNow.ofPages().entitled(entitled);
  }

  /** Whether the client's first that waits cannot start for want of pages. */
  lacksPages(clientId: string): boolean {
    return this.#needs.lacksPages(clientId);
  }

  /** Whether pages are owed to a client that lacks them: nothing else starts until it has them. */
  isOwedPages(clientId: string): boolean {
    return this.#sharesNow.ofPages().hasClaim(clientId);
  }

  /** Starts sequences for which others must stop; those that started. */
  startByStopping(starts: Starts): Sequence[] {
    const starting: Sequence[] = [];
    const passed = new Set<string>();
    for (let numTries = 0; numTries < MOST_TRIES; numTries++) {
      const waiting = [...this.waiting.clientIds].filter((clientId) => !passed.has(clientId));
      const stops = this.numFreeSeats > 0 ? undefined : this.#sharesNow.ofSeats(starting).stops(waiting);
      const candidates = stops?.keys() ?? this.#withoutAny(waiting).filter((id) => this.lacksPages(id));
      const clientId = this.shares.next(candidates);
      if (clientId === undefined) break;
      const stopped = this.#stopsFor(clientId, stops?.get(clientId), starting);
      const sequence = stopped && this.tryStart(clientId, starts, stopped);
      if (sequence === undefined) passed.add(clientId);
      else starting.push(sequence);
    }
    return starting;
  }

  /** The clients that have nothing running; all of them, if each has. */
  #withoutAny(clientIds: readonly string[]): readonly string[] {
    const running = new Set(this.#running.map(({ clientId }) => clientId));
    const without = clientIds.filter((clientId) => !running.has(clientId));
    return without.length > 0 ? without : clientIds;
  }

  /**
   * What must stop, so that the client's first that waits has the pages that it needs; `undefined` where the rules do not
   * give it so many.
   * @param first stops in any case, for its seat
   */
  #stopsFor(
    clientId: string,
    first: Sequence | undefined,
    starting: readonly Sequence[],
  ): Sequence[] | undefined {
    const stopped = first === undefined ? [] : [first];
    while (!this.#needs.hasPagesFor(clientId, stopped)) {
      const next = this.#sharesNow
        .ofPages([...starting], stopped)
        .stops([clientId])
        .get(clientId);
      if (next === undefined) return undefined;
      stopped.push(next);
    }
    return stopped;
  }

  /**
   * Starts the client's first sequence that waits; `undefined` when it cannot start now, or there is none. A seat is free,
   * or becomes so.
   * @param stopped stop for it
   */
  tryStart(
    clientId: string,
    { started, copies }: Starts,
    stopped: readonly Sequence[] = [],
  ): Sequence | undefined {
    const sequence = this.waiting.firstOf(clientId);
    if (sequence === undefined) return undefined;
    const match = this.#needs.find(sequence);
    if (isWorthWaiting(sequence, match, this.#running)) return undefined;
    if (!this.#needs.hasPagesFor(clientId, stopped)) return undefined;
    for (const one of stopped) this.#stop(one);
    copies.push(...this.#start(sequence, match));
    if (sequence.numPreemptions === 0) started.push(sequence);
    return sequence;
  }

  #start(sequence: Sequence, match: PrefixMatch | undefined): readonly PageCopy[] {
    const { holder, copies } = this.cache.take(match, sequence.cacheSalt, sequence.clientId);
    this.changes.filled(copies.map(({ to }) => to));
    this.changes.filledWindow(copies.flatMap(({ window }) => window?.to ?? []));
    this.waiting.remove(sequence.id);
    this.#running.push(sequence);
    sequence.seat = this.#seats.take();
    sequence.holder = holder;
    sequence.numComputedTokens = match?.numTokens ?? 0;
    sequence.numTokensAtStart = sequence.tokenIds.length;
    // What is found once it was stopped is its own.
    if (sequence.numPreemptions === 0) sequence.numCachedTokens = match?.numTokens;
    const hasRoom = this.#hasRoom(sequence);
    assertInvariant(hasRoom, 'a sequence starts where there are pages for it');
    this.#sharesNow.changed();
    return copies;
  }

  /** What is in its pages is known there until they are given away, as when a sequence ends. */
  #stop(sequence: Sequence): void {
    this.#release(sequence);
    sequence.numTokensLost = Math.max(sequence.numTokensLost, sequence.numComputedTokens);
    sequence.numComputedTokens = 0;
    sequence.numPreemptions++;
    this.waiting.addFirst(sequence);
    this.changes.stopped();
    this.#sharesNow.changed();
  }

  #release(sequence: Sequence): void {
    const { seat, holder } = sequence;
    assertInvariant(seat !== undefined && holder !== undefined, 'a sequence that runs has a seat and pages');
    this.#running.splice(this.#running.indexOf(sequence), 1);
    this.#lately.add(sequence.clientId);
    this.#seats.free(seat);
    this.cache.free(holder);
    sequence.seat = undefined;
    sequence.holder = undefined;
  }

  #grow({ holder }: Sequence, numTokens: number): boolean {
    assertInvariant(holder !== undefined, 'a sequence that runs has pages');
    const numBefore = holder.pages.length;
    if (!this.cache.grow(holder, numTokens)) return false;
    if (holder.pages.length === numBefore) return true;
    this.changes.gave(holder.pages.slice(numBefore));
    this.#sharesNow.pagesChanged();
    return true;
  }

  /** Work that is no sequence joins those who wait; `endReservation` must follow. */
  ask(clientId: string, numTokens: number): Reservation {
    this.shares.enter(clientId);
    this.#sharesNow.changed();
    return this.#reservations.ask(clientId, numTokens);
  }

  /**
   * Reserves a seat and pages between two steps: free ones, or those of a client that has more than its share where this
   * client has none. False when there are none now.
   */
  tryReserve(reservation: Reservation): boolean {
    const needsMore = (): boolean =>
      pagesFor(reservation.numTokens) > this.cache.numFree ||
      !this.cache.windows.hasRoomFor(reservation.numTokens, this.#running.length, []);
    while (this.numFreeSeats === 0 || needsMore()) {
      const shares = this.numFreeSeats === 0 ? this.#sharesNow.ofSeats() : this.#sharesNow.ofPages();
      const stopped = shares.stoppedForReservation(reservation.clientId);
      if (stopped === undefined) return false;
      this.#stop(stopped);
    }
    const { holder } = this.cache.take(undefined, undefined);
    const hasRoom = this.cache.grow(holder, reservation.numTokens);
    assertInvariant(hasRoom, 'pages are reserved while there are so many');
    this.changes.filled(holder.pages);
    // Its window has room for a page of further tokens at any time: what it leaves behind is free for what comes.
    this.changes.filledWindow(this.cache.windows.openWhole(holder, reservation.numTokens));
    this.#reservations.hold(reservation, holder, this.#seats.take());
    this.#sharesNow.changed();
    return true;
  }

  /**
   * The pages of a reservation for its tokens up to `end`, of which the first are computed. Those that follow are
   * computed now: up to `end`, or as far as their window has room.
   */
  pagesOf(reservation: Reservation, numComputed: number, end: number): PageTables & { readonly end: number } {
    const holder = this.#reservations.holderOf(reservation);
    assertInvariant(holder !== undefined, 'work is computed in pages that are reserved');
    this.cache.windows.move(holder, numComputed);
    const endNow = Math.min(end, this.cache.windows.endOf(holder));
    this.changes.filledWindow(this.cache.windows.open(holder, endNow, numComputed));
    return { ...tablesUpTo(holder, endNow), end: endNow };
  }

  /** The work is done, or given up. */
  endReservation(reservation: Reservation): void {
    if (!this.#reservations.has(reservation)) return;
    const held = this.#reservations.end(reservation);
    if (held !== undefined) {
      this.#lately.add(reservation.clientId);
      this.cache.free(held.holder);
      this.#seats.free(held.seat);
    }
    this.shares.leave(reservation.clientId);
    this.#sharesNow.changed();
  }
}
