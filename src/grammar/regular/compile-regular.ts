import { invalidField } from '../../errors.ts';
import { intersect, subtract, union } from './combine.ts';
import { determinise } from './determinise.ts';
import { type Dfa, EVERY_TEXT, NO_TEXT } from './dfa.ts';
import type { Effort } from './effort.ts';
import { Nfa } from './nfa.ts';
import { ANY_TEXT, contains, EMPTY, type RegularNode } from './regular-node.ts';

/** Copies of a group with a lookahead that a quantifier may ask for. */
const MAX_LOOKAHEAD_COPIES = 16;

/** The automaton of the texts that an expression matches as a whole. @throws EngineError `invalid_request` */
export function compileRegular(node: RegularNode, effort: Effort): Dfa {
  if (contains(node, 'lookahead')) return matches(withoutStart(node, effort), ONLY_END, effort);
  const nfa = new Nfa(effort);
  return determinise(nfa, nfa.add(node, nfa.final), effort);
}

/** The automaton of the texts that an expression matches somewhere. @throws EngineError `invalid_request` */
export function compileSearch(node: RegularNode, effort: Effort): Dfa {
  const branches = node.type === 'choice' ? node.items : [node];
  if (!contains(node, 'lookahead'))
    return compileRegular({ type: 'choice', items: branches.map(padded) }, effort);
  return branches
    .map((branch) => {
      const found = matches(withoutStart(branch, effort), EVERY_TEXT, effort);
      return startsAtStart(branch) ? found : prepend(ANY_TEXT, found, effort);
    })
    .reduce((all, found) => union(all, found, effort), NO_TEXT);
}

/** The empty text. */
const ONLY_END: Dfa = { ...NO_TEXT, accepts: Uint8Array.of(1) };

/** The expression with any text before it and behind it, where no `^` and no `$` forbids that. */
function padded(branch: RegularNode): RegularNode {
  const items = branch.type === 'sequence' ? branch.items : [branch];
  const before = startsAtStart(branch) ? EMPTY : ANY_TEXT;
  const behind = items.at(-1)?.type === 'end' ? EMPTY : ANY_TEXT;
  return { type: 'sequence', items: [before, ...items, behind] };
}

const startsAtStart = (branch: RegularNode): boolean =>
  branch.type === 'start' || (branch.type === 'sequence' && branch.items[0]?.type === 'start');

/** Beside a lookahead, `^` may stand at the beginning alone: the parts are compiled each for itself. */
function withoutStart(branch: RegularNode, effort: Effort): RegularNode {
  const items = branch.type === 'sequence' ? branch.items : [branch];
  const rest = startsAtStart(branch) ? atStart(items.slice(1)) : items;
  if (rest.some((item) => contains(item, 'start')))
    throw invalidField(effort.param, 'has ^ behind its beginning beside a lookahead, which is not supported');
  return { type: 'sequence', items: rest };
}

/** Items at the text's start: a `^` at the beginning of the lookaheads there says nothing more. */
function atStart(items: readonly RegularNode[]): RegularNode[] {
  const end = items.findIndex(({ type }) => type !== 'lookahead');
  return items.map((item, i) => {
    if (item.type !== 'lookahead' || (end >= 0 && i > end) || !startsAtStart(item.item)) return item;
    const inner = item.item.type === 'sequence' ? item.item.items.slice(1) : [];
    return { ...item, item: { type: 'sequence', items: inner } };
  });
}

/** Texts that the expression matches at their beginning so that the rest is a text of `rest`. */
function matches(node: RegularNode, rest: Dfa, effort: Effort): Dfa {
  if (!contains(node, 'lookahead')) return prepend(node, rest, effort);
  switch (node.type) {
    case 'sequence':
      return joined(node.items).reduceRight((following, item) => matches(item, following, effort), rest);
    case 'choice':
      return node.items
        .map((item) => matches(item, rest, effort))
        .reduce((all, branch) => union(all, branch, effort), NO_TEXT);
    case 'lookahead': {
      const seen = matches(node.item, EVERY_TEXT, effort);
      return node.negative ? subtract(rest, seen, effort) : intersect(rest, seen, effort);
    }
    case 'repeat':
      return repeated(node, rest, effort);
    default:
      return prepend(node, rest, effort);
  }
}

function repeated({ item, min, max }: RegularNode & { type: 'repeat' }, rest: Dfa, effort: Effort): Dfa {
  if (max === undefined || max > MAX_LOOKAHEAD_COPIES)
    throw invalidField(
      effort.param,
      `repeats a lookahead more than ${MAX_LOOKAHEAD_COPIES} times, which is not supported`,
    );
  let following = rest;
  for (let i = min; i < max; i++) following = union(rest, matches(item, following, effort), effort);
  for (let i = 0; i < min; i++) following = matches(item, following, effort);
  return following;
}

/** Neighbours without a lookahead as one item, so that each is not made an automaton for itself. */
function joined(items: readonly RegularNode[]): RegularNode[] {
  const groups: { items: RegularNode[]; looks: boolean }[] = [];
  for (const item of items) {
    const looks = contains(item, 'lookahead');
    const last = groups.at(-1);
    if (last !== undefined && !looks && !last.looks) last.items.push(item);
    else groups.push({ items: [item], looks });
  }
  return groups.map((group) => ({ type: 'sequence', items: group.items }) as const).map(unwrapped);
}

const unwrapped = (node: RegularNode & { type: 'sequence' }): RegularNode =>
  node.items.length === 1 ? (node.items[0] ?? node) : node;

function prepend(node: RegularNode, rest: Dfa, effort: Effort): Dfa {
  const nfa = new Nfa(effort);
  return determinise(nfa, nfa.add(node, nfa.addDfa(rest)), effort);
}
