import { describe, expect, it } from 'vitest';
import { median, summarise } from '../../../src/bench/latency-summary.ts';

describe('summarise', () => {
  it('interpolates as numpy.percentile does', () => {
    // numpy 2: np.percentile([15, 20, 35, 40, 50], [50, 95, 99]) and np.mean.
    const { p50, p95, p99, mean } = summarise([40, 15, 50, 35, 20]) ?? {};
    expect([p50, p95, p99, mean]).toEqual([35, 48, expect.closeTo(49.6, 10), 32]);
  });

  it('is that one value for one value, and nothing for none', () => {
    expect(summarise([7])).toEqual({ mean: 7, p50: 7, p95: 7, p99: 7 });
    expect(summarise([])).toBeUndefined();
  });

  it('leaves its input in its order', () => {
    const values = [3, 1, 2];
    summarise(values);
    expect(median(values)).toBe(2);
    expect(values).toEqual([3, 1, 2]);
  });
});
