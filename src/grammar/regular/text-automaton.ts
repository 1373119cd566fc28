import type { ByteAutomaton } from '../grammar.ts';
import { type Columns, mergeColumns } from './canonical-automaton.ts';
import type { Effort } from './effort.ts';
import { codePoints, complementOf, codePointOf, unionOf, type CodePoints } from './alphabet.ts';
import type { Dfa } from './dfa.ts';
import { fromSteps } from './from-steps.ts';

interface TextNode {
  readonly children: Map<number, TextNode>;
  accepts: boolean;
  /** Equal for nodes from which the same texts go on; set once the children have theirs. */
  id: number;
}

/** The least automaton of a list of texts, at least one: a tree of their bytes, whose equal branches are then shared. */
export function textAutomaton(texts: readonly string[], effort: Effort): ByteAutomaton {
  const nodes: TextNode[] = [];
  const add = (): TextNode => {
    const node = { children: new Map<number, TextNode>(), accepts: false, id: -1 };
    nodes.push(node);
    return node;
  };
  const root = add();
  for (const text of texts) {
    const bytes = Buffer.from(text);
    effort.spend(2 * bytes.length);
    let node = root;
    for (const byte of bytes) {
      const child = node.children.get(byte) ?? add();
      node.children.set(byte, child);
      node = child;
    }
    node.accepts = true;
  }
  shareBranches(nodes);
  return tableOf(root, effort);
}

/** A node is made after its parent, so that a walk from the back meets children first. */
function shareBranches(nodes: readonly TextNode[]): void {
  const ids = new Map<string, number>();
  for (const node of nodes.toReversed()) {
    const edges = [...node.children].sort(([a], [b]) => a - b).map(([byte, child]) => `${byte}:${child.id}`);
    const key = `${node.accepts ? 1 : 0} ${edges.join()}`;
    node.id = ids.get(key) ?? ids.size;
    ids.set(key, node.id);
  }
}

function tableOf(root: TextNode, effort: Effort): ByteAutomaton {
  const numbers = new Map([[root.id, 0]]);
  const states = [root];
  const edges: (readonly [number, number, number])[] = [];
  for (let i = 0; i < states.length; i++)
    for (const [byte, child] of [...(states[i]?.children ?? [])].sort(([a], [b]) => a - b)) {
      const number = numbers.get(child.id) ?? states.push(child) - 1;
      numbers.set(child.id, number);
      edges.push([i, byte, number]);
    }
  effort.checkStates(states.length);
  const columns = columnsOf(new Set(edges.map(([, byte]) => byte)));
  effort.spend(states.length * columns.numColumns);
  const next = new Int32Array(states.length * columns.numColumns).fill(-1);
  for (const [from, byte, to] of edges) next[from * columns.numColumns + (columns.columnOf[byte] ?? 0)] = to;
  const accepts = Uint8Array.from(states, (state) => (state.accepts ? 1 : 0));
  return mergeColumns({ numStates: states.length, next, accepts }, columns, effort);
}

/** A column for each byte that is used, and one for all others. */
function columnsOf(used: ReadonlySet<number>): Columns {
  const samples: number[] = [];
  let unused = -1;
  const columnOf = Uint8Array.from({ length: 256 }, (_, byte) => {
    if (used.has(byte)) return samples.push(byte) - 1;
    if (unused < 0) unused = samples.push(byte) - 1;
    return unused;
  });
  return { columnOf, numColumns: samples.length, samples };
}

/**
 * All texts that hold none of the stops; each state accepts. The states are how much of a stop has been read, as Aho
 * and Corasick have it ("Efficient string matching", 1975). No stop is the empty text; without stops it is any text.
 */
export function textWithout(stops: readonly string[], effort: Effort): Dfa {
  const characters = [...new Set(stops.flatMap((stop) => Array.from(stop)))];
  const singles = characters.map((character): CodePoints => {
    const codePoint = codePointOf(character);
    return codePoints([[codePoint, codePoint]]);
  });
  const longest = Math.max(0, ...stops.map((stop) => stop.length));
  const prefixes = new Set(['', ...stops.flatMap((stop) => prefixesOf(stop))]);
  const step = (read: string, symbol: number): string | undefined => {
    effort.spend(longest);
    let rest = symbol < characters.length ? read + (characters[symbol] ?? '') : '';
    if (stops.some((stop) => rest.endsWith(stop))) return undefined;
    while (!prefixes.has(rest)) rest = Array.from(rest).slice(1).join('');
    return rest;
  };
  return fromSteps(
    {
      start: '',
      symbols: [...singles, complementOf(unionOf(singles))],
      step,
      accepts: () => true,
      keyOf: (read) => read,
    },
    effort,
  );
}

function prefixesOf(text: string): string[] {
  const characters = Array.from(text);
  return characters.map((_, i) => characters.slice(0, i + 1).join(''));
}
