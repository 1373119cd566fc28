import { assertInvariant } from '../../errors.ts';
import { GONE, PAGE_TOKENS, pagesFor } from '../../pages.ts';
import type { PageHolder } from './page-holder.ts';
import type { WindowPages } from './window-pages.ts';

/** Where the window of each sequence is. Where layers with a window have no pages of their own, there is nothing to do. */
export class WindowsOfSequences {
  readonly #pages: WindowPages | undefined;
  readonly #isKnown: (page: number) => boolean;

  /** @param isKnown whether others may find the tokens of a page */
  constructor(pages: WindowPages | undefined, isKnown: (page: number) => boolean) {
    this.#pages = pages;
    this.#isKnown = isKnown;
  }

  /** Whether there is room for a sequence of so many tokens beside others, once some sequences have given up theirs. */
  hasRoomFor(numTokens: number, numOthers: number, stopped: readonly PageHolder[]): boolean {
    if (this.#pages === undefined) return true;
    const windows = stopped.map(({ pages, windowPages }) =>
      pages.filter((_, index) => (windowPages[index] ?? GONE) !== GONE),
    );
    return this.#pages.needOf(numTokens) + numOthers <= this.#pages.numFreeWithout(windows);
  }

  /** Tokens of a sequence, from its first on, that its window has room for. */
  endOf({ windowPages }: PageHolder): number {
    return this.#pages === undefined ? Infinity : (windowPages.length + this.#pages.numFree) * PAGE_TOKENS;
  }

  /**
   * Gives the window of a sequence pages up to `numTokens`, for which it has pages itself.
   * @returns pages of the window that may hold anything
   */
  open(holder: PageHolder, numTokens: number, numComputed: number): number[] {
    return this.openPages(holder, pagesFor(numTokens), numComputed);
  }

  /** Gives a window all that a sequence of `numTokens` needs at once, before any is computed. */
  openWhole(holder: PageHolder, numTokens: number): number[] {
    return this.openPages(holder, this.#pages?.needOf(numTokens) ?? 0, 0);
  }

  /** Gives a window its pages before the page `end`. */
  openPages({ pages, windowPages }: PageHolder, end: number, numComputed: number): number[] {
    const windows = this.#pages;
    const fresh: number[] = [];
    if (windows === undefined) return fresh;
    const first = windows.firstSeen(numComputed);
    for (let index = windowPages.length; index < end; index++) {
      const page = pages[index];
      assertInvariant(page !== undefined, 'a window is opened over pages of its sequence');
      if (index >= first && windows.hold(page)) fresh.push(windows.besideOf(page));
      windowPages.push(index >= first ? windows.besideOf(page) : GONE);
    }
    return fresh;
  }

  /** The window of a sequence has moved on: so many of its tokens are computed. */
  move(holder: PageHolder, numTokens: number): void {
    if (this.#pages !== undefined) this.#closeBefore(holder, this.#pages.firstSeen(numTokens));
  }

  /** The sequence needs its window no more. */
  close(holder: PageHolder): void {
    this.#closeBefore(holder, holder.windowPages.length);
    holder.windowPages.length = 0;
  }

  #closeBefore({ pages, windowPages }: PageHolder, end: number): void {
    let index = Math.min(end, windowPages.length) - 1;
    for (; index >= 0 && windowPages[index] !== GONE; index--) {
      const page = pages[index] ?? GONE;
      this.#pages?.release(page, this.#isKnown(page));
      windowPages[index] = GONE;
    }
  }
}
