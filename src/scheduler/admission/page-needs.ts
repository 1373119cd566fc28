import { pagesFor } from '../../pages.ts';
import type { PageCache } from '../pages/page-cache.ts';
import { type PrefixMatch, wholePages } from '../pages/prefix-tree.ts';
import type { Sequence } from '../sequence.ts';
import type { Reservations } from './reservations.ts';
import type { WaitingList } from './waiting-list.ts';

/** How many pages those who wait need to start, and whether there are so many. */
export class PageNeeds {
  readonly #cache: PageCache;
  readonly #running: readonly Sequence[];
  readonly #waiting: WaitingList;
  readonly #reservations: Reservations;

  constructor(
    cache: PageCache,
    running: readonly Sequence[],
    waiting: WaitingList,
    reservations: Reservations,
  ) {
    this.#cache = cache;
    this.#running = running;
    this.#waiting = waiting;
    this.#reservations = reservations;
  }

  /**
   * What the cache holds of a sequence that is to start; `undefined` when the cache is off for it. A page of which it
   * would take a copy is left out where there is no room for both.
   */
  find({ readsCache, tokenIds, cacheSalt }: Sequence): PrefixMatch | undefined {
    // The last token is always computed: its logits are what comes next.
    const match = readsCache ? this.#cache.find(tokenIds, tokenIds.length - 1, cacheSalt) : undefined;
    if (match?.partial === undefined) return match;
    const numNeeded = this.#cache.numPagesFor(tokenIds.length, match) + this.#numToGrow([]);
    return numNeeded <= this.#cache.numFree ? match : wholePages(match);
  }

  /** Whether the client's first that waits cannot start for want of pages. */
  lacksPages(clientId: string): boolean {
    const sequence = this.#waiting.firstOf(clientId);
    const numTokens = sequence?.tokenIds.length ?? this.#reservations.firstOf(clientId)?.numTokens ?? 0;
    // Most have enough, whatever the cache holds of them.
    const atMost = pagesFor(numTokens) + this.#numToGrow([]);
    const hasEnough = atMost <= this.#cache.numFree && this.#hasWindow(numTokens, []);
    return !hasEnough && !this.hasPagesFor(clientId, []);
  }

  /** Whether the client's first that waits can start once some others have stopped. */
  hasPagesFor(clientId: string, stopped: readonly Sequence[]): boolean {
    const first = this.#waiting.firstOf(clientId);
    const shared = new Set((first && this.find(first))?.nodes.map(({ page }) => page));
    const holders = stopped.flatMap(({ holder }) => (holder === undefined ? [] : [holder]));
    // Those that run have room for a page more each, so that none of them stops for it soon.
    const numNeeded = this.numPagesOf(clientId) + this.#numToGrow(stopped);
    const numTokens = first?.tokenIds.length ?? this.#reservations.firstOf(clientId)?.numTokens ?? 0;
    return numNeeded <= this.#cache.numFreeWithout(holders, shared) && this.#hasWindow(numTokens, stopped);
  }

  #hasWindow(numTokens: number, stopped: readonly Sequence[]): boolean {
    const holders = stopped.flatMap(({ holder }) => (holder === undefined ? [] : [holder]));
    return this.#cache.windows.hasRoomFor(numTokens, this.#running.length - stopped.length, holders);
  }

  /** Pages that the client's first that waits takes of those that are free. */
  numPagesOf(clientId: string): number {
    const sequence = this.#waiting.firstOf(clientId);
    if (sequence === undefined) return pagesFor(this.#reservations.firstOf(clientId)?.numTokens ?? 0);
    return this.#cache.numPagesFor(sequence.tokenIds.length, this.find(sequence));
  }

  /** Pages that those that run will need next: one each, but for those that have all. */
  #numToGrow(stopped: readonly Sequence[]): number {
    return this.#running.filter(
      (one) =>
        !stopped.includes(one) &&
        pagesFor(one.numPromptTokens + one.maxTokens) > (one.holder?.pages.length ?? 0),
    ).length;
  }
}
