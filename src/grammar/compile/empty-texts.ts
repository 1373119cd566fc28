import type { ByteAutomaton } from '../grammar.ts';
import type { Effort } from '../regular/effort.ts';
import { leastFixedPoint } from './fixed-point.ts';
import { automatonOf, choiceOf, NEVER, type Part, repeatOf, ruleOf, sequenceOf } from './part.ts';
import type { Rules } from './rules.ts';

/**
 * Rewrites repeats of parts that match the empty text, so that each round of a repeat reads at least a byte: a matcher
 * would go round without an end else.
 */
export function withoutEmptyRounds(rules: Rules, effort: Effort): void {
  const nullable = new Nullable(rules.bodies, effort);
  const full = new FullTexts(rules, nullable, effort);
  const rewrite = (part: Part): Part => {
    effort.spend(2);
    switch (part.type) {
      case 'sequence':
        return sequenceOf(part.items.map(rewrite));
      case 'choice':
        return choiceOf(part.items.map(rewrite));
      case 'repeat':
        return nullable.of(part.item)
          ? repeatOf(rewrite(full.of(part.item)), 0, part.max)
          : repeatOf(rewrite(part.item), part.min, part.max);
      default:
        return part;
    }
  };
  // Rules that `full` adds on the way get their bodies here, so that no chain of rules is followed by recursion.
  for (let index = 0; index < rules.bodies.length; index++) {
    const body = rules.bodies[full.sourceOf(index) ?? index] ?? NEVER;
    rules.define(index, rewrite(full.sourceOf(index) === undefined ? body : full.of(body)));
  }
}

/** Which parts match the empty text. */
export class Nullable {
  readonly #rules: readonly boolean[];

  constructor(bodies: readonly Part[], effort: Effort) {
    this.#rules = leastFixedPoint(bodies.length, (rule, known) => {
      effort.spend(1);
      return matchesEmpty(bodies[rule] ?? NEVER, known);
    });
  }

  of(part: Part): boolean {
    return matchesEmpty(part, this.#rules);
  }
}

function matchesEmpty(part: Part, rules: readonly boolean[]): boolean {
  switch (part.type) {
    case 'text':
    case 'specialToken':
      return false;
    case 'automaton':
      return part.automaton.accepts[0] === 1;
    case 'counted':
      return part.min === 0;
    case 'sized':
      return part.min === 0 && part.automaton.accepts[0] === 1;
    case 'sequence':
      return part.items.every((item) => matchesEmpty(item, rules));
    case 'choice':
      return part.items.some((item) => matchesEmpty(item, rules));
    case 'repeat':
      return part.min === 0 || matchesEmpty(part.item, rules);
    case 'rule':
      return rules[part.index] === true;
  }
}

/** Parts without their empty text. */
class FullTexts {
  readonly #rules: Rules;
  readonly #nullable: Nullable;
  /** The rule of a rule's texts that are not empty, and the other way round. */
  readonly #known = new Map<number, number>();
  readonly #sources = new Map<number, number>();

  readonly #effort: Effort;

  constructor(rules: Rules, nullable: Nullable, effort: Effort) {
    this.#rules = rules;
    this.#nullable = nullable;
    this.#effort = effort;
  }

  of = (part: Part): Part => {
    if (!this.#nullable.of(part)) return part;
    switch (part.type) {
      case 'automaton':
        return withoutEmptyText(part.automaton);
      case 'counted':
      case 'sized':
        return part.max === 0 ? NEVER : { ...part, min: 1 };
      case 'sequence':
        this.#effort.spend(part.items.length ** 2);
        // The first item that is not empty: those before it are, and those behind it are as they were.
        return choiceOf(part.items.map((item, i) => sequenceOf([this.of(item), ...part.items.slice(i + 1)])));
      case 'choice':
        return choiceOf(part.items.map(this.of));
      case 'repeat':
        return repeatOf(this.of(part.item), 1, part.max);
      case 'rule':
        return this.#ofRule(part.index);
      default:
        return part;
    }
  };

  /** The rule whose texts, but for the empty one, are those of rule `index`; undefined if the rule was not added here. */
  sourceOf(index: number): number | undefined {
    return this.#sources.get(index);
  }

  #ofRule(index: number): Part {
    const full = this.#known.get(index) ?? this.#rules.reserve();
    this.#known.set(index, full);
    this.#sources.set(full, index);
    return ruleOf(full);
  }
}

/** A copy of the start that does not accept; NEVER if nothing else was accepted. */
export function withoutEmptyText({ numStates, numClasses, classOf, next, accepts }: ByteAutomaton): Part {
  const start = next.subarray(0, numClasses);
  if (start.every((target) => target < 0)) return NEVER;
  const shifted = (targets: Int32Array): Int32Array =>
    targets.map((target) => (target < 0 ? -1 : target + 1));
  const rows = new Int32Array((numStates + 1) * numClasses);
  rows.set(shifted(start), 0);
  rows.set(shifted(next), numClasses);
  return automatonOf({
    numStates: numStates + 1,
    classOf,
    numClasses,
    next: rows,
    accepts: Uint8Array.of(0, ...accepts),
  });
}
