import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { call, post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

const COMPLETIONS = '/v1/completions';
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

let engine: ScriptedEngine;
let service: HttpService;

beforeAll(async () => {
  engine = await ScriptedEngine.create();
  service = await startHttpService(engine);
});
beforeEach(() => engine.reset());
afterAll(() => service.close());

describe('models', () => {
  beforeAll(() => {
    engine.model.tokenizer = { kind: 'BPE', vocabSize: 384 };
    engine.model.chatTemplate = 'builtin';
    engine.model.generationDefaults = { temperature: 0.7, topK: 20, maxTokens: 256 };
    engine.model.generationSource = { from: 'model' };
  });

  const model = {
    id: '@test/tiny-gpt2',
    root: '@test/tiny-gpt2',
    aliases: [],
    object: 'model',
    created: 1_700_000_000,
    owned_by: 'tokenflare',
    state: 'loaded',
    is_default: true,
    max_model_len: 128,
    architecture: 'gpt2',
    vocab_size: 384,
    type: 'model',
    display_name: '@test/tiny-gpt2',
    created_at: '2023-11-14T22:13:20.000Z',
    lifecycle: 'active',
    max_input_tokens: 128,
    max_tokens: 128,
    tokenizer: { type: 'BPE', vocab_size: 384 },
    chat_template: 'builtin',
    generation_defaults: { temperature: 0.7, top_k: 20, max_tokens: 256 },
    generation_source: { from: 'model', note: "temperature 0.7, top_k 20: by the model's files" },
    num_parameters: 42_000,
    size_bytes: 168_000,
    memory_bytes: 160_000_000,
    weight_memory_bytes: 168_000,
    kv_cache_bytes: 262_144,
    runtime: 'scripted',
    device: 'none',
    error: null,
  };

  it('lists the one that is served', async () => {
    const { json } = await call(service, 'GET', '/v1/models');
    expect(json).toEqual({
      object: 'list',
      data: [model],
      has_more: false,
      first_id: model.id,
      last_id: model.id,
    });
  });

  it.each(['/v1/models/@test/tiny-gpt2', '/v1/models/%40test%2Ftiny-gpt2'])(
    'finds it by id: %s',
    async (path) => {
      expect((await call(service, 'GET', path)).json).toEqual(model);
    },
  );

  it('404 for another', async () => {
    const { status, json } = await call(service, 'GET', '/v1/models/gpt-9');
    expect(status).toBe(404);
    expect(json).toMatchObject({ error: { code: 'model_not_found' } });
  });
});

describe('health', () => {
  it.each(['loading', 'draining', 'stopped'] as const)('%s: alive, but not ready', async (state) => {
    engine.state = state;
    expect((await call(service, 'GET', '/health')).json).toEqual({ status: 'ok', version, engine: state });
    const ready = await call(service, 'GET', '/ready');
    expect(ready.status).toBe(503);
    expect(ready.json).toMatchObject({ error: { code: 'engine_not_ready' } });
    expect(Number(ready.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect((await post(service, COMPLETIONS, { prompt: 'a' })).status).toBe(503);
  });

  it('ready', async () => {
    const { status, json } = await call(service, 'GET', '/ready');
    expect(status).toBe(200);
    expect(json).toEqual({ status: 'ready', model: '@test/tiny-gpt2' });
  });
});

describe('metrics', () => {
  /** Of the process, or else of the one model. */
  async function sample(line: string): Promise<number | undefined> {
    const { text } = await call(service, 'GET', '/metrics');
    const lines = text.split('\n');
    const found = ['', '{model_name="@test/tiny-gpt2"}']
      .map((label) => lines.find((candidate) => candidate.startsWith(`tokenflare_${line}${label} `)))
      .find((candidate) => candidate !== undefined);
    return found === undefined ? undefined : Number(found.split(' ').at(-1));
  }

  it.each([
    'num_requests_running',
    'num_requests_waiting',
    'kv_cache_usage_perc',
    'prompt_tokens_total',
    'preemptions_total',
    'recomputed_tokens_total',
    'generation_tokens_total',
    'time_to_first_token_seconds_count',
    'inter_token_latency_seconds_count',
    'e2e_request_latency_seconds_count',
    'request_queue_time_seconds_count',
    'request_prompt_tokens_count',
    'request_generation_tokens_count',
    'request_max_num_generation_tokens_count',
    'request_params_n_count',
    'request_params_max_tokens_count',
    'request_inference_time_seconds_count',
    'request_prefill_time_seconds_count',
    'request_decode_time_seconds_count',
    'iteration_tokens_count',
    'seats_used',
    'tensors',
    'runtime_bytes',
    'engine_resident_memory_bytes',
    'process_resident_memory_bytes',
    'event_loop_delay_seconds_bucket{le="0.02"}',
    'wasted_tokens_total',
    'engine_restarts_total',
    'model_loads_total',
    'models_loaded',
    'num_requests_waiting_for_model',
    'models_memory_bytes',
    'models_memory_limit_bytes',
    `build_info{version="${version}",node_version="${process.version}"}`,
    'model_info{model_name="@test/tiny-gpt2",architecture="gpt2",runtime="cpu"}',
  ])('has %s', async (name) => {
    expect(await sample(name)).toBeDefined();
  });

  it('counts requests, their ends and their tokens', async () => {
    const name = 'request_success_total{model_name="@test/tiny-gpt2",finished_reason="length"}';
    const http = `http_requests_total{method="POST",route="${COMPLETIONS}",status="200"}`;
    const before = [await sample(name), await sample(http), await sample('request_generation_tokens_sum')];
    await post(service, COMPLETIONS, { prompt: 'a', max_tokens: 3, n: 2 });
    const after = [await sample(name), await sample(http), await sample('request_generation_tokens_sum')];
    expect(after.map((value, i) => (value ?? 0) - (before[i] ?? 0))).toEqual([2, 1, 6]);
  });

  it('does not make a label of every path that a stranger tries', async () => {
    await call(service, 'GET', '/wp-login.php');
    expect(await sample('http_requests_total{method="GET",route="unmatched",status="404"}')).toBeGreaterThan(
      0,
    );
  });

  it('does not count anew when it is read twice', async () => {
    expect(await sample('generation_tokens_total')).toBe(10);
    expect(await sample('generation_tokens_total')).toBe(10);
  });
});

describe('tokenize and detokenize', () => {
  it('are each other`s inverse', async () => {
    const tokenized = await post(service, '/tokenize', { prompt: 'The river' });
    expect(tokenized.json).toEqual({ tokens: [304, 283, 312, 273], count: 4, max_model_len: 128 });
    const { tokens } = tokenized.json as { tokens: number[] };
    expect((await post(service, '/detokenize', { tokens })).json).toEqual({ prompt: 'The river' });
  });

  it('text is another name of prompt, and both at once are refused', async () => {
    expect((await post(service, '/tokenize', { text: '' })).json).toMatchObject({ tokens: [], count: 0 });
    expect((await post(service, '/tokenize', { text: 'a', prompt: 'a' })).status).toBe(400);
    expect((await post(service, '/tokenize', {})).status).toBe(400);
  });

  it('names a token id outside the vocabulary', async () => {
    const { status, json } = await post(service, '/detokenize', { tokens: [1, 384] });
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { param: 'tokens[1]' } });
    expect((await post(service, '/tokenize', { prompt: 'a', model: 'x' })).status).toBe(404);
  });
});

describe('requests by id', () => {
  it('tells how one ended, by either form of its id', async () => {
    const { headers } = await post(service, COMPLETIONS, { prompt: 'The river', max_tokens: 3 });
    const id = headers['x-request-id'];
    for (const name of [id, `cmpl-${id}`]) {
      const { status, json } = await call(service, 'GET', `/v1/requests/${name}`);
      expect(status).toBe(200);
      expect(json).toMatchObject({
        id: `cmpl-${id}`,
        object: 'request',
        status: 'finished',
        cancel_cause: null,
        error_code: null,
        finish_reasons: ['length'],
        usage: { prompt_tokens: 4, completion_tokens: 3 },
        timings: { queue_ms: 1, ttft_ms: 2, tpot_ms: 0.5 },
      });
    }
  });

  it('cancels a running one, which answers with what it has', async () => {
    engine.reset({ stallAfter: 2 });
    const headers = { 'x-request-id': 'to-be-cancelled' };
    const pending = call(service, 'POST', COMPLETIONS, { body: { prompt: 'a' }, headers });
    while (engine.requests.length === 0) await sleep(5);
    const cancelled = await call(service, 'DELETE', '/v1/requests/cmpl-to-be-cancelled');
    expect(cancelled.json).toMatchObject({ cancelled: true, status: 'cancelled', cancel_cause: 'delete' });
    const answer = await pending;
    expect(answer.json).toMatchObject({
      choices: [{ finish_reason: 'abort' }],
      usage: { completion_tokens: 2 },
    });
    const again = await call(service, 'DELETE', '/v1/requests/to-be-cancelled');
    expect(again.json).toMatchObject({ cancelled: false });
  });

  it('lists those that have not ended, and no others', async () => {
    engine.reset({ stallAfter: 2 });
    const headers = { 'x-request-id': 'listed' };
    const pending = call(service, 'POST', COMPLETIONS, { body: { prompt: 'a', max_tokens: 9 }, headers });
    while (engine.requests.length === 0) await sleep(5);
    const { json } = await call(service, 'GET', '/v1/requests');
    expect(json).toMatchObject({
      object: 'list',
      data: [{ id: 'cmpl-listed', model: '@test/tiny-gpt2', status: 'running', max_tokens: 9 }],
      has_more: false,
    });
    await call(service, 'DELETE', '/v1/requests/listed');
    await pending;
    expect((await call(service, 'GET', '/v1/requests')).json).toMatchObject({ data: [] });
  });

  it('keeps the usage of one whose client is gone', async () => {
    engine.reset({ stallAfter: 2 });
    const client = new AbortController();
    const pending = fetch(service.url + COMPLETIONS, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'client-gone' },
      body: JSON.stringify({ prompt: 'The river' }),
      signal: client.signal,
    });
    while (engine.requests.length === 0) await sleep(5);
    client.abort();
    await expect(pending).rejects.toThrow();
    while (engine.find('client-gone')?.status !== 'cancelled') await sleep(5);
    const { json } = await call(service, 'GET', '/v1/requests/client-gone');
    expect(json).toMatchObject({
      cancel_cause: 'disconnect',
      usage: { prompt_tokens: 4, completion_tokens: 2 },
    });
  });

  it('404 for an id that nobody had', async () => {
    for (const method of ['GET', 'DELETE'] as const) {
      expect((await call(service, method, '/v1/requests/nobody')).status).toBe(404);
    }
  });
});

