import fc from 'fast-check';
import type { SequenceRequest } from '../../src/engine/protocol.ts';
import { randomAt } from '../../src/sampling/seeded-random.ts';
import { sequenceRequest } from './core-run.ts';

/** Requests of all kinds to a TokenRuntime, and the logits of one that they are for. */

export const VOCAB = 12;

/** Says again and again what it said before, but for a place here and there that depends on all tokens so far. */
export function logitsOf(tokenIds: readonly number[]): Float32Array {
  const hash = tokenIds.reduce((sum, tokenId) => (Math.imul(sum, 31) + tokenId + 1) | 0, 7);
  const last = tokenIds.at(-1) ?? 0;
  const usual = Math.abs(hash) % 7 === 0 ? Math.abs(hash >> 3) % VOCAB : (5 * last + 3) % VOCAB;
  return Float32Array.from({ length: VOCAB }, (_, tokenId) => {
    const noise = randomAt(hash, 0, tokenId);
    return (tokenId === usual ? 4 : 0) + noise;
  });
}

export const request = (id: number, changes: Partial<SequenceRequest> = {}): SequenceRequest =>
  sequenceRequest(id, [1, 2, 3], { maxTokens: 40, numLogprobs: undefined, ...changes });

const anySampling = fc.record({
  temperature: fc.constantFrom(0, 0.5, 1, 1.5),
  topP: fc.constantFrom(1, 0.8),
  topK: fc.constantFrom(0, 1, 4),
  minP: fc.constantFrom(0, 0.1),
  seed: fc.constant(undefined),
  logitBias: fc.constantFrom(new Map<number, number>(), new Map([[4, 3], [7, -2]])), // prettier-ignore
  frequencyPenalty: fc.constantFrom(0, 0, 0.4),
  presencePenalty: fc.constantFrom(0, 0, 0.6),
  repetitionPenalty: fc.constantFrom(1, 1, 1.3),
});

export const anyRequest = fc.record({
  promptTokenIds: fc.oneof(
    fc.array(fc.nat(VOCAB - 1), { minLength: 1, maxLength: 50 }),
    // Prompts that begin alike.
    fc.nat(3).map((last) => [...Array.from({ length: 40 }, (_, i) => (i * i) % VOCAB), last]),
  ),
  maxTokens: fc.integer({ min: 0, max: 60 }),
  minTokens: fc.nat(20),
  stopTokenIds: fc.constantFrom([], [0], [0, 5]),
  sampling: anySampling,
  seed: fc.nat(1000),
  stream: fc.nat(3),
  numLogprobs: fc.constantFrom(undefined, 0, 3),
  promptLogprobs: fc.constantFrom(false, false, true),
  cacheSalt: fc.constantFrom(undefined, 'salt'),
});
