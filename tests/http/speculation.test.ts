import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CompletionBody } from '../../routes/openai/schemas/completions.ts';
import type { EngineClient } from '../../src/engine/client/engine-client.ts';
import { createEngineOf } from '../support/create-engine.ts';
import { post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';
import { metric } from '../support/service.ts';

/** The engine with the embedded model, once with drafts and once without. */

const PASSAGE = 'The fox ran down the hill to the river, and the river said to the fox: where do you run? ';

class Served {
  readonly engine: EngineClient;
  readonly service: HttpService;

  private constructor(engine: EngineClient, service: HttpService) {
    this.engine = engine;
    this.service = service;
  }

  static async start(speculation: 'auto' | 'off'): Promise<Served> {
    const runtime = RUNTIME_NAMES_HERE.includes('wasm') ? 'wasm' : 'cpu';
    const environment = { RUNTIME: runtime, THREADS: '1', MAX_NUM_SEQS: '4', SPECULATION: speculation };
    const engine = await createEngineOf(environment);
    await engine.start();
    return new Served(engine, await startHttpService(engine));
  }

  async complete(body: Record<string, unknown>): Promise<CompletionBody> {
    const prompt = PASSAGE.repeat(4);
    const answer = await post(this.service, '/v1/completions', { prompt, max_tokens: 48, ...body });
    expect(answer.status, answer.text).toBe(200);
    return answer.json as CompletionBody;
  }

  async countDrafts(): Promise<number[]> {
    return [
      await metric(this.service.url, 'tokenflare_spec_decode_num_draft_tokens_total'),
      await metric(this.service.url, 'tokenflare_spec_decode_num_accepted_tokens_total'),
    ];
  }

  async stop(): Promise<void> {
    await this.service.close();
    await this.engine.stop();
  }
}

let auto: Served;
let off: Served;
beforeAll(async () => {
  auto = await Served.start('auto');
  off = await Served.start('off');
});
afterAll(async () => {
  await auto.stop();
  await off.stop();
});

it.each([
  ['greedy', { temperature: 0, logprobs: 3 }],
  ['greedy, until a text that comes in the middle of a guess', { temperature: 0, stop: ['river said'] }],
  ['sampled, three choices', { temperature: 0.8, seed: 5, n: 3, logprobs: 0 }],
  ['with penalties and a bias', { temperature: 0.7, seed: 6, frequency_penalty: 0.5, logit_bias: { 11: 2 } }],
  ['by its most probable tokens', { temperature: 0.6, seed: 7, top_k: 5, top_p: 0.9, min_tokens: 20 }],
])('says the same with drafts and without: %s', async (_, body) => {
  const [drafted, plain] = [await auto.complete(body), await off.complete(body)];
  expect(drafted.choices).toEqual(plain.choices);
  expect(drafted.usage).toEqual(plain.usage);
});

it('counts drafts in metrics, and none where they are off', async () => {
  const [numDrafted = NaN, numAccepted = NaN] = await auto.countDrafts();
  expect(numAccepted).toBeLessThanOrEqual(numDrafted);
  expect(await off.countDrafts()).toEqual([0, 0]);
});
