import type { Effort } from '../regular/effort.ts';
import { Nullable, withoutEmptyText } from './empty-texts.ts';
import { findLeftRecursion, rulesInRecursion } from './left-recursion.ts';
import { choiceOf, isNothing, NOTHING, type Part, repeatOf, ruleOf, sequenceOf } from './part.ts';
import type { Rules } from './rules.ts';

/** Texts of a rule: those of another rule (`head`) and of `tail` behind it, or without a head those of `tail`. */
interface Alternative {
  readonly head: number | undefined;
  readonly tail: Part;
}

/** How often rules are rewritten that came of rewriting: of a grammar that needs more, nothing is known. */
const MAX_AGAIN = 16;

/**
 * Rewrites rules that lead to each other before a byte is read, such as `sum ::= sum "+" term | term`, to rules of the
 * same texts that do not. A text of such a rule is one that begins with no rule of the set, and then what the rules write
 * behind each other, in any order that they allow: so `sum` becomes `term ("+" term)*`, and rules that recur through each
 * other become a rule for each two of them, "from the end of a text of one to the end of a text of the other".
 *
 * @returns rules that could not be rewritten, since what stands before one of them may be empty and cannot be told from
 * what is not; undefined where all could
 */
export function withoutLeftRecursion(rules: Rules, effort: Effort): readonly number[] | undefined {
  const numRules = rules.bodies.length;
  let numAgain = 0;
  for (;;) {
    const path = findLeftRecursion(rules.bodies, effort);
    const [first] = path ?? [];
    if (path === undefined || first === undefined) return undefined;
    if (first >= numRules && ++numAgain > MAX_AGAIN) return path;
    const set = rulesInRecursion(first, rules.bodies, effort);
    if (!rewrite(set, rules, new Nullable(rules.bodies, effort), effort)) return path;
  }
}

function rewrite(set: readonly number[], rules: Rules, nullable: Nullable, effort: Effort): boolean {
  const heads = new Set(set);
  const alternatives = new Map<number, Alternative[]>();
  for (const rule of set) {
    const found = alternativesOf(rules.bodies[rule] ?? NOTHING, heads, nullable, effort);
    if (found === undefined) return false;
    alternatives.set(rule, found);
  }
  const [only] = set;
  if (only !== undefined && set.length === 1) rewriteAlone(only, alternatives.get(only) ?? [], rules);
  else new Continuations(set, alternatives, rules, effort).rewrite();
  return true;
}

function rewriteAlone(rule: number, alternatives: readonly Alternative[], rules: Rules): void {
  const behind = choiceOf(
    alternatives.filter(({ head, tail }) => head !== undefined && !isNothing(tail)).map(({ tail }) => tail),
  );
  rules.define(rule, sequenceOf([baseOf(alternatives), repeatOf(behind, 0, undefined)]));
}

const baseOf = (alternatives: readonly Alternative[]): Part =>
  choiceOf(alternatives.filter(({ head }) => head === undefined).map(({ tail }) => tail));

/** Rules that go on from the end of a text of one rule of a set to the end of a text of another. */
class Continuations {
  readonly #set: readonly number[];
  readonly #alternatives: ReadonlyMap<number, readonly Alternative[]>;
  readonly #rules: Rules;
  readonly #effort: Effort;
  /** By the rule that has ended, and the one that is to end. */
  readonly #known = new Map<string, number>();
  readonly #open: { from: number; to: number; index: number }[] = [];

  constructor(
    set: readonly number[],
    alternatives: ReadonlyMap<number, readonly Alternative[]>,
    rules: Rules,
    effort: Effort,
  ) {
    this.#set = set;
    this.#alternatives = alternatives;
    this.#rules = rules;
    this.#effort = effort;
  }

