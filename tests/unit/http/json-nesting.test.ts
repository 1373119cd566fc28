import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nestsDeeperThan } from '../../../src/http/json-nesting.ts';

/** By the value itself. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe('nestsDeeperThan', () => {
  it.each([
    ['1', 0],
    ['[]', 1],
    ['[[], {}]', 2],
    ['{"a": {"b": [1]}}', 3],
    ['"[[[["', 0],
    [String.raw`["\"[[[["]`, 1],
    [String.raw`["\\", [1]]`, 2],
    [String.raw`["\\\"[", [1]]`, 2],
  ])('%s is %i deep', (text, depth) => {
    expect(nestsDeeperThan(text, depth)).toBe(false);
    if (depth > 0) expect(nestsDeeperThan(text, depth - 1)).toBe(true);
  });

  it('says of any value what its parsed form says', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 6 }),
        fc.nat(7),
        fc.constantFrom(undefined, 1),
        (value, max, indent) => {
          expect(nestsDeeperThan(JSON.stringify(value, null, indent), max)).toBe(depthOf(value) > max);
        },
      ),
      { numRuns: 1000, seed: 1 },
    );
  });

  it('needs no stack for a million levels', () => {
    const text = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`;
    expect(nestsDeeperThan(text, 32)).toBe(true);
    expect(nestsDeeperThan(text, 1_000_000)).toBe(false);
  });
});
