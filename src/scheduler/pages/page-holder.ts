import { pagesFor } from '../../pages.ts';
import type { PageNode } from './prefix-tree.ts';

/** A page to copy before a step. */
export interface PageCopy {
  readonly from: number;
  readonly to: number;
  /** The pages beside them, where windows have pages of their own. */
  readonly window: { readonly from: number; readonly to: number } | undefined;
}

/** The pages that a sequence holds, in the order of its tokens. */
export interface PageHolder {
  readonly pages: number[];
  /** Those beside them: GONE behind the window, and as many as it has reached. Empty where windows have none of their own. */
  readonly windowPages: number[];
  /** Of each of its first pages what the tree knows of its tokens: an equal page may stand for its own. */
  readonly nodes: PageNode[];
  readonly salt: string | undefined;
  /** The client for whom its pages are counted where they are kept elsewhere. */
  readonly owner: string;
}

/** Where a step finds the keys and values of a sequence. */
export interface PageTables {
  readonly pages: readonly number[];
  readonly windowPages: readonly number[] | undefined;
}

/** The pages of a sequence's first tokens. */
export const tablesUpTo = ({ pages, windowPages }: PageHolder, numTokens: number): PageTables => ({
  pages: pages.slice(0, pagesFor(numTokens)),
  windowPages: windowPages.length === 0 ? undefined : windowPages.slice(0, pagesFor(numTokens)),
});
