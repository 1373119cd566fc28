import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { theoryCurve } from '../../../src/page/benchmark/chart-options.ts';
import { parseMetrics } from '../../../src/page/now/parse-metrics.ts';
import { ratesOf, toSnapshot } from '../../../src/page/now/snapshot.ts';

it('reads what prom-client writes', async () => {
  const registers = [new Registry()];
  const label = { model_name: 'a "quoted\\ one\nof two lines' };
  new Gauge({ name: 'tokenflare_seats', help: 'help', labelNames: ['model_name'], registers }).set(label, 16);
  new Counter({
    name: 'tokenflare_generation_tokens_total',
    help: 'help',
    labelNames: ['model_name'],
    registers,
  }).inc(label, 5);
  const steps = new Histogram({
    name: 'tokenflare_step_duration_seconds',
    help: 'help',
    labelNames: ['model_name'],
    registers,
  });
  steps.observe(label, 0.25);
  steps.observe(label, 0.75);
  const { models } = toSnapshot(parseMetrics(await registers[0]!.metrics()), [], 0);
  expect(models).toEqual([
    expect.objectContaining({
      id: label.model_name,
      seats: 16,
      generatedTokens: 5,
      steps: 2,
      stepSeconds: 1,
    }),
  ]);
  const [before] = models;
  const after = { ...before!, generatedTokens: 25, steps: 6, stepSeconds: 1.02 };
  expect(ratesOf(before!, after, 2000)).toEqual({
    generatedPerS: 10,
    promptPerS: 0,
    stepMs: expect.closeTo(5) as number,
  });
  // An engine that was replaced begins at 0 again.
  expect(ratesOf(after, before!, 1000)).toEqual({ generatedPerS: 0, promptPerS: 0, stepMs: undefined });
});

it('draws theory through the longest context', () => {
  expect(
    theoryCurve(
      [
        { x: 10, y: 9 },
        { x: 20, y: 16 },
      ],
      2,
    ),
  ).toEqual([
    { x: 10, y: 4 },
    { x: 20, y: 16 },
  ]);
  expect(theoryCurve([], 2)).toEqual([]);
});
