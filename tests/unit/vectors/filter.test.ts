import { describe, expect, it } from 'vitest';
import { runToEnd } from '../../../src/process/in-slices.ts';
import { Column } from '../../../src/vectors/column.ts';
import { accepts, readFilter } from '../../../src/vectors/filter.ts';
import { indexedValue, nested, truncated, type Indexed } from '../../../src/vectors/property-values.ts';

/** Values of a property by a condition on it. */
const kept = (condition: unknown, values: readonly (Indexed | undefined)[]): (Indexed | undefined)[] => {
  const [clause] = readFilter({ a: condition });
  return values.filter((value) => clause !== undefined && accepts(clause, value));
};

const VALUES = ['a', 'b', 'net', 'netflix', 'neu', 'é', 0, 1, 2.5, true, false, undefined];

describe('conditions', () => {
  it.each<[string, unknown, (Indexed | undefined)[]]>([
    ['a value', 'a', ['a']],
    ['$eq', { $eq: 1 }, [1]],
    ['$eq of another type', { $eq: '1' }, []],
    ['null', null, [undefined]],
    ['$ne', { $ne: 'a' }, VALUES.slice(1)],
    ['$ne null', { $ne: null }, VALUES.slice(0, -1)],
    ['$in', { $in: ['a', 1, null] }, ['a', 1, undefined]],
    ['$nin', { $nin: ['a', 'b', 0, 1, true, false] }, ['net', 'netflix', 'neu', 'é', 2.5, undefined]],
    ['$lt', { $lt: 1 }, [0]],
    ['$lte', { $lte: 1 }, [0, 1]],
    ['$gt', { $gt: 1 }, [2.5]],
    ['$gte and $lt', { $gte: 0, $lt: 2 }, [0, 1]],
    ['a prefix', { $gte: 'net', $lt: 'neu' }, ['net', 'netflix']],
    ['bounds of texts', { $gt: 'neu' }, ['é']],
  ])('%s', (_, condition, expected) => {
    expect(kept(condition, VALUES)).toEqual(expected);
  });

  it('orders texts by their bytes, not by their UTF-16', () => {
    // U+FF5E is before U+1F600 in UTF-8, and behind it in UTF-16.
    expect(kept({ $lt: '😀' }, ['～'])).toEqual(['～']);
  });

  it('looks at the first 64 bytes of a text', () => {
    const long = 'x'.repeat(70);
    expect(kept(`${long} and more`, [truncated(long)])).toEqual([truncated(long)]);
  });

  it.each([{}, { '': 1 }, { $a: 1 }, { 'a|b': 1 }, { 'a"': 1 }, { a: [1] }, { a: {} }, { a: { b: 1 } }])(
    'refuses %j',
    (filter) => {
      expect(() => readFilter(filter)).toThrow(/filter/);
    },
  );
});

it('cuts texts at characters', () => {
  expect(truncated('é'.repeat(40))).toBe('é'.repeat(32));
  expect(truncated(`a${'é'.repeat(40)}`)).toBe(`a${'é'.repeat(31)}`);
  expect(truncated('😀'.repeat(17))).toBe('😀'.repeat(16));
});

it('finds values of the type that is indexed, by paths with dots', () => {
  const metadata = { pandas: { nice: 42 }, list: ['a'], text: 'b' };
  expect(indexedValue(metadata, 'pandas.nice', 'number')).toBe(42);
  expect(indexedValue(metadata, 'pandas.nice', 'string')).toBeUndefined();
  expect(indexedValue(metadata, 'list.0', 'string')).toBeUndefined();
  expect(indexedValue(metadata, 'toString', 'string')).toBeUndefined();
  expect(
    nested([
      ['pandas.nice', 42],
      ['pandas.not', 1],
      ['__proto__.a', true],
    ]),
  ).toEqual(JSON.parse('{"pandas":{"nice":42,"not":1},"__proto__":{"a":true}}'));
});

it('keeps each value once, and forgets those that no vector has', () => {
  const column = new Column();
  for (let round = 0; round < 50; round++) {
    for (let slot = 0; slot < 100; slot++) column.set(slot, `${round}-${slot}`);
  }
  column.set(3, undefined);
  const mask = new Uint8Array(102).fill(1);
  runToEnd(column.restrict(mask, (value) => value === undefined || value === '49-7'));
  expect([...mask.keys()].filter((slot) => mask[slot] === 1)).toEqual([3, 7, 100, 101]);
  expect(column.get(99)).toBe('49-99');
});

it('looks at many values in slices, so that others get their turn', () => {
  const column = new Column();
  for (let slot = 0; slot < 5000; slot++) column.set(slot, slot);
  const mask = new Uint8Array(5000).fill(1);
  const slices = [...column.restrict(mask, (value) => value === 4999)];
  expect(slices).toHaveLength(4);
  expect(mask.indexOf(1)).toBe(4999);
});
