import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GONE, PAGE_TOKENS, pagesFor } from '../../../../src/pages.ts';
import { PageCache } from '../../../../src/scheduler/pages/page-cache.ts';
import type { PageHolder } from '../../../../src/scheduler/pages/page-holder.ts';
import type { WindowOptions } from '../../../../src/scheduler/pages/window-pages.ts';

const tokens = (count: number, start = 0): number[] => Array.from({ length: count }, (_, i) => start + i);

/** A sequence as the scheduler runs it: admitted, computed to its end, given up. */
function compute(cache: PageCache, tokenIds: readonly number[], salt?: string): PageHolder {
  const match = cache.find(tokenIds, tokenIds.length - 1, salt);
  const { holder } = cache.take(match, salt);
  expect(cache.grow(holder, tokenIds.length)).toBe(true);
  cache.record(holder, tokenIds, tokenIds.length);
  return holder;
}

describe('PageCache', () => {
  it('shares whole pages of a beginning, and copies the page in which it ends', () => {
    const cache = new PageCache({ numPages: 8, prefixCache: true });
    const first = compute(cache, tokens(160));
    const next = [...tokens(150), 7, 8, 9];
    const match = cache.find(next, next.length - 1);
    expect(match?.numTokens).toBe(150);
    const { holder, copies } = cache.take(match, undefined);
    expect(holder.pages.slice(0, 2)).toEqual(first.pages.slice(0, 2));
    expect(copies).toEqual([{ from: first.pages[2], to: holder.pages[2] }]);
    expect(holder.pages[2]).not.toBe(first.pages[2]);
    expect(cache.counts()).toMatchObject({ numUsed: 4, numShared: 2, numKept: 0 });
  });

  it('keeps what was given up until its room is needed, beginnings longest', () => {
    const cache = new PageCache({ numPages: 4, prefixCache: true });
    const holder = compute(cache, tokens(4 * PAGE_TOKENS));
    const pages = [...holder.pages];
    cache.free(holder);
    expect(cache.counts()).toEqual({ numUsed: 0, numShared: 0, numKept: 4, numWindowUsed: 0, numEvicted: 0 });
    const other = compute(cache, tokens(2 * PAGE_TOKENS, 1000));
    expect(other.pages).toEqual([pages[3], pages[2]]);
    expect(cache.find(tokens(4 * PAGE_TOKENS), 4 * PAGE_TOKENS)?.numTokens).toBe(2 * PAGE_TOKENS);
    expect(cache.counts().numEvicted).toBe(2);
  });

  it('finds what a running sequence has computed, and nothing under another salt', () => {
    const cache = new PageCache({ numPages: 8, prefixCache: true });
    compute(cache, tokens(100), 'a');
    expect(cache.find(tokens(100), 99, 'a')?.numTokens).toBe(99);
    expect(cache.find(tokens(100), 99, 'b')?.numTokens).toBe(0);
    expect(cache.find(tokens(100), 99)?.numTokens).toBe(0);
  });

  it('finds nothing of a sequence that had a fault, and nothing with the cache off', () => {
    const cache = new PageCache({ numPages: 8, prefixCache: true });
    const holder = compute(cache, tokens(100));
    cache.forget(holder);
    cache.free(holder);
    expect(cache.find(tokens(100), 99)?.numTokens).toBe(0);
    expect(cache.counts()).toMatchObject({ numUsed: 0, numKept: 0 });
    expect(new PageCache({ numPages: 8, prefixCache: false }).find(tokens(100), 99)).toBeUndefined();
  });

  it('gives nothing where too few pages are free', () => {
    const cache = new PageCache({ numPages: 3, prefixCache: true });
    const { holder } = cache.take(undefined, undefined);
    expect(cache.grow(holder, 4 * PAGE_TOKENS)).toBe(false);
    expect(holder.pages).toEqual([]);
    expect(cache.numFree).toBe(3);
  });
});

/** What a page would hold on a device: the tokens that were computed into it, and those before them. */
type Contents = Map<number, string[]>;

interface Running {
  readonly holder: PageHolder;
  readonly tokenIds: number[];
  readonly salt: string | undefined;
  numComputed: number;
}

const NUM_PAGES = 12;
/** A window that reaches over three pages, and room for two and a half of it. */
const WINDOW: WindowOptions = { numPages: 10, numTokens: 100 };

/** The cache beside a device that remembers what lies in each page. */
class Model {
  readonly cache: PageCache;
  readonly running: Running[] = [];
  readonly contents: Contents = new Map();
  readonly windowContents: Contents = new Map();
  readonly #window: WindowOptions | undefined;

  constructor(window: WindowOptions | undefined) {
    this.#window = window;
    this.cache = new PageCache({ numPages: NUM_PAGES, prefixCache: true, window });
  }

  /** Each token of a page is known by all tokens up to it and the salt: two that are equal have equal keys and values. */
  #write({ holder, tokenIds, salt }: Running, from: number, to: number): void {
    for (let position = from; position < to; position++) {
      const index = Math.floor(position / PAGE_TOKENS);
      const written = `${salt ?? ''}:${tokenIds.slice(0, position + 1).join()}`;
      writeTo(this.contents, holder.pages[index], position, written);
      if (this.#window) writeTo(this.windowContents, holder.windowPages[index], position, written);
    }
  }

