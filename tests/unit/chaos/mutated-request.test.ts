import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { mutatedRequest } from '../../../chaos/fuzz/mutated-request.ts';
import { completionRequestSchema } from '../../../routes/openai/schemas/completions.ts';

const sample = (seed: number): string => JSON.stringify(fc.sample(mutatedRequest, { numRuns: 100, seed }));

it('is the same for the same seed, and another for another', () => {
  const first = sample(1);
  expect(sample(1) === first).toBe(true);
  expect(sample(2) === first).toBe(false);
});

it('leaves some bodies as good as they were, and spoils most', () => {
  const bodies = fc
    .sample(mutatedRequest, { numRuns: 3000, seed: 1 })
    .filter(({ path, method }) => path === '/v1/completions' && method === 'POST')
    .map(({ body }) => {
      try {
        return JSON.parse(body?.toString() ?? '') as unknown;
      } catch {
        return undefined;
      }
    });
  const numGood = bodies.filter((body) => completionRequestSchema.safeParse(body).success).length;
  expect(numGood).toBeGreaterThan(bodies.length / 10);
  expect(numGood).toBeLessThan(bodies.length / 1.5);
});
