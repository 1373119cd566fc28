import { invalidField } from '../../errors.ts';
import type { Effort } from '../regular/effort.ts';
import { NEVER, type Part, ruleOf, choiceOf, isNever, repeatOf, sequenceOf } from './part.ts';
import { leastFixedPoint } from './fixed-point.ts';

/** Rules of one grammar. */
export const MAX_RULES = 20_000;

/** The rules of a grammar while it is put together. A rule has its number before its body, so that it can recur. */
export class Rules {
  readonly bodies: Part[] = [];
  readonly #effort: Effort;

  constructor(effort: Effort) {
    this.#effort = effort;
  }

  /** A rule without a body. @throws EngineError `invalid_request` beyond MAX_RULES. */
  reserve(): number {
    if (this.bodies.length >= MAX_RULES)
      throw invalidField(this.#effort.param, `is too complex: its grammar has more than ${MAX_RULES} rules`);
    this.#effort.spend(10);
    return this.bodies.push(NEVER) - 1;
  }

  define(index: number, body: Part): void {
    this.bodies[index] = body;
  }

  /** A rule with a body, as a part that refers to it. */
  add(body: Part): Part {
    const index = this.reserve();
    this.define(index, body);
    return ruleOf(index);
  }
}

/** Takes out what no text satisfies: alternatives, optional parts, and rules that recur without an end. */
export function withoutNever(bodies: readonly Part[], effort: Effort): Part[] {
  const productive = productiveRules(bodies, effort);
  const prune = (part: Part): Part => {
    effort.spend(2);
    switch (part.type) {
      case 'sequence':
        return sequenceOf(part.items.map(prune));
      case 'choice':
        return choiceOf(part.items.map(prune).filter((item) => !isNever(item)));
      case 'repeat':
        return repeatOf(prune(part.item), part.min, part.max);
      case 'rule':
        return productive[part.index] === true ? part : NEVER;
      default:
        return part;
    }
  };
  return bodies.map(prune);
}

/** Whether there is a text of a part. */
export function isSatisfiable(part: Part, bodies: readonly Part[], effort: Effort): boolean {
  const index = bodies.length;
  return productiveRules([...bodies, part], effort)[index] === true;
}

/** Whether a text satisfies each rule. */
function productiveRules(bodies: readonly Part[], effort: Effort): boolean[] {
  const isProductive = (part: Part, known: readonly boolean[]): boolean => {
    effort.spend(1);
    switch (part.type) {
      case 'sequence':
        return part.items.every((item) => isProductive(item, known));
      case 'choice':
        return part.items.some((item) => isProductive(item, known));
      case 'repeat':
        return part.min === 0 || isProductive(part.item, known);
      case 'rule':
        return known[part.index] === true;
      default:
        return true;
    }
  };
  return leastFixedPoint(bodies.length, (rule, known) => isProductive(bodies[rule] ?? NEVER, known));
}
