import { describe, expect, it } from 'vitest';
import { call, type Answer } from '../support/http-client.ts';
import { sseData } from '../support/openapi-validator.ts';
import { useGateway, MODEL, CHAT, GATEWAY, LOGS } from '../support/gateway.ts';

/** AI Gateway: `/gateway/{account}/{gateway}/…` and what Cloudflare's REST API has of its logs. */

const { on, ask, openai, logOf } = useGateway();

const OF_ONE_ANSWER = ['id', 'request_id', 'created', 'created_at', 'completed_at'];
const withoutIds = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, one: unknown) => (OF_ONE_ANSWER.includes(key) ? 0 : one)));

describe("a provider's path", () => {
  it.each([
    ['openai/chat/completions', '/v1/chat/completions', CHAT],
    ['openai/v1/chat/completions', '/v1/chat/completions', CHAT],
    ['groq/chat/completions', '/v1/chat/completions', CHAT],
    ['openai/embeddings', '/v1/embeddings', { model: MODEL, input: ['a'] }],
    ['openai/responses', '/v1/responses', { model: MODEL, input: 'a', max_output_tokens: 4 }],
    ['anthropic/v1/messages', '/v1/messages', CHAT],
    [`workers-ai/${MODEL}`, `/ai/run/${MODEL}`, { prompt: 'a', max_tokens: 4 }],
    [`workers-ai/run/${encodeURIComponent(MODEL)}`, `/ai/run/${MODEL}`, { prompt: 'a', max_tokens: 4 }],
    ['workers-ai/v1/chat/completions', '/v1/chat/completions', CHAT],
    ['compat/chat/completions', '/v1/chat/completions', CHAT],
  ])('%s answers as %s', async (path, own, body) => {
    const answer = await ask(`${GATEWAY}/${path}`, body);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.headers).toMatchObject({ 'cf-aig-cache-status': 'MISS', 'cf-aig-step': '0' });
    expect(withoutIds(answer.json)).toEqual(withoutIds((await ask(own, body)).json));
  });

  it.each([
    ['workers-ai/', MODEL],
    ['openai/', MODEL],
    ['', MODEL],
  ])("compat takes models as '%sMODEL'", async (prefix, model) => {
    const answer = await ask(`${GATEWAY}/compat/chat/completions`, { ...CHAT, model: prefix + model });
    expect(answer.status, answer.text).toBe(200);
    expect(await logOf(answer)).toMatchObject({ model: prefix + model, tokens_in: 6 });
  });

  it('streams the frames of the route', async () => {
    const body = { ...CHAT, stream: true };
    const answer = await openai(body);
    expect(answer.headers['content-type']).toContain('text/event-stream');
    expect(answer.text).toContain('data: [DONE]');
    const own = await ask('/v1/chat/completions', body);
    expect(withoutIds(sseData(answer.text))).toEqual(withoutIds(sseData(own.text)));
    expect(await logOf(answer)).toMatchObject({ tokens_in: 6, tokens_out: 8, success: true });
  });

  it.each([
    ['an unknown provider', 'nobody/chat/completions', 400, /no provider/],
    ['a provider of another API', 'google-ai-studio/v1/models', 400, /GATEWAY_HOSTS/],
    ['a path that is none', 'openai/audio/speech', 404, /no path/],
    ['a way out', 'openai/../../../metrics', 404, /no route|no path/],
  ])('%s is refused in the envelope of the gateway', async (_, path, status, message) => {
    const answer = await ask(`${GATEWAY}/${path}`, CHAT);
    expect(answer.status, answer.text).toBe(status);
    const { error } = answer.json as { error: { message: string }[] | { message: string } };
    expect(Array.isArray(error) ? error[0]?.message : error.message).toMatch(message);
  });

  it("a provider's error passes in the provider's envelope, and is logged", async () => {
    const answer = await openai({ ...CHAT, model: 'nobody' });
    expect(answer.status).toBe(404);
    expect(answer.json).toMatchObject({ error: { code: 'model_not_found' } });
    expect(await logOf(answer)).toMatchObject({ status_code: 404, success: false, model: 'nobody' });
  });

  it('has one line in the log of the service, with the tokens', async () => {
    const id = 'one-request';
    await openai(CHAT, { 'x-request-id': id });
    const lines = on.service.logLines.filter(({ requestId }) => requestId === id);
    expect(lines).toMatchObject([
      {
        path: '/gateway/:account/:gateway/:provider/:endpoint{.+}',
        status: 200,
        promptTokens: 6,
        model: MODEL,
      },
    ]);
  });
});

