import { afterAll, beforeAll, expect, it } from 'vitest';
import { StepLog, type LoggedStep } from '../../bench/harness/step-log.ts';
import { metric, startTestService, type TestService } from '../support/service.ts';

/** What the engine tells of its steps, by the benchmark's log and by the metrics. */

let service: TestService;
let log: StepLog;
beforeAll(async () => {
  service = await startTestService({ SPECULATION: 'off' });
  log = new StepLog(service.engine);
});
afterAll(() => service.close(0));

async function complete(body: object): Promise<{ numTokens: number; steps: LoggedStep[] }> {
  log.take();
  const response = await fetch(`${service.url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'ab', temperature: 1, seed: 3, ...body }),
  });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  const { usage } = JSON.parse(text) as { usage: { completion_tokens: number } };
  return { numTokens: usage.completion_tokens, steps: log.take() };
}

const sum = (steps: readonly LoggedStep[], name: keyof LoggedStep): number =>
  steps.reduce((total, step) => total + step[name], 0);

it('tells what each step took for the model, and nothing for formats where there is none', async () => {
  const { numTokens, steps } = await complete({ max_tokens: 12, ignore_eos: true });
  expect(steps).toHaveLength(12);
  expect(sum(steps, 'numTokens')).toBe(numTokens);
  expect(steps.map(({ numTokens: ofStep }) => ofStep)).toEqual(steps.map(() => 1));
  expect(steps.slice(1).map(({ numSequences, numRows }) => [numSequences, numRows])).toEqual(
    steps.slice(1).map(() => [1, 1]),
  );
  for (const { modelMs, durationMs, formatMs } of steps) {
    expect(modelMs).toBeGreaterThan(0);
    expect(modelMs).toBeLessThanOrEqual(durationMs);
    expect(formatMs).toBe(0);
  }
  expect(await metric(service.url, 'tokenflare_step_format_seconds_total')).toBe(0);
});

it('tells what each step took for formats; tokens without alternative come with the step before', async () => {
  const { numTokens, steps } = await complete({ max_tokens: 60, guided_choice: ['say yes', 'sing no'] });
  expect(sum(steps, 'numTokens')).toBe(numTokens);
  expect(steps.length).toBeLessThan(numTokens);
  for (const { formatMs } of steps) expect(formatMs).toBeGreaterThan(0);
  const seconds = await metric(service.url, 'tokenflare_step_format_seconds_total');
  expect(seconds).toBeCloseTo(sum(steps, 'formatMs') / 1000, 9);
  const modelSeconds = await metric(service.url, 'tokenflare_step_model_seconds_total');
  expect(modelSeconds).toBeLessThanOrEqual(await metric(service.url, 'tokenflare_step_duration_seconds_sum'));
});
