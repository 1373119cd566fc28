import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nodeCosts } from '../../../../src/grammar/matching/rest-costs.ts';
import type { Node } from '../../../../src/grammar/matching/program.ts';

const NUM_NODES = 12;
const TERMINAL = { type: 'literal', bytes: new Uint8Array() } as const;
const item = fc.nat(NUM_NODES - 1);
/** Any parts, themselves too: what a rule refers to. */
const anyNode: fc.Arbitrary<Node> = fc.oneof(
  fc
    .nat(4)
    .map((length) => ({ type: 'terminal' as const, terminal: TERMINAL, suffix: new Uint8Array(length) })),
  fc.constant({ type: 'specialToken' as const, name: 'x' }),
  fc.array(item, { maxLength: 3 }).map((items) => ({ type: 'sequence' as const, items })),
  fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => ({ type: 'choice' as const, items })),
  fc.record({ type: fc.constant('repeat' as const), item, min: fc.nat(2), max: fc.constant(Infinity) }),
);

/** By rounds over all nodes until nothing falls any more. */
function byRounds(nodes: readonly Node[]): number[] {
  const costs = nodes.map(() => Infinity);
  const costAt = (index: number): number => costs[index] ?? Infinity;
  const costOf = (node: Node): number => {
    if (node.type === 'terminal') return node.suffix.length;
    if (node.type === 'specialToken') return 1;
    if (node.type === 'sequence') return node.items.reduce((sum, part) => sum + costAt(part), 0);
    if (node.type === 'choice') return Math.min(...node.items.map(costAt));
    return node.min === 0 ? 0 : node.min * costAt(node.item);
  };
  for (let round = 0; round <= nodes.length; round++) {
    for (const [index, node] of nodes.entries()) costs[index] = Math.min(costAt(index), costOf(node));
  }
  return costs;
}

it('settles each node at the cost that rounds over all of them end with', () => {
  const counts = { finite: 0, infinite: 0 };
  fc.assert(
    fc.property(fc.array(anyNode, { minLength: NUM_NODES, maxLength: NUM_NODES }), (nodes) => {
      const costs = [...nodeCosts(nodes, ({ suffix }) => suffix.length)];
      expect(costs).toEqual(byRounds(nodes));
      counts.finite += costs.filter(Number.isFinite).length;
      counts.infinite += costs.filter((cost) => cost === Infinity).length;
    }),
    { numRuns: 500 },
  );
  expect(counts.finite).toBeGreaterThan(1000);
  expect(counts.infinite).toBeGreaterThan(50);
});