describe('headers of a gateway', () => {
  it.each([
    ['cf-aig-cache-ttl', '-1', /whole number/],
    ['cf-aig-cache-ttl', '99999999', /at most/],
    ['cf-aig-skip-cache', 'yes', /true/],
    ['cf-aig-max-attempts', '6', /at most 5/],
    ['cf-aig-retry-delay', '5001', /at most 5000/],
    ['cf-aig-backoff', 'random', /constant/],
    ['cf-aig-request-timeout', '0', /at least 1/],
    ['cf-aig-metadata', '[', /JSON object/],
    ['cf-aig-metadata', '{"a":{}}', /must be/],
    ['cf-aig-custom-cost', '{"total_cost":-1}', /at least 0/],
    ['cf-aig-event-id', 'x'.repeat(257), /at most 256/],
  ])('%s: %s is refused', async (name, value, message) => {
    const answer = await openai(CHAT, { [name]: value });
    expect(answer.status).toBe(400);
    const { error } = answer.json as { error: { message: string }[] };
    expect(error[0]?.message).toMatch(new RegExp(`${name}.*${message.source}`));
  });

  it('are kept with the log, and the first five entries of metadata', async () => {
    const metadata = { a: 1, b: 'x', c: true, d: null, e: 2, f: 3 };
    const answer = await openai(CHAT, {
      'cf-aig-metadata': JSON.stringify(metadata),
      'cf-aig-event-id': 'event-7',
      'cf-aig-custom-cost': '{"per_token_in":0.5,"per_token_out":0.25}',
    });
    expect(answer.headers['cf-aig-event-id']).toBe('event-7');
    const log = await logOf(answer);
    expect(log).toMatchObject({ event_id: 'event-7', cost: 6 * 0.5 + 8 * 0.25, custom_cost: true });
    expect(JSON.parse(String(log['metadata']))).toEqual({ a: 1, b: 'x', c: true, d: null, e: 2 });
  });

  it('say whether there is a log, and whether it has texts', async () => {
    const without = await openai(CHAT, { 'cf-aig-collect-log': 'false' });
    expect(without.headers['cf-aig-log-id']).toBeUndefined();
    expect(await logOf(await openai())).toMatchObject({ request_head: null, response_head: null });
    const headers = { 'cf-aig-collect-log': 'true', 'cf-aig-collect-log-payload': 'false' };
    expect(await logOf(await openai(CHAT, headers))).toMatchObject({ request_head: null });
    const collected = await openai(CHAT, { 'cf-aig-collect-log': 'true' });
    const log = await logOf(collected);
    expect(JSON.parse(String(log['request_head']))).toEqual(CHAT);
    expect(log).toMatchObject({ response_head: collected.text, response_head_complete: true });
  });
});

