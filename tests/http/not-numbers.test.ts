import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeNanModel } from '../support/nan-model.ts';
import { metric, startTestService, until, type TestService } from '../support/service.ts';
import { postJson, sseData } from '../support/sse.ts';

/** From this position on the model is NaN: what is shorter is as it was. */
const SPOILT = 60;
const short = { prompt: 'Once upon a time', max_tokens: 12, temperature: 0, ignore_eos: true };
/** Of as many tokens as there are positions before, and some more to come. */
const growing = { ...short, max_tokens: 90 };
const long = { ...short, prompt: Array.from({ length: SPOILT + 10 }, (_, i) => 10 + i) };

describe('a model whose numbers are not numbers from some position on', () => {
  let service: TestService;
  let path: string;

  beforeAll(async () => {
    path = mkdtempSync(join(tmpdir(), 'tokenflare-nan-'));
    writeNanModel(path, 'tiny-gpt2', 'transformer.wpe.weight', SPOILT);
    service = await startTestService({ MODEL: path, MODEL_ID: 'nan' });
  });
  afterAll(async () => {
    await service.close(0);
    rmSync(path, { recursive: true });
  });

  const post = (route: string, body: object): Promise<Response> => postJson(`${service.url}${route}`, body);
  const textOf = async (body: object): Promise<string | undefined> => {
    const answer = (await (await post('/v1/completions', body)).json()) as { choices: { text: string }[] };
    return answer.choices[0]?.text;
  };

  it('says so to those whose request came there, and serves the others of the same steps', async () => {
    const alone = await textOf(short);
    expect(alone?.length).toBeGreaterThan(0);
    const spoilt = Array.from({ length: 3 }, () => post('/v1/completions', long));
    const beside = Array.from({ length: 6 }, () => textOf(short));
    for (const answer of await Promise.all(spoilt)) {
      expect(answer.status).toBe(500);
      expect(answer.headers.get('x-should-retry')).toBe('false');
      const { error } = (await answer.json()) as { error: { code: string; message: string } };
      expect(error.code).toBe('backend_failure');
      expect(error.message).toMatch(/the model's logits are not numbers/);
    }
    for (const text of await Promise.all(beside)) expect(text).toBe(alone);
  });

  it('ends a stream by an error frame, behind what it had said', async () => {
    const frames: string[] = [];
    for await (const data of sseData(await post('/v1/completions', { ...growing, stream: true })))
      frames.push(data);
    expect(frames.length).toBeGreaterThan(1);
    expect(JSON.parse(frames.at(-1) ?? '')).toMatchObject({ error: { code: 'backend_failure' } });
    expect(frames).not.toContain('[DONE]');
  });

  it('fails a request as a whole when one of its prompts comes there', async () => {
    const { status } = await post('/v1/completions', { ...short, prompt: [long.prompt, [5, 6, 7]], n: 2 });
    expect(status).toBe(500);
  });

  it('says so of texts to be embedded, and of prompts to be inspected', async () => {
    expect((await post('/v1/embeddings', { input: [long.prompt], encoding: 'model' })).status).toBe(500);
    expect((await post('/v1/embeddings', { input: 'Once upon a time' })).status).toBe(200);
    expect((await post('/v1/attention', { prompt: long.prompt.slice(0, SPOILT + 2) })).status).toBe(500);
    expect((await post('/v1/attention', { prompt: 'Once upon a time' })).status).toBe(200);
  });

  it('holds nothing afterwards, and never lost its engine', async () => {
    for (const name of ['seats_used', 'num_requests_running', 'num_requests_waiting']) {
      await until(async () => (await metric(service.url, `tokenflare_${name}`)) === 0);
    }
    expect(await metric(service.url, 'tokenflare_engine_restarts_total')).toBe(0);
  });
});
