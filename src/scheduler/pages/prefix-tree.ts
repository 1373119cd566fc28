import { PAGE_TOKENS } from '../../pages.ts';

/** Fewer tokens of a page are not worth looking for: its other tokens would be computed anyway. */
export const LEAST_MATCH = 16;

/** A page of the cache whose tokens are known. */
export interface PageNode {
  readonly page: number;
  /** The page before it; undefined: it is the first. */
  readonly parent: PageNode | undefined;
  /** Whose keys and values the page holds, behind those of its parents: up to PAGE_TOKENS, as they are computed. */
  readonly tokenIds: number[];
  /** Sequences share keys and values only with those of the same salt. */
  readonly salt: string | undefined;
}

/** The longest beginning of a prompt that is in the cache. */
export interface PrefixMatch {
  /** Whole pages, which sequences share. */
  readonly nodes: readonly PageNode[];
  /** Of the next page the first tokens: it is copied for whom goes on behind them. */
  readonly partial: { readonly node: PageNode; readonly numTokens: number } | undefined;
  /** Of all of them. */
  readonly numTokens: number;
}

/** A match as far as its pages are shared. */
export const wholePages = ({ nodes }: Pick<PrefixMatch, 'nodes'>): PrefixMatch => ({
  nodes,
  partial: undefined,
  numTokens: nodes.length * PAGE_TOKENS,
});

/**
 * What the pages of the cache hold, as a tree: a path from the root spells the beginnings of prompts, a page of tokens
 * at a time. It knows nothing of who uses a page.
 *
 *   root ── [page 4: tokens 0 to 63] ── [page 7: tokens 64 to 127]
 *                                  └─── [page 9: tokens 64 to 90]
 *
 * A child is found by a hash of its first LEAST_MATCH tokens, and then compared token by token: two that share a hash are
 * never taken for each other, and a match may end within a page.
 */
export class PrefixTree {
  /** By parent (or salt, of the first pages) and the hash of the first tokens. */
  readonly #children = new Map<PageNode | string, Map<number, Set<PageNode>>>();
  readonly #numChildren = new Map<PageNode, number>();

  /** The longest beginning of the first `maxTokens` tokens under this salt. */
  find(tokenIds: readonly number[], maxTokens: number, salt?: string): PrefixMatch {
    const nodes: PageNode[] = [];
    for (;;) {
      const start = nodes.length * PAGE_TOKENS;
      const { node, length } = this.#bestChild(nodes.at(-1), salt, tokenIds, start, maxTokens);
      if (node === undefined) break;
      if (length < PAGE_TOKENS)
        return { nodes, partial: { node, numTokens: length }, numTokens: start + length };
      nodes.push(node);
    }
    return wholePages({ nodes });
  }

  /** The child that begins with the most of the tokens from `start` on: LEAST_MATCH of them at least. */
  #bestChild(
    parent: PageNode | undefined,
    salt: string | undefined,
    tokenIds: readonly number[],
    start: number,
    end: number,
  ): { node: PageNode | undefined; length: number } {
    let best: PageNode | undefined;
    let length = 0;
    if (end - start < LEAST_MATCH) return { node: best, length };
    const candidates = this.#children.get(parent ?? rootOf(salt))?.get(hashOf(tokenIds, start)) ?? [];
    for (const node of candidates) {
      const common = commonLength(node.tokenIds, tokenIds, start, end);
      if (common > length) [best, length] = [node, common];
    }
    return length < LEAST_MATCH ? { node: undefined, length: 0 } : { node: best, length };
  }

  /** Another page with the very tokens of a whole one, behind the same pages. */
  equalOf(node: PageNode): PageNode | undefined {
    const siblings =
      this.#children.get(node.parent ?? rootOf(node.salt))?.get(hashOf(node.tokenIds, 0)) ?? [];
    return [...siblings].find(
      (other) =>
        other !== node && commonLength(other.tokenIds, node.tokenIds, 0, PAGE_TOKENS) === PAGE_TOKENS,
    );
  }

  /** The page that holds these very tokens behind another, a page of them. */
  wholeChild(
    parent: PageNode | undefined,
    tokenIds: readonly number[],
    salt: string | undefined,
  ): PageNode | undefined {
    const { node, length } = this.#bestChild(parent, salt, tokenIds, 0, tokenIds.length);
    return length === PAGE_TOKENS ? node : undefined;
  }

  /** A page that holds nothing yet. */
  add(page: number, parent: PageNode | undefined, salt: string | undefined): PageNode {
    const node: PageNode = { page, parent, tokenIds: [], salt };
    if (parent !== undefined) this.#numChildren.set(parent, (this.#numChildren.get(parent) ?? 0) + 1);
    return node;
  }

  /** The page holds these tokens, too. */
  append(node: PageNode, tokenIds: readonly number[]): void {
    const isFound = node.tokenIds.length >= LEAST_MATCH;
    for (const tokenId of tokenIds) node.tokenIds.push(tokenId);
    if (isFound || node.tokenIds.length < LEAST_MATCH) return;
    const key = node.parent ?? rootOf(node.salt);
    const byHash = this.#children.get(key) ?? new Map<number, Set<PageNode>>();
    this.#children.set(key, byHash);
    const hash = hashOf(node.tokenIds, 0);
    const siblings = byHash.get(hash) ?? new Set();
    byHash.set(hash, siblings.add(node));
  }

  /** Whether pages behind it are in the tree. */
  isLeaf(node: PageNode): boolean {
    return (this.#numChildren.get(node) ?? 0) === 0;
  }

  /** The page holds nothing any more; what is behind it is not found any more either. */
  remove(node: PageNode): void {
    const { parent } = node;
    if (parent !== undefined) {
      const left = (this.#numChildren.get(parent) ?? 1) - 1;
      if (left === 0) this.#numChildren.delete(parent);
      else this.#numChildren.set(parent, left);
    }
    this.#numChildren.delete(node);
    this.#children.delete(node);
    if (node.tokenIds.length < LEAST_MATCH) return;
    const key = parent ?? rootOf(node.salt);
    const byHash = this.#children.get(key);
    const hash = hashOf(node.tokenIds, 0);
    const siblings = byHash?.get(hash);
    siblings?.delete(node);
    if (siblings?.size === 0) byHash?.delete(hash);
    if (byHash?.size === 0) this.#children.delete(key);
  }
}

/** A name that no page has; one without a salt differs from that of an empty one. */
const rootOf = (salt: string | undefined): string => (salt === undefined ? 'root' : `salt ${salt}`);

/** How many tokens of a page follow each other in a list from `start` on, before `end`. */
function commonLength(
  ofPage: readonly number[],
  tokenIds: readonly number[],
  start: number,
  end: number,
): number {
  const most = Math.min(ofPage.length, end - start);
  let length = 0;
  while (length < most && ofPage[length] === tokenIds[start + length]) length++;
  return length;
}

/** Of LEAST_MATCH tokens: the rounds of MurmurHash3 (x86, 32 bits). 32 bits are enough, since tokens are compared. */
function hashOf(tokenIds: readonly number[], start: number): number {
  let hash = 0;
  for (let i = start; i < start + LEAST_MATCH; i++) {
    const scrambled = Math.imul(rotate(Math.imul(tokenIds[i] ?? 0, 0xcc9e2d51), 15), 0x1b873593);
    hash = (Math.imul(rotate(hash ^ scrambled, 13), 5) + 0xe6546b64) | 0;
  }
  return hash;
}

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));
