import type { Effort } from '../regular/effort.ts';
import { choiceOf, isNever, NEVER, type Part, repeatOf, sequenceOf } from './part.ts';

/** Takes out what no text satisfies: alternatives, optional parts, and rules that recur without an end. */
export function withoutNever(bodies: readonly Part[], effort: Effort): Part[] {
  const productive = productiveRules(bodies, effort);
  const prune = (part: Part): Part => {
    effort.spend(1);
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

/** Whether a text satisfies each rule: the least fixed point, in walks from the back and from the front. */
function productiveRules(bodies: readonly Part[], effort: Effort): boolean[] {
  const productive = bodies.map(() => false);
  const isProductive = (part: Part): boolean => {
    effort.spend(1);
    switch (part.type) {
      case 'sequence':
        return part.items.every(isProductive);
      case 'choice':
        return part.items.some(isProductive);
      case 'repeat':
        return part.min === 0 || isProductive(part.item);
      case 'rule':
        return productive[part.index] === true;
      default:
        return true;
    }
  };
  const forward = bodies.map((_, index) => index);
  for (let order = forward.toReversed(), grows = true; grows; order = order.toReversed()) {
    grows = false;
    for (const index of order) {
      const body = bodies[index];
      if (productive[index] === true || body === undefined || !isProductive(body)) continue;
      productive[index] = true;
      grows = true;
    }
  }
  return productive;
}
