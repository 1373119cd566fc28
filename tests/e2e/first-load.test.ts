import { cpSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { CompletionBody } from '../../routes/openai/schemas/completions.ts';
import { freePort } from '../support/process.ts';
import { metric, startTestService, TINY_MODEL, until, type TestService } from '../support/service.ts';
import { postJson } from '../support/sse.ts';
import { tempDirectory } from '../support/temp-directory.ts';

/** Requests that come while the default model loads: the whole service, whose engine process is held at its start. */

const open: Promise<TestService>[] = [];
afterEach(async () => {
  for (const service of await Promise.allSettled(open.splice(0)))
    if (service.status === 'fulfilled') await service.value.close(0);
});

interface Loading {
  url: string;
  /** Lets the engine process go on, and waits until the service has started. */
  release(): Promise<TestService>;
  numWaiting(): Promise<number>;
}

async function startLoading(environment: Record<string, string> = {}): Promise<Loading> {
  const folder = tempDirectory();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const hold = new URL('../support/hold-start.mjs', import.meta.url);
  hold.searchParams.set('until', join(folder, 'go-on'));
  const starting = startTestService(
    { PORT: port, MODELS_DIR: join(folder, 'none'), ...environment },
    { execArgv: ['--import', hold.href] },
  );
  open.push(starting);
  await until(() =>
    fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return {
    url,
    release: () => {
      writeFileSync(join(folder, 'go-on'), '');
      return starting;
    },
    numWaiting: () => metric(url, 'tokenflare_num_requests_waiting_for_model'),
  };
}

const BODY = { prompt: 'The river', max_tokens: 4, temperature: 0 };

const complete = (
  url: string,
  client: string,
  more: object = {},
  init: RequestInit = {},
): Promise<Response> =>
  postJson(
    `${url}/v1/completions`,
    { ...BODY, ...more },
    { headers: { 'content-type': 'application/json', 'x-forwarded-for': client }, ...init },
  );

const errorOf = async (response: Response): Promise<{ code: string; message: string }> =>
  ((await response.json()) as { error: { code: string; message: string } }).error;

describe('while the default model loads', () => {
  it('a request waits for it and is answered, and the service says that it is not ready', async () => {
    const { url, release, numWaiting } = await startLoading();
    const answers = [
      complete(url, '10.0.0.1'),
      complete(url, '10.0.0.1', { model: 'tiny-gpt2', stream: true }),
      postJson(`${url}/v1/chat/completions`, { messages: [{ role: 'user', content: 'The river' }] }),
      postJson(`${url}/tokenize`, { prompt: 'The river' }),
    ];
    await until(async () => (await numWaiting()) === answers.length);
    expect((await fetch(`${url}/ready`)).status).toBe(503);
    const health = await fetch(`${url}/health`);
    expect(health.status).toBe(200);
    expect(await health.json()).toMatchObject({ engine: 'loading' });
    const service = await release();
    for (const answer of await Promise.all(answers)) expect(answer.status).toBe(200);
    const [first] = await Promise.all(answers);
    const { choices } = (await first?.json()) as CompletionBody;
    const again = (await (await complete(service.url, '10.0.0.1')).json()) as CompletionBody;
    expect(choices[0]?.text).toBe(again.choices[0]?.text);
    expect(await numWaiting()).toBe(0);
    expect((await fetch(`${url}/ready`)).status).toBe(200);
  });

  it('waits no longer than its own time', async () => {
    const { url, release } = await startLoading();
    const late = await complete(url, '10.0.0.1', { timeout_ms: 50 });
    expect(late.status).toBe(504);
    const error = await errorOf(late);
    expect(error.code).toBe('request_timeout');
    expect(error.message).toContain("longer than 50 ms; the model 'tiny-gpt2' was still loading");
    await release();
  });

  it('waits for nothing once its client has left', async () => {
    const { url, release, numWaiting } = await startLoading();
    const gone = new AbortController();
    const left = complete(url, '10.0.0.1', {}, { signal: gone.signal });
    await until(async () => (await numWaiting()) === 1);
    gone.abort();
    await expect(left).rejects.toThrow();
    await until(async () => (await numWaiting()) === 0);
    await release();
    expect(await metric(url, 'tokenflare_prompt_tokens_total')).toBe(0);
  });

  it('is told what the load failed with, before the service ends', async () => {
    const model = tempDirectory();
    cpSync(TINY_MODEL, model, { recursive: true });
    truncateSync(join(model, 'model.safetensors'), 1000);
    const { url, release, numWaiting } = await startLoading({ MODEL: model });
    const waiting = complete(url, '10.0.0.1');
    await until(async () => (await numWaiting()) === 1);
    await expect(release()).rejects.toMatchObject({ code: 'weights_invalid' });
    const answer = await waiting;
    expect(answer.status).toBe(500);
    const { code, message } = await errorOf(answer);
    expect(code).toBe('weights_invalid');
    // Where it lies is the operator's affair.
    expect(message).not.toContain(model);
  });

  it('as many wait as may, and one client does not take the places of another', async () => {
    const { url, release, numWaiting } = await startLoading({
      MAX_QUEUED_REQUESTS: '2',
      TRUST_PROXY: '127.0.0.1',
    });
    const flood = [complete(url, '10.0.0.1'), complete(url, '10.0.0.1')];
    await until(async () => (await numWaiting()) === 2);
    const refused = await complete(url, '10.0.0.1');
    expect(refused.status).toBe(429);
    expect(await errorOf(refused)).toMatchObject({
      code: 'queue_full',
      message: expect.stringContaining('2 requests wait for a model to load') as string,
    });
    const other = complete(url, '10.0.0.2');
    await until(async () => (await numWaiting()) === 3);
    await release();
    for (const answer of await Promise.all([...flood, other])) expect(answer.status).toBe(200);
  });
});
