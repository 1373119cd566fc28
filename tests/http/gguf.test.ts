import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CompletionBody } from '../../routes/openai/schemas/completions.ts';
import type { EngineClient } from '../../src/engine/client/engine-client.ts';
import { createEngineOf } from '../support/create-engine.ts';
import { fixturePath, readJsonFixture } from '../support/fixtures.ts';
import { post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { tempDirectory } from '../support/temp-directory.ts';

/** The routes over an engine whose model is one GGUF file: weights, shape and tokenizer. */

const GOLDENS = readJsonFixture('gguf', 'tiny-gpt2-q8_0.json') as {
  promptTokenIds: number[];
  tokenIds: number[];
}[];
const PROMPTS = (readJsonFixture('tiny-gpt2', 'completions.json') as { prompt: string }[]).map(
  ({ prompt }, index) => ({ prompt, ...GOLDENS[index]! }),
);

const engineOf = (path: string): Promise<EngineClient> => createEngineOf({ MODEL: path, RUNTIME: 'cpu' });

let engine: EngineClient;
let service: HttpService;

beforeAll(async () => {
  engine = await engineOf(fixturePath('gguf', 'tiny-gpt2-q8_0.gguf'));
  await engine.start();
  service = await startHttpService(engine);
});
afterAll(async () => {
  await service.close();
  await engine.stop();
});

it.each(PROMPTS)('completes as transformers does: $prompt', async ({ prompt, promptTokenIds, tokenIds }) => {
  const body = { prompt, temperature: 0, max_tokens: tokenIds.length, return_token_ids: true };
  const { json } = await post(service, '/v1/completions', body);
  const { choices, usage } = json as CompletionBody;
  expect(choices[0]?.token_ids).toEqual(tokenIds);
  expect(usage.prompt_tokens).toBe(promptTokenIds.length);
});

it('says what is stored and what it takes in memory', () => {
  const { id, weightFormat, weightBytes, weightMemoryBytes, numParameters } = engine.model;
  expect(id).toBe('tiny-gpt2-q8_0.gguf');
  expect(weightFormat).toBe('GGUF Q8_0, F32');
  expect(weightBytes).toBeLessThan(2 * numParameters);
  expect(weightMemoryBytes).toBeGreaterThanOrEqual(4 * numParameters);
});

it('refuses to start with a file that is none', async () => {
  const path = join(tempDirectory(), 'model.gguf');
  writeFileSync(path, 'version https://git-lfs.github.com/spec/v1\n');
  const broken = await engineOf(path);
  await expect(broken.start()).rejects.toMatchObject({ code: 'weights_invalid' });
  await broken.stop();
});
