import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toDecisionRequest, type DecisionRequestInput } from '../../routes/decisions/schemas/decisions.ts';
import { startDecision } from '../../src/decisions/start-decision.ts';
import type { EngineClient } from '../../src/engine/client/engine-client.ts';
import { createEngineOf } from '../support/create-engine.ts';
import { readJsonFixture } from '../support/fixtures.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';
import { smollm2Gguf } from '../support/smollm2.ts';

/** By transformers, with its own chat template and tokenizer: scripts/goldens/decisions.py. */
interface Golden {
  question: DecisionRequestInput['questions'][number];
  tokenIds: number[];
  logprobs: number[];
}
const { input, smollm2: goldens } = readJsonFixture('decisions.json') as { input: string; smollm2: Golden[] };

const gguf = await smollm2Gguf();
const RUNTIMES = RUNTIME_NAMES_HERE.filter((name) => name === 'native' || name === 'wasm');

describe.skipIf(gguf.path === undefined).each(RUNTIMES)(
  'decisions by SmolLM2-135M-Instruct on %s',
  (runtime) => {
    let engine: EngineClient;
    beforeAll(async () => {
      const settings = { MODEL: gguf.path ?? '', MODEL_ID: 'smollm2', WEIGHTS: 'f32', MAX_MODEL_LEN: '256' };
      engine = await createEngineOf({ ...settings, RUNTIME: runtime, MAX_NUM_SEQS: '4', THREADS: '2' });
      await engine.start();
    });
    afterAll(() => engine.stop());

    it('have the probabilities of transformers, whose chat template makes the same tokens', async () => {
      const prompts: (readonly number[])[] = [];
      const submit = engine.submit.bind(engine);
      engine.submit = (request, reservation) => {
        prompts.push(...request.prompts.map((ids) => [...(request.prefixTokenIds ?? []), ...ids]));
        return submit(request, reservation);
      };
      const questions = goldens.map(({ question }) => question);
      const request = toDecisionRequest({ input, questions }, 300_000);
      const caller = {
        id: 'decision',
        clientId: '',
        ownerId: '',
        budget: { reserve: () => Promise.resolve() },
        gone: new AbortController().signal,
      };
      const decision = await startDecision(engine, request, caller);
      const readings = await decision.readings();
      expect(prompts).toEqual(goldens.map(({ tokenIds }) => tokenIds));
      for (const [index, { logprobs }] of goldens.entries()) {
        const weights = logprobs.map(Math.exp);
        const sum = weights.reduce((total, weight) => total + weight, 0);
        weights.forEach((weight, option) =>
          expect(readings[index]?.probabilities[option]).toBeCloseTo(weight / sum, 3),
        );
        expect(readings[index]?.confidence).toBeCloseTo(Math.max(...weights), 3);
      }
    });
  },
);
