import { describe, expect, it } from 'vitest';
import { BOUND_NAMES, BOUNDS, judgeBound } from '../../../../bench/harness/bounds.ts';

describe('judgeBound', () => {
  it('judges by the median, and knows the spread', () => {
    const reading = { name: 'context', values: [1.7, 1.2, 1.4], details: '' } as const;
    expect(judgeBound(reading)).toEqual({
      name: 'context',
      limit: 1.5,
      value: { median: 1.4, min: 1.2, max: 1.7 },
      isMet: true,
    });
    expect(judgeBound({ ...reading, values: [1.4, 1.6, 1.7] })?.isMet).toBe(false);
  });

  it.each([
    ['context', 1.5, true],
    ['prefix', 0.2, true],
    ['memory', 1.4, true],
    ['event-loop', 20, false],
    ['idle', 1, false],
  ] as const)('%s: the limit of %d itself is met: %s', (name, limit, isMet) => {
    expect(BOUNDS[name].limit).toBe(limit);
    const judge = (value: number) => judgeBound({ name, values: [value], details: '' })?.isMet;
    expect(judge(limit)).toBe(isMet);
    expect([judge(0.999 * limit), judge(1.001 * limit)]).toEqual([true, false]);
  });

  it('says nothing of what was not measured, and meets nothing by what is no number', () => {
    expect(judgeBound({ name: 'idle', notMeasured: 'no Linux' })).toBeUndefined();
    expect(judgeBound({ name: 'idle', values: [], details: '' })).toBeUndefined();
    expect(judgeBound({ name: 'idle', values: [NaN], details: '' })?.isMet).toBe(false);
  });

  it('has each bound once', () => {
    expect(Object.keys(BOUNDS).toSorted()).toEqual(BOUND_NAMES.toSorted());
  });
});
