import { Histogram, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { bucketsOf, quantileBetween, type Buckets } from '../../../src/page/now/histogram.ts';
import { parseMetrics } from '../../../src/page/now/parse-metrics.ts';

it('has the quantile of what was observed between two readings', async () => {
  const registry = new Registry();
  const histogram = new Histogram({ name: 'h', help: 'help', buckets: [1, 2, 4], registers: [registry] });
  const read = async (): Promise<Buckets> => bucketsOf(parseMetrics(await registry.metrics()), 'h');
  for (let i = 0; i < 100; i++) histogram.observe(0.5);
  const before = await read();
  expect(quantileBetween(before, before, 0.99)).toBeUndefined();
  for (let i = 0; i < 10; i++) histogram.observe(3);
  const after = await read();
  // Half of the ten lie below the middle of the bucket from 2 to 4.
  expect(quantileBetween(before, after, 0.5)).toBe(3);
  expect(quantileBetween([], after, 0.5)).toBeCloseTo(0.55);
  for (let i = 0; i < 10; i++) histogram.observe(9);
  expect(quantileBetween(after, await read(), 0.99)).toBe(4);
});
