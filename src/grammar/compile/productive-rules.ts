import type { Effort } from '../regular/effort.ts';
import { leastFixedPoint } from './fixed-point.ts';
import { choiceOf, isNever, NEVER, type Part, repeatOf, sequenceOf } from './part.ts';

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
