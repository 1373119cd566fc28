import { assertInvariant } from '../../errors.ts';
import { PAGE_TOKENS, pagesFor } from '../../pages.ts';
import type { PageCopy, PageHolder } from './page-holder.ts';
import type { PageWatcher } from './page-watcher.ts';
import { PrefixTree, type PageNode, type PrefixMatch } from './prefix-tree.ts';
import { trimToWindow } from './trim-to-window.ts';
import { WindowPages, type WindowOptions } from './window-pages.ts';
import { WindowsOfSequences } from './windows-of-sequences.ts';

/** Pages of each table whose memory is not needed now. */
export interface Emptied {
  readonly pages: readonly number[];
  readonly windowPages: readonly number[];
}

/** As operators know it. */
export interface PageCounts {
  /** Pages that sequences hold, each once. */
  readonly numUsed: number;
  /** Of these, pages that more than one holds. */
  readonly numShared: number;
  /** Pages that no sequence holds and that keep their tokens. */
  readonly numKept: number;
  /** Pages that windows hold of those beside others. */
  readonly numWindowUsed: number;
  /** Since the start: pages whose tokens had to go. */
  readonly numEvicted: number;
}

export interface PageCacheOptions {
  readonly numPages: number;
  /** Off: a page forgets its tokens as soon as no sequence holds it. */
  readonly prefixCache: boolean;
  /** Where layers that see no more than a window have pages of their own. */
  readonly window?: WindowOptions | undefined;
}

/**
 * Which sequences hold which pages of the KV cache, and which tokens are in the pages that none holds. Sequences with the
 * same beginning hold the same pages; a page that one of them would write to is copied first. A page that is given up
 * keeps its tokens until its room is needed: the least recently used goes first, and of a text its end before its beginning.
 *
 * Invariant: pages that are empty, kept and held make up all pages; a page is held by as many as its count says.
 *
 * Bookkeeping alone: who is told to copy must do so before the step that it is told with.
 */
export class PageCache {
  readonly numPages: number;
  readonly #prefixCache: boolean;
  /** Pages that hold nothing, the lowest last, so that a lightly loaded cache stays compact. */
  readonly #empty: number[];
  /** Nodes of pages that no sequence holds, the least recently used first. */
  readonly #kept = new Set<PageNode>();
  /** By page: how many hold it. */
  readonly #numHolders: Int32Array; // [numPages]
  /** By page, where the tree knows its tokens. */
  readonly #nodeOf = new Map<number, PageNode>();
  readonly #tree = new PrefixTree();
  readonly windows: WindowsOfSequences;
  readonly #windowPages: WindowPages | undefined;
  /** Pages that were handed out since they were last known to be empty. */
  readonly #touched = new Set<number>();
  #numShared = 0;
  #numEvicted = 0;
  readonly #watchers: Partial<PageWatcher>[] = [];

