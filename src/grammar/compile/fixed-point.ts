/**
 * The least set of rules of which a property holds that hangs on the rules which a rule refers to. `holds` says whether
 * it holds of a rule, given the rules known so far. Walks from the back and from the front in turns: chains of rules go
 * one way or the other, so that few walks are enough.
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