  start(tokenIds: number[], salt: string | undefined): void {
    const match = this.cache.find(tokenIds, tokenIds.length - 1, salt);
    if (this.cache.numPagesFor(tokenIds.length, match) > this.cache.numFree) return;
    if (!this.cache.windows.hasRoomFor(tokenIds.length, 0, [])) return;
    const { holder, copies } = this.cache.take(match, salt);
    for (const { from, to, window } of copies) {
      this.contents.set(to, [...(this.contents.get(from) ?? [])]);
      if (window) this.windowContents.set(window.to, [...(this.windowContents.get(window.from) ?? [])]);
    }
    expect(this.cache.grow(holder, tokenIds.length)).toBe(true);
    this.running.push({ holder, tokenIds, salt, numComputed: match?.numTokens ?? 0 });
    expect(this.cache.windows.endOf(holder)).toBeGreaterThan(match?.numTokens ?? 0);
  }

  compute(index: number, count: number): void {
    const one = this.running[index % Math.max(this.running.length, 1)];
    if (one === undefined) return;
    const { holder, numComputed } = one;
    const end = Math.min(numComputed + count, one.tokenIds.length, this.cache.windows.endOf(holder));
    for (const page of this.cache.windows.open(holder, end, numComputed)) this.windowContents.delete(page);
    this.#write(one, one.numComputed, end);
    one.numComputed = end;
    this.cache.record(one.holder, one.tokenIds, end);
  }

  extend(index: number, tokenId: number): void {
    const one = this.running[index % Math.max(this.running.length, 1)];
    if (one === undefined || !this.cache.grow(one.holder, one.tokenIds.length + 1)) return;
    one.tokenIds.push(tokenId);
  }

  end(index: number, hasFault: boolean): void {
    const [one] = this.running.splice(index % Math.max(this.running.length, 1), 1);
    if (one === undefined) return;
    if (hasFault) this.cache.forget(one.holder);
    this.cache.free(one.holder);
  }

  /** No page of a window is lost: what none holds can be handed out. */
  #checkWindows(): void {
    if (this.#window === undefined) return;
    const held = new Set(
      this.running.flatMap(({ holder }) => holder.windowPages.filter((page) => page !== GONE)),
    );
    const { holder } = this.cache.take(undefined, undefined);
    expect(this.cache.windows.endOf(holder)).toBe((this.#window.numPages - held.size) * PAGE_TOKENS);
    this.cache.free(holder);
  }

  check(): void {
    const held = new Map<number, number>();
    for (const { holder, tokenIds, salt, numComputed } of this.running) {
      expect(new Set(holder.pages).size).toBe(holder.pages.length);
      expect(holder.pages.length).toBeGreaterThanOrEqual(pagesFor(tokenIds.length));
      for (const page of holder.pages) held.set(page, (held.get(page) ?? 0) + 1);
      for (let position = 0; position < numComputed; position++) {
        const index = Math.floor(position / PAGE_TOKENS);
        const wanted = `${salt ?? ''}:${tokenIds.slice(0, position + 1).join()}`;
        expect(readFrom(this.contents, holder.pages[index], position)).toBe(wanted);
        if (this.#window === undefined || position < numComputed - this.#window.numTokens) continue;
        expect(readFrom(this.windowContents, holder.windowPages[index], position)).toBe(wanted);
      }
    }
    this.#checkWindows();
    const { numUsed, numShared } = this.cache.counts();
    expect(numUsed).toBe(held.size);
    expect(numShared).toBe([...held.values()].filter((count) => count > 1).length);
    expect(this.cache.numFree).toBe(NUM_PAGES - held.size);
  }
}

function writeTo(contents: Contents, page: number | undefined, position: number, written: string): void {
  expect(page).toBeGreaterThanOrEqual(0);
  const ofPage = contents.get(page ?? GONE) ?? [];
  ofPage[position % PAGE_TOKENS] = written;
  contents.set(page ?? GONE, ofPage);
}

const readFrom = (contents: Contents, page: number | undefined, position: number): string | undefined =>
  contents.get(page ?? GONE)?.[position % PAGE_TOKENS];

/** Few tokens, so that beginnings come again. */
const prompt = fc
  .tuple(
    fc.constantFrom(0, 1),
    fc.integer({ min: 1, max: 200 }),
    fc.array(fc.constantFrom(1, 2), { maxLength: 40 }),
  )
  .map(([kind, length, end]) => [...Array.from({ length }, (_, i) => (kind === 0 ? 5 : i % 3)), ...end]);

const actions = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.tuple(fc.constant('start' as const), prompt, fc.constantFrom(undefined, 'a')),
    },
    {
      weight: 5,
      arbitrary: fc.tuple(fc.constant('compute' as const), fc.nat(9), fc.integer({ min: 1, max: 150 })),
    },
    { weight: 2, arbitrary: fc.tuple(fc.constant('extend' as const), fc.nat(9), fc.constantFrom(1, 2)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('end' as const), fc.nat(9), fc.boolean()) },
  ),
  { maxLength: 60 },
);

describe.each([
  { what: 'one table', window: undefined },
  { what: 'pages of windows apart', window: WINDOW },
])('whatever is started, computed and ended, with $what', ({ window }) => {
  it('no page is lost, none is shared by mistake, and each sequence finds its own tokens', () => {
    fc.assert(
      fc.property(actions, (steps) => {
        const model = new Model(window);
        for (const step of steps) {
          if (step[0] === 'start') model.start([...step[1]], step[2]);
          else if (step[0] === 'compute') model.compute(step[1], step[2]);
          else if (step[0] === 'extend') model.extend(step[1], step[2]);
          else model.end(step[1], step[2]);
          model.check();
        }
      }),
      { numRuns: 150 },
    );
  });
});
