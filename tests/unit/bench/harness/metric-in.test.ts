import { Gauge, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { metricIn } from '../../../../bench/harness/metric-in.ts';

it('reads what prom-client writes, by name and label', async () => {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({ name: 'delay_seconds_max', help: 'delay_seconds 9', registers }).set(3);
  const delay = new Gauge({ name: 'delay_seconds', help: 'Of delay_seconds.', labelNames: ['q'], registers });
  delay.set({ q: 0.5 }, 0.25);
  delay.set({ q: 0.99 }, 1e-7);
  const text = await registry.metrics();
  expect(metricIn(text, 'delay_seconds')).toBe(0.25);
  expect(metricIn(text, 'delay_seconds', 'q="0.99"')).toBe(1e-7);
  expect(metricIn(text, 'delay_seconds_max')).toBe(3);
  expect(metricIn(text, 'delay')).toBeUndefined();
  expect(metricIn(text, 'delay_seconds', 'q="1"')).toBeUndefined();
});
