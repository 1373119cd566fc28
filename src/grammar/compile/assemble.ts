import { assertInvariant, invalidField } from '../../errors.ts';
import type { Expression, Grammar } from '../grammar.ts';
import type { Effort } from '../regular/effort.ts';
import { withoutEmptyRounds } from './empty-texts.ts';
import { findLeftRecursion } from './left-recursion.ts';
import { isNever, NEVER, type Part, sequenceOf } from './part.ts';
import { withoutNever, type Rules } from './rules.ts';
import { TerminalTable } from './terminal-table.ts';

/** Expressions of one grammar: it is sent to the engine process. */
const MAX_EXPRESSIONS = 200_000;

/**
 * The grammar of rules, the first of which is the whole text.
 * @throws EngineError `invalid_request` if no text satisfies them
 */
export function assemble(rules: Rules, effort: Effort): Grammar {
  const bodies = withoutNever(rules.bodies, effort);
  bodies.forEach((body, index) => rules.define(index, body));
  if (isNever(bodies[0] ?? NEVER)) throw invalidField(effort.param, 'is satisfied by no text');
  withoutEmptyRounds(rules, effort);
  assertInvariant(findLeftRecursion(rules.bodies, effort) === undefined, 'no rule is left-recursive');
  return new Assembly(rules.bodies, effort).run();
}

class Assembly {
  readonly #bodies: readonly Part[];
  readonly #effort: Effort;
  readonly #table: TerminalTable;
  /** The rules that are reached, in the order in which they are met. */
  readonly #reached: number[] = [];
  readonly #numbers = new Map<number, number>();
  #numExpressions = 0;

  constructor(bodies: readonly Part[], effort: Effort) {
    this.#bodies = bodies;
    this.#effort = effort;
    this.#table = new TerminalTable(effort);
  }

  run(): Grammar {
    this.#numberOf(0);
    const rules: Expression[] = [];
    for (let i = 0; i < this.#reached.length; i++)
      rules.push(this.#expressionOf(this.#bodies[this.#reached[i] ?? 0] ?? NEVER));
    return { terminals: this.#table.terminals, rules };
  }

  #expressionOf(part: Part): Expression {
    this.#effort.spend(2);
    if (++this.#numExpressions > MAX_EXPRESSIONS)
      throw invalidField(
        this.#effort.param,
        `is too complex: its grammar has more than ${MAX_EXPRESSIONS} expressions`,
      );
    switch (part.type) {
      case 'text':
        return this.#table.text(part.text);
      case 'automaton':
        return this.#table.automaton(part.automaton);
      case 'counted':
        return this.#table.counted(part.word, part.min, part.max);
      case 'sized':
        return this.#table.sized(part.automaton, part.min, part.max);
      case 'specialToken':
        return part;
      case 'sequence': {
        // Texts of rules that are but a text become one with their neighbours.
        const merged = sequenceOf(part.items.map((item) => this.#resolved(item)));
        if (merged.type !== 'sequence') return this.#expressionOf(merged);
        return { type: 'sequence', items: merged.items.map((item) => this.#expressionOf(item)) };
      }
      case 'choice':
        return { type: 'choice', items: part.items.map((item) => this.#expressionOf(item)) };
      case 'repeat':
        return { ...part, item: this.#expressionOf(part.item) };
      case 'rule': {
        const resolved = this.#resolved(part);
        if (resolved.type !== 'rule') return this.#expressionOf(resolved);
        return { type: 'rule', index: this.#numberOf(resolved.index) };
      }
    }
  }

  /** A rule that is but a terminal or another rule stands for itself; other parts as they are. */
  #resolved(part: Part): Part {
    let resolved = part;
    while (resolved.type === 'rule') {
      const body: Part = this.#bodies[resolved.index] ?? NEVER;
      if (body.type === 'sequence' || body.type === 'choice' || body.type === 'repeat') break;
      resolved = body;
    }
    return resolved;
  }

  #numberOf(rule: number): number {
    const known = this.#numbers.get(rule);
    if (known !== undefined) return known;
    this.#numbers.set(rule, this.#reached.length);
    return this.#reached.push(rule) - 1;
  }
}