  rewrite(): void {
    for (const to of this.#set) {
      const begun = this.#set.map((from) =>
        sequenceOf([baseOf(this.#alternatives.get(from) ?? []), this.#continuation(from, to)]),
      );
      this.#rules.define(to, choiceOf(begun));
    }
    for (let next = this.#open.pop(); next !== undefined; next = this.#open.pop()) {
      this.#rules.define(next.index, this.#bodyOf(next.from, next.to));
    }
  }

  #continuation(from: number, to: number): Part {
    const key = `${from} ${to}`;
    let index = this.#known.get(key);
    if (index === undefined) {
      index = this.#rules.reserve();
      this.#known.set(key, index);
      this.#open.push({ from, to, index });
    }
    return ruleOf(index);
  }

  #bodyOf(from: number, to: number): Part {
    const ended = this.#endedWith(from);
    const parts: Part[] = ended.has(to) ? [NOTHING] : [];
    for (const [rule, alternatives] of this.#alternatives) {
      for (const { head, tail } of alternatives) {
        this.#effort.spend(4);
        if (head === undefined || !ended.has(head) || isNothing(tail)) continue;
        parts.push(sequenceOf([tail, this.#continuation(rule, to)]));
      }
    }
    return choiceOf(parts);
  }

  /** The rules whose text ends where a text of the rule `from` ends: `from`, and rules that may be one of these alone. */
  #endedWith(from: number): ReadonlySet<number> {
    const ended = new Set([from]);
    // The loop goes on with what it adds.
    for (const head of ended) {
      for (const [rule, alternatives] of this.#alternatives) {
        this.#effort.spend(alternatives.length);
        if (alternatives.some((one) => one.head === head && isNothing(one.tail))) ended.add(rule);
      }
    }
    return ended;
  }
}

/** @returns undefined where a rule of the set stands behind what may be empty, and cannot be taken apart */
function alternativesOf(
  part: Part,
  heads: ReadonlySet<number>,
  nullable: Nullable,
  effort: Effort,
): Alternative[] | undefined {
  effort.spend(4);
  if (!beginsWith(part, heads, nullable, effort)) return [{ head: undefined, tail: part }];
  switch (part.type) {
    case 'rule':
      return [{ head: part.index, tail: NOTHING }];
    case 'choice': {
      const found = part.items.map((item) => alternativesOf(item, heads, nullable, effort));
      return found.some((some) => some === undefined) ? undefined : found.flatMap((some) => some ?? []);
    }
    case 'repeat': {
      const { item, min, max } = part;
      // After a round that is empty the next one begins at the same place, and so on without an end.
      if (nullable.of(item)) return undefined;
      const rest = repeatOf(item, Math.max(min - 1, 0), max === undefined ? undefined : max - 1);
      const begun = alternativesOf(sequenceOf([item, rest]), heads, nullable, effort);
      return min > 0 ? begun : begun && [...begun, { head: undefined, tail: NOTHING }];
    }
    case 'sequence': {
      const [first = NOTHING, ...others] = part.items;
      const rest = sequenceOf(others);
      const ofFirst = alternativesOf(first, heads, nullable, effort);
      if (ofFirst === undefined) return undefined;
      if (!nullable.of(first) || !beginsWith(rest, heads, nullable, effort)) {
        return ofFirst.map(({ head, tail }) => ({ head, tail: sequenceOf([tail, rest]) }));
      }
      const full = withoutEmpty(first);
      const ofRest = alternativesOf(rest, heads, nullable, effort);
      return full && ofRest && [{ head: undefined, tail: sequenceOf([full, rest]) }, ...ofRest];
    }
    default:
      return undefined;
  }
}

/** A part that stands for itself without its empty text; undefined for one that rules are behind. */
function withoutEmpty(part: Part): Part | undefined {
  if (part.type === 'automaton') return withoutEmptyText(part.automaton);
  if (part.type === 'counted' || part.type === 'sized') return { ...part, min: 1 };
  const isOfTexts = part.type === 'repeat' && (part.item.type === 'text' || part.item.type === 'automaton');
  return isOfTexts && part.min === 0 ? { ...part, min: 1 } : undefined;
}

function beginsWith(part: Part, heads: ReadonlySet<number>, nullable: Nullable, effort: Effort): boolean {
  effort.spend(1);
  switch (part.type) {
    case 'rule':
      return heads.has(part.index);
    case 'choice':
      return part.items.some((item) => beginsWith(item, heads, nullable, effort));
    case 'repeat':
      return beginsWith(part.item, heads, nullable, effort);
    case 'sequence':
      for (const item of part.items) {
        if (beginsWith(item, heads, nullable, effort)) return true;
        if (!nullable.of(item)) return false;
      }
      return false;
    default:
      return false;
  }
}
