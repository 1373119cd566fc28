import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonFault, jsonShape } from '../../../../src/http/edge/json-body.ts';

/** By the value itself. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

/** By the value itself. */
function partsOf(value: unknown): { numObjectsAndLists: number; numNames: number; numCommas: number } {
  if (typeof value !== 'object' || value === null)
    return { numObjectsAndLists: 0, numNames: 0, numCommas: 0 };
  const inner = Object.values(value).map(partsOf);
  const sum = (key: 'numObjectsAndLists' | 'numNames' | 'numCommas'): number =>
    inner.reduce((total, parts) => total + parts[key], 0);
  const numNames = Array.isArray(value) ? 0 : Object.keys(value).length;
  return {
    numObjectsAndLists: 1 + sum('numObjectsAndLists'),
    numNames: numNames + sum('numNames'),
    numCommas: Math.max(inner.length - 1, 0) + sum('numCommas'),
  };
}

describe('jsonShape', () => {
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
    expect(jsonShape(text).numLevels).toBe(depth);
  });

  it('says of any value what its parsed form says', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 1), (value, indent) => {
        const expected = { numLevels: depthOf(value), ...partsOf(value) };
        expect(jsonShape(JSON.stringify(value, null, indent))).toEqual(expected);
      }),
      { numRuns: 1000, seed: 1 },
    );
  });

  it('needs no stack for a million levels', () => {
    const text = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`;
    expect(jsonShape(text).numLevels).toBe(1_000_000);
  });
});

describe('jsonFault', () => {
  const listOf = (item: string, count: number): string => `[${Array(count).fill(item).join(',')}]`;

  it.each([
    ['levels', '['.repeat(33) + ']'.repeat(33), 'nests more than 32 levels of objects and lists'],
    ['objects', listOf('{}', 65_536), 'has 65537 objects and lists, the limit is 65536'],
    ['names', `{${'"a":0,'.repeat(65_536)}"a":0}`, 'has 65537 names of members, the limit is 65536'],
    ['values', listOf('1', 2 ** 21 + 2), 'has 2097153 commas between values, the limit is 2097152'],
  ])('refuses more %s than are worth their bytes', (_what, text, fault) => {
    expect(jsonFault(text)).toBe(fault);
  });

  it.each([
    ['32 levels', '['.repeat(32) + ']'.repeat(32)],
    ['65,536 objects', listOf('{}', 65_535)],
    ['65,536 names', `{${'"a":0,'.repeat(65_535)}"a":0}`],
    ['a million numbers', listOf('1', 1_000_000)],
    ['a text of brackets', JSON.stringify('[{:'.repeat(100_000))],
  ])('takes %s', (_what, text) => {
    expect(jsonFault(text)).toBeUndefined();
  });
});