describe('every answer', () => {
  it.each(['/health', '/v1/models', '/metrics', '/openapi.yaml', '/nowhere'])(
    'has an id and timings: %s',
    async (path) => {
      const { headers } = await call(service, 'GET', path);
      expect(headers['x-request-id']).toMatch(/^[\w-]{36}$/);
      expect(headers['x-total-time']).toMatch(/^[\d.]+$/);
      expect(headers['server-timing']).toMatch(/^total;dur=/);
      expect(headers['access-control-allow-origin']).toBeUndefined();
    },
  );

  it('keeps the id of the client when it is good and free', async () => {
    const id = async (clientId: string): Promise<string | undefined> =>
      (await call(service, 'GET', '/health', { headers: { 'x-request-id': clientId } })).headers[
        'x-request-id'
      ];
    expect(await id('my-id.1_2')).toBe('my-id.1_2');
    expect(await id('cmpl-mine')).toBe('mine');
    for (const bad of ['two words', 'a'.repeat(129), 'ümlaut', 'a/b'])
      expect(await id(bad)).toMatch(/^[\w-]{36}$/);
    engine.reset({ stallAfter: 0 });
    const headers = { 'x-request-id': 'taken' };
    const pending = call(service, 'POST', COMPLETIONS, { body: { prompt: 'a', stream: true }, headers });
    while (engine.requests.length === 0) await sleep(5);
    const refused = await call(service, 'GET', '/health', { headers });
    expect([refused.status, refused.headers['x-request-id'] === 'taken']).toEqual([409, false]);
    engine.cancel('taken', 'delete');
    await pending;
    expect(await id('taken')).toBe('taken');
  });

  it('HEAD is GET without a body, OPTIONS says what is allowed', async () => {
    const head = await fetch(`${service.url}/v1/models`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const options = await fetch(`${service.url}${COMPLETIONS}`, { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'POST, OPTIONS']);
    expect((await fetch(`${service.url}/nowhere`, { method: 'OPTIONS' })).status).toBe(404);
  });
});
