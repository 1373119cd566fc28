import type { Dfa } from './dfa.ts';
import type { Effort } from './effort.ts';

/** The characters of the shortest and of the longest text of an automaton that is reduced and not empty. */
export function lengthsOf(dfa: Dfa, effort: Effort): { least: number; most: number } {
  const steps = stepsOf(dfa);
  let least = Infinity;
  let most = 0;
  let reached: ReadonlySet<number> = new Set([0]);
  // Each state leads to an accepting one: with as many characters as there are states, one was met twice.
  for (let length = 0; reached.size > 0; length++) {
    if (length > dfa.numStates) return { least, most: Infinity };
    if ([...reached].some((state) => dfa.accepts[state] === 1)) {
      least = Math.min(least, length);
      most = length;
    }
    reached = after(reached, steps, effort);
  }
  return { least, most };
}

/** Whether there is a text of `min` to `max` characters; `max` undefined: any more. */
export function hasTextOfLength(dfa: Dfa, min: number, max: number | undefined, effort: Effort): boolean {
  const steps = stepsOf(dfa);
  let reached: ReadonlySet<number> = new Set([0]);
  const last = max ?? min + dfa.numStates;
  for (let length = 0; length <= last && reached.size > 0; length++) {
    if (length >= min && [...reached].some((state) => dfa.accepts[state] === 1)) return true;
    reached = after(reached, steps, effort);
  }
  return false;
}

/** The states behind each: [states][different ones]. */
const stepsOf = ({ alphabet: { numClasses }, numStates, next }: Dfa): number[][] =>
  Array.from({ length: numStates }, (_, state) => [
    ...new Set(next.subarray(state * numClasses, (state + 1) * numClasses).filter((target) => target >= 0)),
  ]);

function after(
  states: ReadonlySet<number>,
  steps: readonly (readonly number[])[],
  effort: Effort,
): ReadonlySet<number> {
  const reached = new Set<number>();
  for (const state of states) {
    effort.spend(1 + (steps[state]?.length ?? 0));
    for (const target of steps[state] ?? []) reached.add(target);
  }
  return reached;
}
