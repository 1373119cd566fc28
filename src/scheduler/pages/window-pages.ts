import { assertInvariant } from '../../errors.ts';
import { GONE, PAGE_TOKENS, pagesFor } from '../../pages.ts';

export interface WindowOptions {
  /** Pages of the layers that see no more than a window. */
  readonly numPages: number;
  /** Tokens that the widest of these windows has. */
  readonly numTokens: number;
}

/** Pages that a window is spread over: it begins and ends within one, and the next is begun before the first is left. */
export const windowPagesOf = (numTokens: number): number => pagesFor(numTokens) + 2;

/**
 * Which pages of the cache have a page beside them for the layers that see no more than a window. Each page that such a
 * layer may still look at has one; it is given back when the window of the last sequence has moved on, or kept for others
 * that begin with the same tokens until its room is needed: the least recently used goes first.
 *
 * Pages are named by the page that they stand beside.
 */
export class WindowPages {
  readonly #numTokens: number;
  readonly #numPages: number;
  readonly #empty: number[];
  /** By page, GONE where it has none beside it. */
  readonly #beside: Int32Array; // [numPages]
  /** By page: in how many windows it is. */
  readonly #numHolders: Int32Array; // [numPages]
  /** Pages beside others that were handed out since they were last known to be empty. */
  readonly #touched = new Set<number>();
  /** Pages with one beside them that are in no window, the least recently used first. */
  readonly #kept = new Set<number>();

  /** @param numPages of the other layers */
  constructor(numPages: number, options: WindowOptions) {
    this.#numTokens = options.numTokens;
    this.#numPages = options.numPages;
    this.#empty = Array.from({ length: options.numPages }, (_, i) => options.numPages - 1 - i);
    this.#beside = new Int32Array(numPages).fill(GONE); // [numPages]
    this.#numHolders = new Int32Array(numPages); // [numPages]
  }

  /** Pages that are in windows. */
  get numUsed(): number {
    return this.#numPages - this.numFree;
  }

  /** Pages that can be handed out. */
  get numFree(): number {
    return this.#empty.length + this.#kept.size;
  }

  /** Pages that a sequence of so many tokens needs at once. */
  needOf(numTokens: number): number {
    return Math.min(pagesFor(numTokens), windowPagesOf(this.#numTokens));
  }

  /** Pages that can be handed out once some windows have been given up. */
  numFreeWithout(windows: readonly (readonly number[])[]): number {
    const left = new Map<number, number>();
    for (const page of windows.flat()) left.set(page, (left.get(page) ?? this.#numHolders[page] ?? 0) - 1);
    return this.numFree + [...left.values()].filter((numHolders) => numHolders === 0).length;
  }

  /** The page beside a page, or GONE. */
  besideOf(page: number): number {
    return this.#beside[page] ?? GONE;
  }

  /**
   * The first page of a sequence that a window may look at once so many of its tokens are computed. The last of them may
   * be computed once more, so it sees a token more than the window has.
   */
  firstSeen(numTokens: number): number {
    return Math.floor(Math.max(numTokens - this.#numTokens, 0) / PAGE_TOKENS);
  }

  /** A window has come to a page: it has one beside it from now on. @returns whether that may hold anything */
  hold(page: number): boolean {
    const isFresh = this.besideOf(page) === GONE;
    if (isFresh) this.#beside[page] = this.#handOut();
    this.#kept.delete(page);
    this.#numHolders[page] = (this.#numHolders[page] ?? 0) + 1;
    return isFresh;
  }

  /** A window has moved on from a page. @param isKnown the page may be found by others */
  release(page: number, isKnown: boolean): void {
    const left = (this.#numHolders[page] ?? 0) - 1;
    assertInvariant(left >= 0, `page ${page} is given up by the windows that it is in`);
    this.#numHolders[page] = left;
    if (left > 0) return;
    if (isKnown) this.#kept.add(page);
    else this.#giveBack(page);
  }

  /** The tokens of a page that is in no window are not known any more. */
  forget(page: number): void {
    if (this.#kept.delete(page)) this.#giveBack(page);
  }

  /** Pages beside others that hold nothing, and held something since this was asked before. */
  takeEmptied(): number[] {
    // A lightly loaded cache stays compact.
    this.#empty.sort((a, b) => b - a);
    const emptied = this.#empty.filter((page) => this.#touched.has(page));
    for (const page of emptied) this.#touched.delete(page);
    return emptied;
  }

  #handOut(): number {
    const page = this.#empty.pop() ?? this.#evict();
    this.#touched.add(page);
    return page;
  }

  #giveBack(page: number): void {
    this.#empty.push(this.besideOf(page));
    this.#beside[page] = GONE;
  }

  #evict(): number {
    const [oldest] = this.#kept;
    assertInvariant(oldest !== undefined, 'each that runs has room for its window');
    const page = this.besideOf(oldest);
    this.#kept.delete(oldest);
    this.#beside[oldest] = GONE;
    return page;
  }
}
