import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { publicLookup } from '../../src/gateway/call-host.ts';
import { call, type Answer } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { KeyFile } from '../support/keys.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

/** Providers on other hosts (GATEWAY_HOSTS), here a server on this machine. */

const MODEL = '@test/tiny-gpt2';
const CHAT = { model: 'gpt-5', messages: [{ role: 'user', content: 'a' }] };
const LOGS = '/client/v4/accounts/any/ai-gateway/gateways/mine/logs';

interface Received {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const received: Received[] = [];
let answer: (outgoing: ServerResponse) => void;
const provider = createServer((incoming: IncomingMessage, outgoing) => {
  let body = '';
  incoming.on('data', (chunk: Buffer) => (body += chunk.toString()));
  incoming.on('end', () => {
    received.push({ url: incoming.url ?? '', headers: incoming.headers, body });
    answer(outgoing);
  });
});
const keys = new KeyFile();
let engine: ScriptedEngine;
let service: HttpService;
let key = '';

const json =
  (status: number, body: object, headers: Record<string, string> = {}) =>
  (outgoing: ServerResponse) => {
    outgoing.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
const GOOD = json(200, { choices: [], usage: { prompt_tokens: 11, completion_tokens: 12 } });

beforeAll(async () => {
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const { port } = provider.address() as AddressInfo;
  engine = await ScriptedEngine.create();
  key = await keys.create('mine');
  const gatewayHosts = new Map([
    ['openai', `http://127.0.0.1:${port}/base`],
    ['anthropic', 'http://127.0.0.1:1'],
  ]);
  service = await startHttpService(engine, { gatewayHosts, requestTimeoutMs: 2000 }, { keysFile: keys.path });
});
beforeEach(() => {
  engine.reset();
  received.length = 0;
  answer = GOOD;
});
afterAll(async () => {
  await service.close();
  provider.closeAllConnections();
  provider.close();
  keys[Symbol.dispose]();
});

const ask = (path: string, body: unknown = CHAT, headers: Record<string, string> = {}): Promise<Answer> =>
  call(service, 'POST', `/gateway/any/mine/${path}`, {
    body,
    headers: { 'cf-aig-authorization': `Bearer ${key}`, ...headers },
  });
const logOf = async ({ headers }: Answer): Promise<unknown> => {
  const path = `${LOGS}/${headers['cf-aig-log-id'] ?? ''}`;
  const { json: body } = await call(service, 'GET', path, { headers: { authorization: `Bearer ${key}` } });
  return (body as { result: unknown }).result;
};

describe('a provider on another host', () => {
  it("gets the client's body and headers, and none of this service's", async () => {
    const own = { 'x-api-key': key, cookie: 'a=b', 'x-forwarded-for': '192.0.2.1', 'x-request-id': 'an-id' };
    const its = { authorization: 'Bearer of-openai', 'openai-project': 'p', 'user-agent': 'a-client' };
    const answered = await ask('openai/v1/chat/completions', CHAT, {
      ...own,
      ...its,
      'cf-aig-event-id': 'e',
    });
    expect(answered.status, answered.text).toBe(200);
    const [{ url, headers, body } = { url: '', headers: {}, body: '' }] = received;
    expect([url, JSON.parse(body)]).toEqual(['/base/v1/chat/completions', CHAT]);
    expect(headers).toMatchObject({
      ...its,
      'content-type': 'application/json',
      'accept-encoding': 'identity',
    });
    for (const name of [...Object.keys(own), 'cf-aig-authorization', 'cf-aig-event-id']) {
      expect(headers, name).not.toHaveProperty(name);
    }
    expect(JSON.stringify(received)).not.toContain(key);
    expect(engine.requests).toHaveLength(0);
    expect(await logOf(answered)).toMatchObject({
      model: 'gpt-5',
      tokens_in: 11,
      tokens_out: 12,
      success: true,
    });
  });

  it('never gets a key of this service, under whatever header it came', async () => {
    await ask('openai/v1/chat/completions', CHAT, { authorization: `Bearer ${key}` });
    expect(JSON.stringify(received)).not.toContain(key);
    expect(received[0]?.headers).not.toHaveProperty('authorization');
    const headers = { Authorization: `Bearer ${key}`, 'x-other': key };
    await call(service, 'POST', '/gateway/any/mine', {
      body: [{ provider: 'openai', endpoint: 'v1/chat/completions', headers, query: CHAT }],
      headers: { authorization: `Bearer ${key}` },
    });
    expect(received).toHaveLength(2);
    expect(JSON.stringify(received)).not.toContain(key);
  });

  it('answers with its status, its body and what its clients read of its headers', async () => {
    const told = { 'retry-after': '7', 'x-ratelimit-remaining-requests': '3' };
    answer = json(429, { error: { message: 'slow down' } }, { ...told, 'set-cookie': 'a=b' });
    const answered = await ask('openai/v1/chat/completions');
    expect([answered.status, answered.json]).toEqual([429, { error: { message: 'slow down' } }]);
    expect(answered.headers).toMatchObject(told);
    expect(answered.headers).not.toHaveProperty('set-cookie');
    expect(await logOf(answered)).toMatchObject({ status_code: 429, success: false });
  });

  it('streams as it does', async () => {
    const frames = ['data: {"a":1}\n\n', 'data: {"usage":{"prompt_tokens":4,"completion_tokens":5}}\n\n'];
    answer = (outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
      outgoing.write(frames[0]);
      setTimeout(() => outgoing.end(frames[1]), 20);
    };
    const answered = await ask(
      'openai/v1/chat/completions',
      { ...CHAT, stream: true },
      { 'cf-aig-max-attempts': '2' },
    );
    expect(answered.text).toBe(frames.join(''));
    expect(await logOf(answered)).toMatchObject({ tokens_in: 4, tokens_out: 5 });
  });

  it('is asked once where the answer is in the cache, by the key that it came for', async () => {
    const mine = { 'cf-aig-cache-ttl': '60', authorization: 'Bearer of-openai' };
    for (const [headers, status, numAsked] of [
      [mine, 'MISS', 1],
      [mine, 'HIT', 1],
      [{ ...mine, authorization: 'Bearer another' }, 'MISS', 2],
    ] as const) {
      const answered = await ask('openai/v1/chat/completions', CHAT, headers);
      expect([answered.headers['cf-aig-cache-status'], received.length]).toEqual([status, numAsked]);
    }
  });

  it.each([
    ['a redirect', (outgoing: ServerResponse) => outgoing.writeHead(302, { location: '/other' }).end()],
    ['a connection that ends', (outgoing: ServerResponse) => outgoing.destroy()],
  ])('%s is no answer', async (_, how) => {
    answer = how;
    const answered = await ask('openai/v1/chat/completions');
    expect(answered.status).toBe(502);
    expect(answered.json).toMatchObject({ success: false, error: [{ code: 7009 }] });
    expect(received).toHaveLength(1);
    expect(await logOf(answered)).toMatchObject({ status_code: 502 });
  });

  it('that says nothing is not waited for', async () => {
    answer = () => undefined;
    expect((await ask('openai/v1/chat/completions', CHAT, { 'cf-aig-request-timeout': '30' })).status).toBe(
      504,
    );
    expect((await ask('openai/v1/chat/completions')).status).toBe(504);
  });

  it('is followed by an own model in a list, and asked again where it is busy', async () => {
    let numAsked = 0;
    answer = (outgoing) => (numAsked++ < 2 ? json(503, {}) : GOOD)(outgoing);
    const retries = { 'cf-aig-max-attempts': '3', 'cf-aig-retry-delay': '1' };
    expect((await ask('openai/v1/chat/completions', CHAT, retries)).status).toBe(200);
    const list = [
      { provider: 'anthropic', endpoint: 'v1/messages', headers: {}, query: {} },
      { provider: 'workers-ai', endpoint: MODEL, headers: {}, query: { prompt: 'a', max_tokens: 2 } },
    ];
    const answered = await call(service, 'POST', '/gateway/any/mine', {
      body: list,
      headers: { authorization: `Bearer ${key}` },
    });
    expect([answered.status, answered.headers['cf-aig-step']]).toEqual([200, '1']);
  });

  it('has its models in compat, and an alias or an own model goes before it', async () => {
    await ask('compat/chat/completions', { ...CHAT, model: 'openai/gpt-5' });
    expect(JSON.parse(received[0]?.body ?? '{}')).toMatchObject({ model: 'gpt-5' });
    expect(received[0]?.url).toBe('/base/chat/completions');
  });
});

describe('what a name stands for', () => {
  const lookUp = (name: string, all: boolean): Promise<unknown> =>
    new Promise((resolve) => publicLookup(name, { all }, (error, found) => resolve(error?.message ?? found)));

  it.each([[true], [false]])('is not used where it leads to this machine, all: %s', async (all) => {
    expect(await lookUp('localhost', all)).toMatch(/private address/);
  });

  it('is told where it stands for nothing', async () => {
    expect(await lookUp('no-such-host.invalid', true)).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });
});
