import { clip } from '../../values.ts';
import { invalidField } from '../../errors.ts';
import { compileRegular } from '../regular/compile-regular.ts';
import { isEmpty } from '../regular/dfa.ts';
import type { Effort } from '../regular/effort.ts';
import { encodeBytes } from '../regular/encode-bytes.ts';
import { literalNode, type RegularNode } from '../regular/regular-node.ts';
import { type EbnfNode, parseEbnf } from './parse-ebnf.ts';
import { LARK_ROOT, parseLark } from './parse-lark.ts';
import { automatonOf, choiceOf, NEVER, type Part, repeatOf, ruleOf, sequenceOf, textOf } from './part.ts';
import { withoutNever, type Rules } from './rules.ts';
import { withoutLeftRecursion } from './without-left-recursion.ts';

/** Characters of an expression that is made one automaton; greater ones stay expressions, whose size is their own. */
const MAX_REGULAR_SIZE = 256;

/** Rules that are looked through, one inside of the other. */
const MAX_REGULAR_DEPTH = 64;

/** UTF-16 units of a grammar. */
const MAX_GRAMMAR_LENGTH = 100_000;

/** Lark has a colon where the others have `::=`. */
const isLark = (text: string): boolean =>
  /^[ \t]*[?!]?[a-zA-Z_]\w*(?:\.\d+)?[ \t]*:(?!:=)/m.test(text) && !text.includes('::=');

/** Compiles a grammar in GBNF or EBNF, whose first rule is `root`, or in Lark. @throws EngineError `invalid_request` */
export function compileEbnf(text: string, rules: Rules, effort: Effort): Part {
  if (text.length > MAX_GRAMMAR_LENGTH)
    throw invalidField(effort.param, `must have at most ${MAX_GRAMMAR_LENGTH} characters`);
  effort.spend(text.length);
  const [nodes, root] = isLark(text)
    ? [parseLark(text, effort), LARK_ROOT]
    : ([parseEbnf(text, effort), 'root'] as const);
  if (!nodes.has(root)) throw invalidField(effort.param, `has no rule ${root}`);
  const compiler = new EbnfCompiler(nodes, rules, effort);
  compiler.compile();
  withoutNever(rules.bodies, effort).forEach((body, index) => rules.define(index, body));
  const stuck = withoutLeftRecursion(rules, effort);
  if (stuck !== undefined) {
    const names = [...nodes.keys()];
    const path = [...stuck, stuck[0] ?? 0].flatMap((index) => names[index - compiler.first] ?? []);
    const complaint = 'comes back to a rule behind a part that may be empty, which is not supported';
    throw invalidField(effort.param, `${complaint}: ${clip(path.join(' -> '))}`);
  }
  return compiler.partOfRule(root);
}

class EbnfCompiler {
  /** The number of the first rule's index; the others follow in their order. */
  readonly first: number;
  readonly #nodes: ReadonlyMap<string, EbnfNode>;
  readonly #rules: Rules;
  readonly #effort: Effort;
  readonly #indexes = new Map<string, number>();
  /** Rules that are regular expressions, with their size; undefined: those that are not, or are being asked. */
  readonly #regular = new Map<string, Sized | undefined>();
  /** Expressions that come again are compiled once. */
  readonly #automata = new Map<string, Part>();
  #depth = 0;

  constructor(nodes: ReadonlyMap<string, EbnfNode>, rules: Rules, effort: Effort) {
    this.#nodes = nodes;
    this.#rules = rules;
    this.#effort = effort;
    for (const name of nodes.keys()) this.#indexes.set(name, rules.reserve());
    this.first = [...this.#indexes.values()][0] ?? 0;
  }

  compile(): void {
    for (const [name, node] of this.#nodes) this.#rules.define(this.#indexOf(name), this.#partOf(node));
  }

  partOfRule(name: string): Part {
    return ruleOf(this.#indexOf(name));
  }

  #indexOf(name: string): number {
    const index = this.#indexes.get(name);
    if (index === undefined)
      throw invalidField(this.#effort.param, `has no rule ${clip(name)}, which another one names`);
    return index;
  }

  #partOf(node: EbnfNode): Part {
    this.#effort.spend(1);
    if (node.type === 'text') return textOf(node.text);
    const regular = this.#regularOf(node);
    if (regular !== undefined) return this.#automatonOf(regular.node);
    switch (node.type) {
      case 'set':
        return this.#automatonOf(node);
      case 'reference':
        return this.partOfRule(node.name);
      case 'sequence':
        return sequenceOf(node.items.map((item) => this.#partOf(item)));
      case 'choice':
        return choiceOf(node.items.map((item) => this.#partOf(item)));
      case 'repeat':
        return repeatOf(this.#partOf(node.item), node.min, node.max);
    }
  }

  #automatonOf(node: RegularNode): Part {
    const key = JSON.stringify(node);
    this.#effort.spend(key.length / 16);
    let part = this.#automata.get(key);
    if (part === undefined) {
      const dfa = compileRegular(node, this.#effort);
      part = isEmpty(dfa) ? NEVER : automatonOf(encodeBytes(dfa, 'utf8', false, this.#effort));
      this.#automata.set(key, part);
    }
    return part;
  }

  /** A node without recursion that is small enough, as a regular expression. */
  #regularOf(node: EbnfNode): Sized | undefined {
    this.#effort.spend(1);
    switch (node.type) {
      case 'set':
        return { node, size: 1 };
      case 'text':
        return sized(literalNode(node.text), node.text.length);
      case 'reference':
        return this.#regularRule(node.name);
      case 'repeat': {
        const item = this.#regularOf(node.item);
        const copies = Math.max(1, node.max ?? node.min + 1);
        return (
          item && sized({ type: 'repeat', item: item.node, min: node.min, max: node.max }, item.size * copies)
        );
      }
      default: {
        const items: Sized[] = [];
        for (const child of node.items) {
          const item = this.#regularOf(child);
          if (item === undefined) return undefined;
          items.push(item);
        }
        const size = items.reduce((sum, item) => sum + item.size, 1);
        return sized({ type: node.type, items: items.map((item) => item.node) }, size);
      }
    }
  }

  #regularRule(name: string): Sized | undefined {
    if (this.#regular.has(name)) return this.#regular.get(name);
    this.#indexOf(name);
    if (this.#depth >= MAX_REGULAR_DEPTH) return undefined;
    this.#depth++;
    // A rule that comes back to itself while it is asked is no regular expression.
    this.#regular.set(name, undefined);
    const node = this.#nodes.get(name);
    const regular = node && this.#regularOf(node);
    this.#regular.set(name, regular);
    this.#depth--;
    return regular;
  }
}

interface Sized {
  readonly node: RegularNode;
  readonly size: number;
}

const sized = (node: RegularNode, size: number): Sized | undefined =>
  size <= MAX_REGULAR_SIZE ? { node, size } : undefined;
