import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KeyLimits } from '../../src/access/principal.ts';
import { EngineError } from '../../src/errors.ts';
import { GATEWAY, MODEL } from '../support/gateway.ts';
import { call, type Answer } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { bearer, KeyFile } from '../support/keys.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

/** How long a request of a gateway may ask again, how often, and what it may hold meanwhile. */

const BODY = { model: MODEL, prompt: 'The river', max_tokens: 2 };
const file = new KeyFile();
let engine: ScriptedEngine;
let service: HttpService | undefined;
let numAsked = 0;

beforeAll(async () => {
  engine = await ScriptedEngine.create();
  engine.submit = () => {
    numAsked++;
    throw new EngineError('queue_full', 'there is no room');
  };
});
beforeEach(() => {
  engine.reset();
  numAsked = 0;
});
afterEach(() => service?.close());
afterAll(() => file[Symbol.dispose]());

type Started = Parameters<typeof startHttpService>;

async function start(config: Started[1] = {}, access: Started[2] = {}): Promise<HttpService> {
  service = await startHttpService(engine, config, access);
  return service;
}

const headersOf = (delayMs: number, maxAttempts = 5): Record<string, string> => ({
  'cf-aig-max-attempts': String(maxAttempts),
  'cf-aig-retry-delay': String(delayMs),
});

const askOne = (on: HttpService, headers: Record<string, string>): Promise<Answer> =>
  call(on, 'POST', `${GATEWAY}/openai/completions`, { body: BODY, headers });

const askList = (on: HttpService, length: number, headers: Record<string, string>): Promise<Answer> =>
  call(on, 'POST', GATEWAY, {
    body: new Array(length).fill({ provider: 'openai', endpoint: 'completions', headers: {}, query: BODY }),
    headers,
  });

describe('a limit of requests', () => {
  const serve = async (limits: KeyLimits): Promise<[HttpService, Record<string, string>]> => {
    const key = await file.create(`key-${performance.now()}`, { limits });
    return [await start({}, { keysFile: file.path }), bearer(key)];
  };

  it('counts each attempt', async () => {
    const [on, headers] = await serve({ requestsPerMinute: 3 });
    const answer = await askOne(on, { ...headers, ...headersOf(1) });
    expect(numAsked).toBe(3);
    expect(answer.status, answer.text).toBe(429);
    expect(answer.text).toContain('3 requests a minute');
    expect(answer.headers['x-ratelimit-remaining-requests']).toBe('0');
  });

  it('counts each entry of a list', async () => {
    const [on, headers] = await serve({ requestsPerMinute: 9 });
    const answer = await askList(on, 16, { ...headers, ...headersOf(1, 2) });
    expect(numAsked).toBe(9);
    expect(answer.text).toContain('9 requests a minute');
  });
});

describe('the time of a request', () => {
  it('is that of all its attempts and entries: what is answered by then is the answer', async () => {
    const on = await start({ requestTimeoutMs: 1500 });
    const startedAt = performance.now();
    const answer = await askList(on, 16, headersOf(1000));
    // Without a bound, each of 16 entries waits four times.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(answer.status).toBe(429);
    expect(answer.text).toContain('there is no room');
    expect(numAsked).toBeLessThanOrEqual(2 + 15);
  });

  it('ends with the service: what waits is answered, and asks no more', async () => {
    const on = await start();
    const asking = askList(on, 16, headersOf(5000));
    await expect.poll(() => numAsked).toBe(1);
    const startedAt = performance.now();
    on.end();
    const answer = await asking;
    expect(performance.now() - startedAt).toBeLessThan(4000);
    expect([answer.status, answer.headers['cf-aig-step'], numAsked]).toEqual([429, '0', 1]);
  });
});

it('what waits is counted in bytes: whose requests hold most loses the largest, and the others go on', async () => {
  const on = await start({ bodyLimitBytes: 2 ** 20 });
  // As objects 10 MB, and three of them more than there is room for.
  const names = Object.fromEntries(Array.from({ length: 65_000 }, (_, index) => [`n${index}`, 1]));
  const list = (query: object): object[] => [
    { provider: 'openai', endpoint: 'completions', headers: {}, query: BODY },
    { provider: 'openai', endpoint: 'completions', headers: {}, query },
  ];
  const asking = Array.from({ length: 9 }, () =>
    call(on, 'POST', GATEWAY, { body: list(names), headers: headersOf(1500, 2) }),
  );
  const small = call(on, 'POST', GATEWAY, { body: list(BODY), headers: headersOf(1500, 2) });
  const texts = (await Promise.all(asking)).map(({ text }) => text);
  const numRefused = texts.filter((text) => text.includes('requests of gateways that wait')).length;
  expect(numRefused).toBeGreaterThanOrEqual(1);
  expect(numRefused).toBeLessThan(9);
  expect((await small).text).toContain('there is no room');
});
