import type { ByteAutomaton } from '../grammar.ts';
import { type ByteTrie, byteTrieOf, classOfLeaf, type Encoding, NO_CHILD } from './byte-trie.ts';
import { type Columns, canonicalAutomaton } from './canonical-automaton.ts';
import type { Dfa, Table } from './dfa.ts';
import type { Effort } from './effort.ts';

const QUOTE = 0x22;

/**
 * The automaton of a language's texts as bytes: as they are, or as the content of a JSON string, in quotes or without
 * them. The language is reduced and not empty. Equal languages give equal automata.
 */
export function encodeBytes(dfa: Dfa, encoding: Encoding, quoted: boolean, effort: Effort): ByteAutomaton {
  const trie = byteTrieOf(dfa.alphabet, encoding, effort);
  effort.spend(16 * trie.children.length);
  const columns = columnsOf(trie);
  const table = new ByteTable(dfa, trie, columns, effort).build(quoted);
  return canonicalAutomaton(table, columns, effort);
}

/** Bytes that no node of the tree tells apart share a column; the quote has one of its own. */
function columnsOf({ children }: ByteTrie): Columns {
  const numbers = new Map<string, number>();
  const samples: number[] = [];
  const columnOf = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) {
    const key = (byte === QUOTE ? '"' : '') + children.map((node) => node[byte]).join();
    let column = numbers.get(key);
    if (column === undefined) {
      column = samples.push(byte) - 1;
      numbers.set(key, column);
    }
    columnOf[byte] = column;
  }
  return { columnOf, numColumns: samples.length, samples };
}

/** Puts the tree of bytes in place of each character of an automaton. */
class ByteTable {
  readonly #dfa: Dfa;
  readonly #trie: ByteTrie;
  readonly #columns: Columns;
  readonly #effort: Effort;
  readonly #rows: Int32Array[] = [];
  readonly #accepts: number[] = [];
  /** States inside a character, by node and by where its characters lead. */
  readonly #inner = new Map<string, number>();

  constructor(dfa: Dfa, trie: ByteTrie, columns: Columns, effort: Effort) {
    this.#dfa = dfa;
    this.#trie = trie;
    this.#columns = columns;
    this.#effort = effort;
  }

  build(quoted: boolean): Table {
    const { numStates, accepts } = this.#dfa;
    const first = quoted ? 1 : 0;
    if (quoted) this.#push(0);
    for (let state = 0; state < numStates; state++) this.#push(quoted ? 0 : (accepts[state] ?? 0));
    for (let state = 0; state < numStates; state++) this.#fill(first + state, 0, state, first);
    if (quoted) this.#addQuotes();
    const { numColumns } = this.#columns;
    const next = new Int32Array(this.#rows.length * numColumns);
    this.#rows.forEach((row, i) => next.set(row, i * numColumns));
    return { next, accepts: Uint8Array.from(this.#accepts), numStates: this.#rows.length };
  }

  #addQuotes(): void {
    const { numStates, accepts } = this.#dfa;
    const quote = this.#columns.columnOf[QUOTE] ?? 0;
    const end = this.#push(1);
    this.#setNext(0, quote, 1);
    for (let state = 0; state < numStates; state++)
      if (accepts[state] === 1) this.#setNext(1 + state, quote, end);
  }

  /** Writes a row: the bytes of `node`, of characters that follow the automaton's `state`. */
  #fill(row: number, node: number, state: number, first: number): void {
    const children = this.#trie.children[node];
    this.#effort.spend(this.#columns.numColumns);
    this.#columns.samples.forEach((byte, column) => {
      const child = children?.[byte] ?? NO_CHILD;
      if (child === NO_CHILD) return;
      if (child > 0) this.#setNext(row, column, this.#innerState(child, state, first));
      else {
        const target = this.#target(state, classOfLeaf(child));
        if (target >= 0) this.#setNext(row, column, first + target);
      }
    });
  }

  #innerState(node: number, state: number, first: number): number {
    const classes = this.#trie.classesBelow[node] ?? [];
    const targets = classes.map((classIndex) => this.#target(state, classIndex));
    this.#effort.spend(targets.length);
    if (targets.every((target) => target < 0)) return -1;
    const key = `${node}:${targets.join()}`;
    const known = this.#inner.get(key);
    if (known !== undefined) return known;
    const row = this.#push(0);
    this.#inner.set(key, row);
    this.#fill(row, node, state, first);
    return row;
  }

  #target(state: number, classIndex: number): number {
    return this.#dfa.next[state * this.#dfa.alphabet.numClasses + classIndex] ?? -1;
  }

  #setNext(row: number, column: number, target: number): void {
    const cells = this.#rows[row];
    if (cells !== undefined) cells[column] = target;
  }

  #push(accepting: number): number {
    this.#effort.checkStates(this.#rows.length);
    this.#accepts.push(accepting);
    return this.#rows.push(new Int32Array(this.#columns.numColumns).fill(-1)) - 1;
  }
}
