import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WorkersAiBody, WorkersAiChunk } from '../../routes/workers-ai/schemas/workers-ai-answer.ts';
import { post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { sseData } from '../support/openapi-validator.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

const PATHS = [
  '/ai/run/@test/tiny-gpt2',
  '/ai/run/%40test%2Ftiny-gpt2',
  '/client/v4/accounts/0123abc/ai/run/@test/tiny-gpt2',
  '/client/v4/accounts/0123abc/ai/run/%40test%2Ftiny-gpt2',
];
const TEXT = ' runs past the old mill and down to the sea';

let engine: ScriptedEngine;
let service: HttpService;

beforeAll(async () => {
  engine = await ScriptedEngine.create();
  // Cloudflare's default of 256 tokens must fit.
  engine.model.contextLength = 1024;
  service = await startHttpService(engine);
});
beforeEach(() => engine.reset());
afterAll(() => service.close());

describe.each(PATHS)('POST %s', (path) => {
  it('answers in the envelope of Cloudflare', async () => {
    const { status, json } = await post(service, path, { prompt: 'The river' });
    expect(status).toBe(200);
    expect(json).toEqual({
      result: {
        response: TEXT,
        finish_reason: 'stop',
        usage: {
          prompt_tokens: 4,
          completion_tokens: engine.ownTokenizer.encode(TEXT).length,
          total_tokens: 4 + engine.ownTokenizer.encode(TEXT).length,
          prompt_tokens_details: { cached_tokens: 0 },
        },
      },
      success: true,
      errors: [],
      messages: [],
    } satisfies WorkersAiBody);
  });

  it('streams frames of text, usage in the last, and [DONE]', async () => {
    const { text } = await post(service, path, { prompt: 'The river', max_tokens: 5, stream: true });
    const frames = sseData(text) as WorkersAiChunk[];
    expect(frames).toHaveLength(6);
    expect(TEXT.startsWith(frames.map(({ response }) => response).join(''))).toBe(true);
    expect(frames.at(-1)).toMatchObject({
      response: '',
      finish_reason: 'length',
      usage: { completion_tokens: 5 },
    });
    expect(frames.slice(0, -1).every(({ usage }) => usage === undefined)).toBe(true);
    expect(text.endsWith('\n\ndata: [DONE]\n\n')).toBe(true);
    expect(text).not.toMatch(/^(event|id):/m);
  });
});

describe('POST /ai/run/{model}', () => {
  const [path = ''] = PATHS;

  it("means Cloudflare's defaults", async () => {
    await post(service, path, { prompt: 'a' });
    expect(engine.requests[0]).toMatchObject({
      maxTokens: 256,
      sampling: { temperature: 0.6, topP: 1, topK: 0 },
    });
  });

  it('hands every field to the engine, converted', async () => {
    await post(service, path, {
      prompt: 'a',
      raw: true,
      max_tokens: 9,
      temperature: 5,
      top_p: 2,
      top_k: 50,
      seed: 9_999_999_999,
      repetition_penalty: 1.5,
      frequency_penalty: 2,
      presence_penalty: 0.5,
      cache_salt: 'tenant',
    });
    expect(engine.requests[0]).toMatchObject({
      n: 1,
      maxTokens: 9,
      cacheSalt: 'tenant',
      sampling: {
        temperature: 5,
        topP: 1,
        topK: 50,
        seed: 9_999_999_999,
        repetitionPenalty: 1.5,
        frequencyPenalty: 2,
        presencePenalty: 0.5,
      },
    });
  });

  it('pads frames to one size, whatever token is in them', async () => {
    engine.reset({ text: 'a house in the river' });
    const { text } = await post(service, path, { prompt: 'a', stream: true });
    const lines = text
      .split('\n')
      .filter((line) => line.startsWith('data: {"response":"') && line.includes('"p":'));
    const sizes = new Set(lines.map((line) => line.length));
    const unpadded = new Set(lines.map((line) => line.replace(/,"p":"\w*"/, '').length));
    expect(lines.length).toBeGreaterThan(3);
    expect(unpadded.size).toBeGreaterThan(1);
    expect(sizes.size).toBe(1);
  });

  it('ends a fault midway with an error frame in its envelope, and no [DONE]', async () => {
    engine.reset({ failAfter: 2 });
    const { text } = await post(service, path, { prompt: 'a', stream: true });
    expect(text).not.toContain('[DONE]');
    expect(sseData(text).at(-1)).toMatchObject({ success: false, errors: [{ code: 3043 }] });
  });
});
