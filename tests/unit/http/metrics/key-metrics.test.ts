import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { KeyMetrics } from '../../../../src/http/metrics/key-metrics.ts';

it('has a label for each of the first hundred keys, and one for the rest', async () => {
  const registry = new Registry();
  const metrics = new KeyMetrics(registry, 'x_');
  for (let i = 0; i < 250; i++) {
    metrics.countRequest(`key-${i}`, 2, 3);
    metrics.countRefusal(`key-${i}`, 'tokens');
  }
  metrics.countRefusal(undefined, 'unknown');
  const lines = (await registry.metrics()).split('\n');
  const ofRequests = lines.filter((line) => line.startsWith('x_key_requests_total{'));
  expect(ofRequests).toHaveLength(101);
  expect(ofRequests).toContain('x_key_requests_total{key="key-99"} 1');
  expect(ofRequests).toContain('x_key_requests_total{key="(other)"} 150');
  expect(lines).toContain('x_key_prompt_tokens_total{key="(other)"} 300');
  expect(lines).toContain('x_key_generation_tokens_total{key="(other)"} 450');
  expect(lines).toContain('x_key_refusals_total{key="(other)",reason="tokens"} 150');
  expect(lines).toContain('x_key_refusals_total{key="(none)",reason="unknown"} 1');
});