describe('the cache', () => {
  const TTL = { 'cf-aig-cache-ttl': '60' };
  const status = ({ headers }: Answer): string | undefined => headers['cf-aig-cache-status'];

  it.each([[false], [true]])('answers the same request once, streamed: %s', async (stream) => {
    const body = { ...CHAT, stream, seed: stream ? 1 : 2 };
    const first = await openai(body, TTL);
    const second = await openai(body, TTL);
    expect([status(first), status(second)]).toEqual(['MISS', 'HIT']);
    expect(second.text).toBe(first.text);
    expect(second.headers['content-type']).toBe(first.headers['content-type']);
    expect(on.engine.requests).toHaveLength(1);
    expect(await logOf(second)).toMatchObject({ cached: true, tokens_in: 6, tokens_out: 8 });
  });

  it('plays no part unless it is asked, or where it is skipped', async () => {
    const body = { ...CHAT, seed: 3 };
    for (const headers of [{}, TTL, { ...TTL, 'cf-aig-skip-cache': 'true' }, { 'cf-aig-cache-ttl': '0' }]) {
      expect(status(await openai(body, headers))).toBe('MISS');
    }
    expect(status(await openai(body, TTL))).toBe('HIT');
    expect(status(await openai(body, { 'cf-cache-ttl': '60' }))).toBe('HIT');
  });

  it.each([
    ['another body', () => openai({ ...CHAT, seed: 5 }, TTL)],
    ['another gateway', () => ask('/gateway/local/other/openai/chat/completions', { ...CHAT, seed: 4 }, TTL)],
    ['another provider', () => ask(`${GATEWAY}/groq/chat/completions`, { ...CHAT, seed: 4 }, TTL)],
    ['another client', () => openai({ ...CHAT, seed: 4 }, { ...TTL, authorization: 'Bearer another' })],
  ])('has nothing for %s', async (_, other) => {
    await openai({ ...CHAT, seed: 4 }, TTL);
    expect(status(await other())).toBe('MISS');
  });

  it('takes a key of the client in the place of the body', async () => {
    const headers = { 'cf-aig-cache-key': 'a-key' };
    const first = await openai({ ...CHAT, seed: 6 }, headers);
    const second = await openai({ ...CHAT, seed: 7 }, headers);
    expect([status(first), status(second)]).toEqual(['MISS', 'HIT']);
    expect(status(await openai({ ...CHAT, stream: true }, headers))).toBe('MISS');
  });

  it.each([[false], [true]])('keeps no answer that broke, streamed: %s', async (stream) => {
    on.engine.script = { ...on.engine.script, failAfter: 2 };
    const body = { ...CHAT, stream, seed: 8 };
    await openai(body, TTL);
    on.engine.reset();
    expect(status(await openai(body, TTL))).toBe('MISS');
  });
});

describe('logs', () => {
  it('are listed by page and filter, the newest first', async () => {
    const path = '/gateway/local/listed/openai/chat/completions';
    const list = LOGS.replace('/mine/', '/listed/');
    const ids: (string | undefined)[] = [];
    for (const body of [CHAT, CHAT, { ...CHAT, model: 'nobody' }]) {
      ids.unshift((await ask(path, body)).headers['cf-aig-log-id']);
    }
    const idsOf = async (query: string): Promise<string[]> => {
      const answer = await call(on.service, 'GET', `${list}?${query}`);
      return (answer.json as { result: { id: string }[] }).result.map(({ id }) => id);
    };
    expect(await idsOf('')).toEqual(ids);
    expect(await idsOf('per_page=2&page=2')).toEqual(ids.slice(2));
    expect(await idsOf('order_by=created_at&order_by_direction=asc')).toEqual([...ids].reverse());
    expect(await idsOf('success=false')).toEqual(ids.slice(0, 1));
    expect(await idsOf(`model=${MODEL}`)).toEqual(ids.slice(1));
    const page = await call(on.service, 'GET', `${list}?per_page=2`);
    expect(page.json).toMatchObject({ result_info: { count: 2, page: 1, per_page: 2, total_count: 3 } });
    expect((await call(on.service, 'GET', `${list}?search=a`)).status).toBe(400);
  });

  it('are seen by their client alone', async () => {
    const answer = await openai();
    const path = `${LOGS}/${answer.headers['cf-aig-log-id'] ?? ''}`;
    const other = { authorization: 'Bearer third' };
    expect((await call(on.service, 'GET', path, { headers: other })).status).toBe(404);
    expect((await call(on.service, 'PATCH', path, { headers: other, body: { feedback: 1 } })).status).toBe(
      404,
    );
    expect((await call(on.service, 'GET', path.replace('/mine/', '/other/'))).status).toBe(404);
    const list = await call(on.service, 'GET', LOGS, { headers: other });
    expect((list.json as { result: unknown[] }).result).toEqual([]);
  });

  it('take feedback', async () => {
    const answer = await openai();
    const path = `${LOGS}/${answer.headers['cf-aig-log-id'] ?? ''}`;
    const patch = (body: object): Promise<Answer> => call(on.service, 'PATCH', path, { body });
    expect((await patch({ feedback: -1, score: 40, metadata: { by: 'hand' } })).status).toBe(200);
    expect(await logOf(answer)).toMatchObject({ feedback: -1, score: 40, metadata: '{"by":"hand"}' });
    expect((await patch({ feedback: null })).status).toBe(200);
    expect(await logOf(answer)).toMatchObject({ feedback: null, score: 40 });
    expect((await patch({ feedback: 2 })).status).toBe(400);
  });
});
