import { invalidField } from '../../errors.ts';
import type { Effort } from '../regular/effort.ts';
import { NEVER, type Part, ruleOf } from './part.ts';

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
