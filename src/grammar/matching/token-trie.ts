/** Plain data, which one process builds for another. Nodes are in the order of a walk in depth: a parent, then its subtree. */
export interface TokenTrieData {
  /** The byte that leads to each node; the root has none: [nodes]. */
  readonly byteOf: Uint8Array;
  /** Bytes from the root: [nodes]. */
  readonly depthOf: Uint16Array;
  /** The node behind the subtree of each: [nodes]. */
  readonly endOf: Int32Array;
  /** Where the tokens of each node begin in `tokenIds`, and behind the last where they end: [nodes + 1]. */
  readonly tokensFrom: Int32Array;
  /** Tokens of the same bytes share a node: [tokens]. */
  readonly tokenIds: Int32Array;
  readonly vocabSize: number;
}

const ROOT = 0;

/** The texts of a vocabulary as a tree of bytes: tokens that begin alike are looked at once. */
export class TokenTrie {
  readonly data: TokenTrieData;
  /** Bytes of the longest token. */
  readonly maxTokenBytes: number;
  readonly #nodeOf: Int32Array; // [vocab], -1 for a token that is no text
  readonly #parentOf: Int32Array; // [nodes]
  readonly #childrenOfRoot: Int32Array; // [256], -1 where there is none

  constructor(data: TokenTrieData) {
    this.data = data;
    this.maxTokenBytes = data.depthOf.reduce((most, depth) => Math.max(most, depth), 0);
    this.#nodeOf = new Int32Array(data.vocabSize).fill(-1); // [vocab]
    this.#childrenOfRoot = Int32Array.from({ length: 256 }, (_, byte) => this.#findChild(ROOT, byte));
    this.#parentOf = parents(data.depthOf);
    for (let node = 0; node < data.byteOf.length; node++) {
      for (let i = data.tokensFrom[node] ?? 0; i < (data.tokensFrom[node + 1] ?? 0); i++) {
        this.#nodeOf[data.tokenIds[i] ?? 0] = node;
      }
    }
  }

  /** @param bytesOf empty for a token that is no text of its own: such are not in the trie */
  static build(vocabSize: number, bytesOf: (tokenId: number) => Uint8Array): TokenTrieData {
    const tokens = Array.from({ length: vocabSize }, (_, tokenId) => ({ tokenId, bytes: bytesOf(tokenId) }))
      .filter(({ bytes }) => bytes.length > 0)
      .toSorted((one, other) => Buffer.compare(one.bytes, other.bytes) || one.tokenId - other.tokenId);
    const byteOf = [0];
    const depthOf = [0];
    const tokensFrom = [0];
    let before: Uint8Array = new Uint8Array();
    for (const [i, { bytes }] of tokens.entries()) {
      for (let depth = numSharedBytes(before, bytes); depth < bytes.length; depth++) {
        byteOf.push(bytes[depth] ?? 0);
        depthOf.push(depth + 1);
        tokensFrom.push(i);
      }
      before = bytes;
    }
    tokensFrom.push(tokens.length);
    return {
      byteOf: Uint8Array.from(byteOf),
      depthOf: Uint16Array.from(depthOf),
      endOf: subtreeEnds(depthOf),
      tokensFrom: Int32Array.from(tokensFrom),
      tokenIds: Int32Array.from(tokens, ({ tokenId }) => tokenId),
      vocabSize,
    };
  }

  /** The bytes of a token; undefined for one that is no text. */
  bytesOf(tokenId: number): Uint8Array | undefined {
    const { byteOf, depthOf } = this.data;
    let node = this.#nodeOf[tokenId] ?? -1;
    if (node < 0) return undefined;
    const bytes = new Uint8Array(depthOf[node] ?? 0);
    for (let i = bytes.length - 1; i >= 0; i--) {
      bytes[i] = byteOf[node] ?? 0;
      node = this.#parentOf[node] ?? ROOT;
    }
    return bytes;
  }

  /** The child that a byte leads to, or -1. */
  childOf(node: number, byte: number): number {
    return node === ROOT ? (this.#childrenOfRoot[byte] ?? -1) : this.#findChild(node, byte);
  }

  #findChild(node: number, byte: number): number {
    const { byteOf, endOf } = this.data;
    const end = endOf[node] ?? 0;
    for (let child = node + 1; child < end; child = endOf[child] ?? end) {
      if (byteOf[child] === byte) return child;
    }
    return -1;
  }

  /**
   * The fewest tokens that write some bytes; undefined where the vocabulary cannot write them. Of equals, those whose
   * first token is longer.
   */
  fewestTokens(bytes: Uint8Array): number[] | undefined {
    const { tokensFrom, tokenIds } = this.data;
    const counts = new Array<number>(bytes.length + 1).fill(Infinity); // tokens from there to the end
    const firsts = new Array<number>(bytes.length + 1).fill(-1);
    const lengths = new Array<number>(bytes.length + 1).fill(0);
    counts[bytes.length] = 0;
    for (let start = bytes.length - 1; start >= 0; start--) {
      let node = ROOT;
      for (let end = start; end < bytes.length; end++) {
        node = this.childOf(node, bytes[end] ?? 0);
        if (node < 0) break;
        const hasToken = (tokensFrom[node + 1] ?? 0) > (tokensFrom[node] ?? 0);
        const count = 1 + (counts[end + 1] ?? Infinity);
        if (!hasToken || count > (counts[start] ?? Infinity) || count === Infinity) continue;
        counts[start] = count;
        firsts[start] = tokenIds[tokensFrom[node] ?? 0] ?? 0;
        lengths[start] = end + 1 - start;
      }
    }
    if (counts[0] === Infinity) return undefined;
    const written: number[] = [];
    for (let at = 0; at < bytes.length; at += lengths[at] ?? bytes.length) written.push(firsts[at] ?? 0);
    return written;
  }
}

function numSharedBytes(one: Uint8Array, other: Uint8Array): number {
  const length = Math.min(one.length, other.length);
  for (let i = 0; i < length; i++) if (one[i] !== other[i]) return i;
  return length;
}

/** The parent of a node is the nearest before it that is a byte shorter; the root is its own. */
function parents(depthOf: Uint16Array): Int32Array {
  const parentOf = new Int32Array(depthOf.length); // [nodes]
  const latestAt: number[] = []; // by depth
  for (let node = 0; node < depthOf.length; node++) {
    const depth = depthOf[node] ?? 0;
    latestAt[depth] = node;
    parentOf[node] = latestAt[depth - 1] ?? ROOT;
  }
  return parentOf;
}

/** From behind: a subtree ends where the next node that is no deeper begins. */
function subtreeEnds(depthOf: readonly number[]): Int32Array {
  const ends = new Int32Array(depthOf.length); // [nodes]
  const openAt: number[] = [];
  for (const [node, depth] of depthOf.entries()) {
    while (openAt.length > depth) ends[openAt.pop() ?? 0] = node;
    openAt.push(node);
  }
  for (const node of openAt) ends[node] = depthOf.length;
  return ends;
}
