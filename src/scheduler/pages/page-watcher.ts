import type { PageNode } from './prefix-tree.ts';

/** Told of whole pages, so that they can be kept elsewhere, and routers know of them. */
export interface PageWatcher {
  /** A sequence has taken over, or left, a beginning: nothing is written to its pages any more. */
  used(nodes: readonly PageNode[], owner: string): void;
  /** A page is whole, and found by those who begin alike. */
  stored(node: PageNode): void;
  /** A page's tokens had to go, whole or not. */
  evicted(node: PageNode): void;
  /** A page may hold anything. */
  spoilt(node: PageNode): void;
}
