import { type Alphabet, classOf } from './alphabet.ts';
import type { Effort } from './effort.ts';

/** How a character is written: as UTF-8, or as in a JSON string, in the escapes of JSON.stringify. */
export type Encoding = 'utf8' | 'jsonString';

/**
 * The encodings of all characters as a tree of bytes. A child is a node, as its number; a character's class, as
 * `-2 - class`; or NO_CHILD.
 */
export interface ByteTrie {
  /** Of node `n`, byte `b`: `children[n][b]`. Node 0 is the root. */
  readonly children: readonly Int32Array[];
  /** The classes below each node. */
  readonly classesBelow: readonly (readonly number[])[];
}

export const NO_CHILD = -1;
export const leafOf = (classIndex: number): number => -2 - classIndex;
export const classOfLeaf = (child: number): number => -2 - child;

/** As JSON.stringify writes them; other control characters are `\u00` and two digits. */
const SHORT_ESCAPES: Readonly<Record<number, string>> = {
  0x08: 'b',
  0x09: 't',
  0x0a: 'n',
  0x0c: 'f',
  0x0d: 'r',
  0x22: '"',
  0x5c: '\\',
};

export function byteTrieOf(alphabet: Alphabet, encoding: Encoding, effort: Effort): ByteTrie {
  return new TrieBuilder(alphabet, effort).build(encoding);
}

class TrieBuilder {
  readonly #alphabet: Alphabet;
  readonly #effort: Effort;
  readonly #children: Int32Array[] = [new Int32Array(256).fill(NO_CHILD)];
  /** Nodes with the same children are one. */
  readonly #known = new Map<string, number>();
  readonly #chains = new Map<number, number>();

  constructor(alphabet: Alphabet, effort: Effort) {
    this.#alphabet = alphabet;
    this.#effort = effort;
  }

  build(encoding: Encoding): ByteTrie {
    for (let codePoint = 0; codePoint < 0x80; codePoint++) {
      const escape = encoding === 'jsonString' ? escapeOf(codePoint) : '';
      if (escape === '') this.#root[codePoint] = this.#leaf(codePoint);
      else this.#addEscape(escape, this.#leaf(codePoint));
    }
    for (let lead = 0xc2; lead <= 0xdf; lead++) this.#root[lead] = this.#block((lead & 0x1f) << 6, 1);
    for (let lead = 0xe0; lead <= 0xef; lead++) this.#root[lead] = this.#block((lead & 0x0f) << 12, 2);
    for (let lead = 0xf0; lead <= 0xf4; lead++) this.#root[lead] = this.#block((lead & 0x07) << 18, 3);
    return { children: this.#children, classesBelow: classesBelow(this.#children) };
  }

  get #root(): Int32Array {
    return this.#children[0] ?? new Int32Array(256);
  }

  #leaf(codePoint: number): number {
    const classIndex = classOf(this.#alphabet, codePoint);
    return classIndex < 0 ? NO_CHILD : leafOf(classIndex);
  }

  #addEscape(escape: string, leaf: number): void {
    let node = this.#root;
    for (const byte of Buffer.from(escape.slice(0, -1))) {
      let child = node[byte] ?? NO_CHILD;
      if (child === NO_CHILD) {
        child = this.#children.push(new Int32Array(256).fill(NO_CHILD)) - 1;
        node[byte] = child;
      }
      node = this.#children[child] ?? node;
    }
    node[escape.charCodeAt(escape.length - 1)] = leaf;
  }

  /** The node of the 64 ** depth characters from `first` on, which share the bytes so far. */
  #block(first: number, depth: number): number {
    this.#effort.spend(1);
    const uniform = this.#uniformClass(first, first + 64 ** depth - 1);
    if (uniform !== undefined && depth === 0) return uniform;
    if (uniform === NO_CHILD) return NO_CHILD;
    if (uniform !== undefined && !isPartOfUtf8(first, depth)) return this.#chain(uniform, depth);
    const size = 64 ** (depth - 1);
    const children = new Int32Array(256).fill(NO_CHILD);
    for (let i = 0; i < 64; i++) {
      const start = first + i * size;
      if (isOverlong(start, depth) || start > 0x10ffff) continue;
      children[0x80 + i] = depth === 1 ? this.#leaf(start) : this.#block(start, depth - 1);
    }
    return this.#intern(children);
  }

  /** `depth` more bytes of any value, then a character of the class. */
  #chain(leaf: number, depth: number): number {
    if (depth === 0) return leaf;
    const key = leaf * 4 - depth;
    let node = this.#chains.get(key);
    if (node === undefined) {
      const child = this.#chain(leaf, depth - 1);
      node = this.#intern(new Int32Array(256).fill(NO_CHILD).fill(child, 0x80, 0xc0));
      this.#chains.set(key, node);
    }
    return node;
  }

  #intern(children: Int32Array): number {
    this.#effort.spend(64);
    if (children.every((child) => child === NO_CHILD)) return NO_CHILD;
    const key = children.subarray(0x80, 0xc0).join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, this.#children.length);
    return this.#children.push(children) - 1;
  }

  /** The leaf of characters that are all of one class; undefined if they are of several. */
  #uniformClass(first: number, last: number): number | undefined {
    const { starts } = this.#alphabet;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= first) low = middle;
      else high = middle - 1;
    }
    if ((starts[low + 1] ?? 0x110000) <= last) return undefined;
    return this.#leaf(first);
  }
}

/** Whether some characters of a block are written with fewer bytes, or lie beyond the last character. */
const isPartOfUtf8 = (first: number, depth: number): boolean =>
  (depth === 2 && first === 0) || (depth === 3 && (first === 0 || first >= 0x100000));

/** Whether a block starts with characters that have a shorter encoding, below a lead byte of `depth` more bytes. */
const isOverlong = (start: number, depth: number): boolean =>
  (depth === 2 && start < 0x800) || (depth === 3 && start < 0x10000);

function escapeOf(codePoint: number): string {
  const short = SHORT_ESCAPES[codePoint];
  if (short !== undefined) return `\\${short}`;
  return codePoint < 0x20 ? `\\u${codePoint.toString(16).padStart(4, '0')}` : '';
}

function classesBelow(children: readonly Int32Array[]): number[][] {
  const below: (number[] | undefined)[] = children.map(() => undefined);
  const visit = (node: number): number[] => {
    const known = below[node];
    if (known !== undefined) return known;
    const classes = new Set<number>();
    for (const child of children[node] ?? [])
      if (child > 0) for (const classIndex of visit(child)) classes.add(classIndex);
      else if (child !== NO_CHILD) classes.add(classOfLeaf(child));
    return (below[node] = [...classes].sort((a, b) => a - b));
  };
  return children.map((_, node) => visit(node));
}