  constructor({ numPages, prefixCache, window }: PageCacheOptions) {
    this.numPages = numPages;
    this.#prefixCache = prefixCache;
    this.#empty = Array.from({ length: numPages }, (_, i) => numPages - 1 - i);
    this.#numHolders = new Int32Array(numPages); // [numPages]
    this.#windowPages = window && new WindowPages(numPages, window);
    this.windows = new WindowsOfSequences(this.#windowPages, (page) => this.#nodeOf.has(page));
  }

  watch(watcher: Partial<PageWatcher>): void {
    this.#watchers.push(watcher);
  }

  /** Pages that can be handed out. */
  get numFree(): number {
    return this.#empty.length + this.#kept.size;
  }

  counts(): PageCounts {
    return {
      numUsed: this.numPages - this.numFree,
      numShared: this.#numShared,
      numKept: this.#kept.size,
      numWindowUsed: this.#windowPages?.numUsed ?? 0,
      numEvicted: this.#numEvicted,
    };
  }

  /** Pages that can be handed out once some have given up theirs, but for some pages. */
  numFreeWithout(holders: readonly PageHolder[], except: ReadonlySet<number>): number {
    const left = new Map<number, number>();
    for (const page of holders.flatMap(({ pages }) => pages)) {
      left.set(page, (left.get(page) ?? this.#numHolders[page] ?? 0) - 1);
    }
    const freed = [...left].filter(([page, numHolders]) => numHolders === 0 && !except.has(page));
    return this.numFree + freed.length;
  }

  /** What a sequence has of the cache, in pages: of one that several hold its part. */
  amountOf({ pages }: PageHolder): number {
    return pages.reduce((sum, page) => sum + 1 / (this.#numHolders[page] ?? 1), 0);
  }

  /** What the cache holds of a sequence's first `maxTokens` tokens. */
  find(tokenIds: readonly number[], maxTokens: number, salt?: string): PrefixMatch | undefined {
    if (!this.#prefixCache) return undefined;
    const match = this.#tree.find(tokenIds, maxTokens, salt);
    return this.#windowPages === undefined ? match : trimToWindow(match, this.#windowPages);
  }

  /** Pages that must be free for a sequence to go on behind a match with room for `numTokens` tokens in all. */
  numPagesFor(numTokens: number, match: PrefixMatch | undefined): number {
    const nodes = match?.nodes ?? [];
    // A matched page that no sequence holds counts as free until it is taken.
    const fromKept = nodes.filter(({ page }) => this.#numHolders[page] === 0).length;
    const copied = match?.partial !== undefined && this.#numHolders[match.partial.node.page] === 0 ? 1 : 0;
    return pagesFor(numTokens) - nodes.length + fromKept + copied;
  }

  /** Gives a sequence the pages of a match, and a copy of the page that it ends in. There is room (`numPagesFor`). */
  take(
    match: PrefixMatch | undefined,
    salt: string | undefined,
    owner = '',
  ): { holder: PageHolder; copies: PageCopy[] } {
    const holder: PageHolder = { pages: [], windowPages: [], nodes: [], salt, owner };
    if (match !== undefined) for (const watcher of this.#watchers) watcher.used?.(match.nodes, owner);
    for (const node of match?.nodes ?? []) {
      this.#hold(node.page);
      holder.pages.push(node.page);
      holder.nodes.push(node);
    }
    const { partial, numTokens = 0 } = match ?? {};
    const numWhole = holder.pages.length;
    this.windows.openPages(holder, numWhole, numTokens);
    if (partial === undefined) return { holder, copies: [] };
    const from = partial.node.page;
    // Held until its copy has a page, or it might be the one that is evicted for it.
    this.#hold(from);
    this.#windowPages?.hold(from);
    const page = this.#handOut();
    holder.pages.push(page);
    this.windows.openPages(holder, numWhole + 1, numTokens);
    const window = this.#windowPages && {
      from: this.#windowPages.besideOf(from),
      to: this.#windowPages.besideOf(page),
    };
    this.#windowPages?.release(from, this.#nodeOf.has(from));
    this.#release(from);
    this.#note(
      holder,
      partial.node.tokenIds.slice(0, partial.numTokens),
      (match?.nodes.length ?? 0) * PAGE_TOKENS,
    );
    return { holder, copies: [{ from, to: page, window }] };
  }

  /** Gives a sequence pages until it has room for `numTokens`; false, and nothing has changed, where too few are free. */
  grow(holder: PageHolder, numTokens: number): boolean {
    const numMissing = pagesFor(numTokens) - holder.pages.length;
    if (numMissing > this.numFree) return false;
    for (let i = 0; i < numMissing; i++) holder.pages.push(this.#handOut());
    return true;
  }

  /** Takes note of what was computed: the first `numTokens` of these tokens are in the sequence's pages. */
  record(holder: PageHolder, tokenIds: readonly number[], numTokens: number): void {
    if (this.#prefixCache) {
      const noted = this.#numNoted(holder);
      if (numTokens > noted) this.#note(holder, tokenIds.slice(noted, numTokens), noted);
    }
    this.windows.move(holder, numTokens);
  }

  #numNoted({ nodes }: PageHolder): number {
    const last = nodes.at(-1);
    return last === undefined ? 0 : (nodes.length - 1) * PAGE_TOKENS + last.tokenIds.length;
  }

  /** @param start where the tokens begin in their sequence: behind all that were noted */
  #note(holder: PageHolder, tokenIds: readonly number[], start: number): void {
    const { pages, nodes, salt } = holder;
    for (let at = 0; at < tokenIds.length;) {
      const index = Math.floor((start + at) / PAGE_TOKENS);
      const count = Math.min(PAGE_TOKENS - ((start + at) % PAGE_TOKENS), tokenIds.length - at);
      const page = pages[index];
      assertInvariant(page !== undefined, 'a sequence has pages for the tokens that were computed');
      if (nodes.length === index) {
        const node = this.#tree.add(page, nodes[index - 1], salt);
        this.#nodeOf.set(page, node);
        nodes.push(node);
      }
      const node = nodes[index];
      assertInvariant(node?.page === page, 'a page that others wrote is whole');
      this.#tree.append(node, tokenIds.slice(at, at + count));
      if (node.tokenIds.length === PAGE_TOKENS) this.#joinEqual(holder, index, node);
      at += count;
    }
  }

  /** Where another page holds the very same tokens, what follows is found behind that one. */
  #joinEqual({ nodes }: PageHolder, index: number, node: PageNode): void {
    const equal = this.#tree.equalOf(node);
    if (equal === undefined) {
      for (const watcher of this.#watchers) watcher.stored?.(node);
      return;
    }
    this.#tree.remove(node);
    this.#nodeOf.delete(node.page);
    this.#windowPages?.forget(node.page);
    nodes[index] = equal;
  }

  /**
   * A page for the tokens that follow those of another, or that a text begins with, where their keys and values are kept
   * elsewhere. It counts as free, like all that no sequence holds. Undefined where there is no page for it, or the one
   * before it is gone; not new where the cache holds these very tokens.
   */
  adopt(
    parent: PageNode | undefined,
    tokenIds: readonly number[],
    salt: string | undefined,
  ): { node: PageNode; isNew: boolean } | undefined {
    if (!this.#prefixCache || (parent !== undefined && !this.#isKnown(parent))) return undefined;
    const known = this.#tree.wholeChild(parent, tokenIds, salt);
    if (known !== undefined) return { node: known, isNew: false };
    // Not the page before it, nor one that others are found behind.
    const page = this.#empty.pop() ?? this.#evictLeaf((node) => node !== parent);
    if (page === undefined) return undefined;
    const node = this.#tree.add(page, parent, salt);
    this.#tree.append(node, tokenIds);
    this.#nodeOf.set(page, node);
    this.#kept.add(node);
    this.#touched.add(page);
    for (const watcher of this.#watchers) watcher.stored?.(node);
    return { node, isNew: true };
  }

  #isKnown = (node: PageNode): boolean => this.#nodeOf.get(node.page) === node;

  /** The sequence needs its pages no more; what they hold stays there. */
  free(holder: PageHolder): void {
    const { pages, nodes, owner } = holder;
    if (this.#watchers.length > 0) {
      const isOpen = (node: PageNode): boolean => node.tokenIds.length < PAGE_TOKENS || !this.#isKnown(node);
      const end = nodes.findIndex(isOpen);
      const left = end === -1 ? nodes : nodes.slice(0, end);
      for (const watcher of this.#watchers) watcher.used?.(left, owner);
    }
    this.windows.close(holder);
    // Ends first, so that they are evicted before beginnings.
    for (const page of pages.splice(0).reverse()) this.#release(page);
    nodes.length = 0;
  }

  /** The pages that the sequence holds may have anything in them: no other sequence finds them any more. */
  forget({ pages, nodes }: PageHolder): void {
    for (const [index, node] of nodes.entries()) {
      if (node.page !== pages[index] || !this.#isKnown(node)) continue;
      this.#tree.remove(node);
      this.#nodeOf.delete(node.page);
      this.#windowPages?.forget(node.page);
      for (const watcher of this.#watchers) watcher.spoilt?.(node);
    }
  }

  /**
   * Pages that hold nothing, and held something since this was asked before.
   * @param all those that no sequence holds forget their tokens first
   */
  takeEmptied(all: boolean): Emptied {
    if (all) for (const node of [...this.#kept]) this.#empty.push(this.#drop(node));
    // A lightly loaded cache stays compact.
    this.#empty.sort((a, b) => b - a);
    const emptied = this.#empty.filter((page) => this.#touched.has(page));
    for (const page of emptied) this.#touched.delete(page);
    return { pages: emptied, windowPages: this.#windowPages?.takeEmptied() ?? [] };
  }

  #hold(page: number): void {
    const node = this.#nodeOf.get(page);
    if (this.#numHolders[page] === 0 && node !== undefined) this.#kept.delete(node);
    const numHolders = (this.#numHolders[page] ?? 0) + 1;
    this.#numHolders[page] = numHolders;
    if (numHolders === 2) this.#numShared++;
  }

  #release(page: number): void {
    const left = (this.#numHolders[page] ?? 0) - 1;
    assertInvariant(left >= 0, `page ${page} is given up by those that hold it`);
    this.#numHolders[page] = left;
    if (left === 1) this.#numShared--;
    if (left > 0) return;
    const node = this.#nodeOf.get(page);
    if (node === undefined) this.#empty.push(page);
    else this.#kept.add(node);
  }

  /** An empty page, or else the least recently used one, if possible one that nothing is found behind. */
  #handOut(): number {
    const page = this.#empty.pop() ?? this.#evict();
    this.#numHolders[page] = 1;
    this.#touched.add(page);
    return page;
  }

  #evict(): number {
    const leaf = this.#evictLeaf(() => true);
    if (leaf !== undefined) return leaf;
    // Pages behind a kept one may be held by a sequence that holds an equal page in its place.
    const [oldest] = this.#kept;
    assertInvariant(oldest !== undefined, 'a page is handed out while one is free');
    return this.#drop(oldest);
  }

  #evictLeaf(mayGo: (node: PageNode) => boolean): number | undefined {
    const node = firstOf(this.#kept, (one) => mayGo(one) && this.#tree.isLeaf(one));
    return node && this.#drop(node);
  }

  #drop(node: PageNode): number {
    this.#kept.delete(node);
    this.#nodeOf.delete(node.page);
    this.#windowPages?.forget(node.page);
    this.#tree.remove(node);
    this.#numEvicted++;
    for (const watcher of this.#watchers) watcher.evicted?.(node);
    return node.page;
  }
}

function firstOf<T>(items: Iterable<T>, isWanted: (item: T) => boolean): T | undefined {
  for (const item of items) if (isWanted(item)) return item;
  return undefined;
}
