/**
 * The rules that have a property, where a rule has it because of the rules that it refers to: the least such set. `holds`
 * says whether a rule has it, given the rules that are known to have it so far. Walks go from the back and from the front
 * in turns. Chains of rules go one way or the other, so few walks are enough.
 */
export function leastFixedPoint(
  numRules: number,
  holds: (rule: number, known: readonly boolean[]) => boolean,
): boolean[] {
  const known = Array.from({ length: numRules }, () => false);
  const forward = known.map((_, rule) => rule);
  for (let order = forward.toReversed(), grows = true; grows; order = order.toReversed()) {
    grows = false;
    for (const rule of order) {
      if (known[rule] === true || !holds(rule, known)) continue;
      known[rule] = true;
      grows = true;
    }
  }
  return known;
}
