import type { Effort } from '../regular/effort.ts';
import { Nullable } from './empty-texts.ts';
import type { Part } from './part.ts';

/**
 * A rule that comes back to itself before it has read a byte, with the rules on the way; undefined if there is none. A
 * matcher would follow it without an end.
 */
export function findLeftRecursion(bodies: readonly Part[], effort: Effort): number[] | undefined {
  const nullable = new Nullable(bodies, effort);
  const firstRules = bodies.map((body) => [...rulesAtStart(body, nullable, effort)]);
  const done = new Set<number>();
  for (const start of bodies.keys()) {
    const found = walk(start, firstRules, done, effort);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** All rules that lead to a rule, and to which it leads, before a byte is read; the rule itself among them. */
export function rulesInRecursion(rule: number, bodies: readonly Part[], effort: Effort): number[] {
  const nullable = new Nullable(bodies, effort);
  const next = bodies.map((body) => [...rulesAtStart(body, nullable, effort)]);
  const before: number[][] = bodies.map(() => []);
  for (const [index, targets] of next.entries()) for (const target of targets) before[target]?.push(index);
  const [ahead, behind] = [next, before].map((edges) => reachedFrom(rule, edges, effort));
  return [...(ahead ?? [])].filter((reached) => behind?.has(reached) === true);
}

function reachedFrom(
  start: number,
  edges: readonly (readonly number[])[],
  effort: Effort,
): ReadonlySet<number> {
  const reached = new Set([start]);
  // The loop goes on with what it adds.
  for (const at of reached) {
    effort.spend(1);
    for (const to of edges[at] ?? []) reached.add(to);
  }
  return reached;
}

/** A depth-first walk without recursion: chains of rules are as long as a request makes them. */
function walk(
  start: number,
  firstRules: readonly (readonly number[])[],
  done: Set<number>,
  effort: Effort,
): number[] | undefined {
  const path: { rule: number; nextChild: number }[] = [];
  const onPath = new Set<number>();
  const enter = (rule: number): void => {
    path.push({ rule, nextChild: 0 });
    onPath.add(rule);
  };
  if (!done.has(start)) enter(start);
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    effort.spend(1);
    const child = firstRules[top.rule]?.[top.nextChild++];
    if (child === undefined) {
      done.add(top.rule);
      onPath.delete(top.rule);
      path.pop();
    } else if (onPath.has(child)) {
      const rules = path.map(({ rule }) => rule);
      return rules.slice(rules.indexOf(child));
    } else if (!done.has(child)) enter(child);
  }
  return undefined;
}

/** The rules that a part may begin with. */
function rulesAtStart(
  part: Part,
  nullable: Nullable,
  effort: Effort,
  found = new Set<number>(),
): Set<number> {
  effort.spend(1);
  if (part.type === 'rule') found.add(part.index);
  if (part.type === 'choice') for (const item of part.items) rulesAtStart(item, nullable, effort, found);
  if (part.type === 'repeat') rulesAtStart(part.item, nullable, effort, found);
  if (part.type === 'sequence')
    for (const item of part.items) {
      rulesAtStart(item, nullable, effort, found);
      if (!nullable.of(item)) break;
    }
  return found;
}
