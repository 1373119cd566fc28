import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MAX_ATTENTION_WEIGHTS } from '../../routes/service/attention.ts';
import { TINY_TEMPLATE } from '../support/chat-model.ts';
import { fixturePath } from '../support/fixtures.ts';
import { HOSTILE_TEXT, hostileTokenizer } from '../support/hostile-tokenizer.ts';
import { call, post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';
import { until } from '../support/service.ts';

/** A model whose tokenizer never ends on one text, beside requests that are no fault of it. */

const COMPLETIONS = '/v1/completions';
/** Bytes of a body, and of the text that tokens may become. */
const BODY_LIMIT = 2 ** 20;
const ENCODE_TIMEOUT_MS = 1500;
/** Every route that tokenises, and a body with little text. */
const TEXT_ROUTES: [path: string, body: object][] = [
  [COMPLETIONS, { prompt: 'x' }],
  ['/v1/chat/completions', { messages: [{ role: 'user', content: 'x' }] }],
  ['/ai/run/@test/tiny-gpt2', { prompt: 'x' }],
  ['/v1/embeddings', { input: ['x', 'y'] }],
  ['/v1/attention', { prompt: 'x' }],
  ['/tokenize', { prompt: 'x' }],
];

let directory: string;
let engine: ScriptedEngine;
let service: HttpService;
let hasty: HttpService;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tokenflare-test-'));
  cpSync(fixturePath('tiny-gpt2', 'config.json'), join(directory, 'config.json'));
  writeFileSync(
    join(directory, 'tokenizer_config.json'),
    JSON.stringify({ bos_token: '<|endoftext|>', chat_template: TINY_TEMPLATE }),
  );
  engine = await ScriptedEngine.create(hostileTokenizer(directory), { encodeTimeoutMs: ENCODE_TIMEOUT_MS });
  service = await startHttpService(engine, { bodyLimitBytes: BODY_LIMIT });
  hasty = await startHttpService(engine, { requestTimeoutMs: 400 });
  // Its process is there from now on.
  await post(service, '/v1/chat/completions', { messages: [{ role: 'user', content: 'x' }] });
});
beforeEach(() => engine.reset());
afterAll(async () => {
  await Promise.all([service.close(), hasty.close()]);
  await engine.tokenizer.stop();
  rmSync(directory, { recursive: true });
});

const hostileRequest = (): ReturnType<typeof post> => post(service, COMPLETIONS, { prompt: HOSTILE_TEXT });

describe('a text that freezes the tokenizer', () => {
  it('fails alone: health, streams and token ids go on, and the next text is served', async () => {
    engine.reset({ tokenDelayMs: 20 });
    const hostile = hostileRequest();
    const others = await Promise.all([
      call(service, 'GET', '/health'),
      post(service, COMPLETIONS, { prompt: [304, 283], max_tokens: 8, stream: true }),
      post(service, '/detokenize', { tokens: [304, 283] }),
    ]);
    expect(others.map(({ status }) => status)).toEqual([200, 200, 200]);
    const next = await post(service, COMPLETIONS, { prompt: 'The river' });
    const { status, json } = await hostile;
    expect([status, next.status]).toEqual([500, 200]);
    expect(json).toMatchObject({ error: { code: 'weights_invalid', type: 'server_error' } });
    expect(engine.numFreeSlots).toBe(1000);
  });

  it.each(TEXT_ROUTES)('does not keep %s beyond its time, nor its slots', async (path, body) => {
    const hostile = post(hasty, COMPLETIONS, { prompt: HOSTILE_TEXT });
    const { status, json } = await post(hasty, path, body);
    expect([408, 504]).toContain(status);
    expect(JSON.stringify(json)).toContain('the request took longer than its');
    expect((await hostile).status).toBe(504);
    expect(engine.numFreeSlots).toBe(1000);
    // The process is given up by its own deadline, and another one takes what comes.
    expect((await post(service, path, body)).status).toBe(200);
  });

  it('counts timeout_ms while a text waits', async () => {
    const hostile = hostileRequest();
    const { status, json } = await post(service, COMPLETIONS, { prompt: 'x', timeout_ms: 50 });
    expect(status).toBe(504);
    expect(json).toMatchObject({ error: { code: 'request_timeout' } });
    await hostile;
  });

  it('gives the slots back of a client that hangs up while its text waits', async () => {
    const hostile = hostileRequest();
    await until(() => engine.numFreeSlots === 999);
    const body = JSON.stringify({ prompt: ['x', 'y', 'z'] });
    const head = `POST ${COMPLETIONS} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`;
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1', () =>
      socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`),
    );
    await until(() => engine.numFreeSlots === 996);
    socket.destroy();
    await until(() => engine.numFreeSlots === 999);
    expect((await hostile).status).toBe(500);
    expect(engine.requests).toHaveLength(0);
  });
});

describe('a full queue', () => {
  it.each([...TEXT_ROUTES, ['/detokenize', { tokens: [304] }] as const])(
    'turns %s away, and says when to come back',
    async (path, body) => {
      engine.numFreeSlots = 0;
      const { status, headers } = await post(service, path, body);
      expect(status).toBe(429);
      expect(headers).toMatchObject({ 'retry-after': '3', 'x-should-retry': 'true' });
      expect(engine.numFreeSlots).toBe(0);
    },
  );
});

describe('answers of a bounded size', () => {
  it('has as much text of tokens as its bound, and not a byte more', async () => {
    // <|endoftext|> has 13 bytes.
    const numTokens = Math.floor(BODY_LIMIT / 13);
    const tokens = Array<number>(numTokens).fill(0);
    const { status, json } = await post(service, '/detokenize', { tokens });
    expect(status).toBe(200);
    expect(json).toEqual({ prompt: '<|endoftext|>'.repeat(numTokens) });
    const refused = await post(service, '/detokenize', { tokens: [...tokens, 0] });
    expect(refused.status).toBe(400);
    expect(refused.json).toMatchObject({ error: { code: 'invalid_request', param: 'tokens' } });
    expect(refused.text).toContain(`at most ${BODY_LIMIT}`);
  });

  it('shows no more attention than its bound, and says which layers to name', async () => {
    const { numHeads } = engine.model;
    engine.model.numHeads = 64;
    const prompt = Array<number>(64).fill(5);
    expect(2 * 64 * prompt.length ** 2).toBeGreaterThan(MAX_ATTENTION_WEIGHTS);
    const all = await post(service, '/v1/attention', { prompt });
    const one = await post(service, '/v1/attention', { prompt, layers: [1] });
    engine.model.numHeads = numHeads;
    expect(all.status).toBe(400);
    expect(all.json).toMatchObject({ error: { code: 'invalid_request', param: 'layers' } });
    expect(all.text).toContain('name at most 1 layers');
    expect(one.status).toBe(200);
    expect((one.json as { layers: { index: number }[] }).layers.map(({ index }) => index)).toEqual([1]);
  });
});
