import { describe, expect, it } from 'vitest';
import { EngineError } from '../../src/errors.ts';
import { call, type Answer } from '../support/http-client.ts';
import { until } from '../support/service.ts';
import { useGateway, MODEL, MESSAGES, CHAT, GATEWAY, LOGS } from '../support/gateway.ts';

/** Requests to gateways that are made again, at several providers, or read on. */

const { on, ask, openai, logOf } = useGateway();

const MANY_HEADERS = Array.from({ length: 129 }, (_, index): [string, string] => [`x-${index}`, 'a']);

describe('a list of requests', () => {
  const step = (fields: object = {}): object => ({
    provider: 'openai',
    endpoint: 'chat/completions',
    headers: { Authorization: 'Bearer of-a-provider' },
    query: CHAT,
    ...fields,
  });
  const bad = step({ query: { ...CHAT, model: 'nobody' } });

  it('is answered by the first whose answer is good, and each has its log', async () => {
    const answer = await ask(GATEWAY, [bad, step(), bad]);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.headers['cf-aig-step']).toBe('1');
    expect(await logOf(answer)).toMatchObject({ step: 1, success: true });
    const failed = await call(on.service, 'GET', `${LOGS}?success=false&per_page=1`);
    expect(failed.json).toMatchObject({ result: [{ step: 0, status_code: 404, model: 'nobody' }] });
  });

  it('is answered as the last, where none is good', async () => {
    const answer = await ask(GATEWAY, [bad, bad]);
    expect([answer.status, answer.headers['cf-aig-step']]).toEqual([404, '1']);
    expect(answer.json).toMatchObject({ error: { code: 'model_not_found' } });
  });

  it('may be one request, by the wire of a binding, for Workers AI', async () => {
    const query = { prompt: 'a', max_tokens: 4 };
    const body = step({ provider: 'workers-ai', endpoint: MODEL, query });
    const answer = await ask('/workers-binding/ai-gateway/universal/run/mine', body);
    expect(answer.json).toMatchObject({ success: true, result: { response: expect.any(String) as string } });
  });

  it('takes what an entry says of itself before what all of it says', async () => {
    const own = step({ headers: { 'cf-aig-metadata': { of: 'entry' }, 'cf-aig-cache-ttl': 0 } });
    const answer = await ask(GATEWAY, [own], {
      'cf-aig-metadata': '{"of":"request"}',
      'cf-aig-event-id': 'e',
    });
    expect(await logOf(answer)).toMatchObject({ metadata: '{"of":"entry"}', event_id: 'e' });
  });

  it('goes on where a stream breaks before its first event, or is late', async () => {
    on.engine.script = { ...on.engine.script, failAfter: 0 };
    const streamed = step({ query: { ...CHAT, stream: true } });
    const broken = await ask(GATEWAY, [streamed, bad]);
    expect(broken.status).toBe(404);
    on.engine.script = { ...on.engine.script, failAfter: undefined, stallAfter: 0 };
    const late = await ask(GATEWAY, [
      step({ config: { requestTimeout: 50 } }),
      step({ query: { ...CHAT, stream: true }, config: { requestTimeout: 50 } }),
      bad,
    ]);
    expect(late.headers['cf-aig-step']).toBe('2');
    const logs = await call(on.service, 'GET', `${LOGS}?success=false&per_page=3`);
    expect((logs.json as { result: { status_code: number }[] }).result.map((log) => log.status_code)).toEqual(
      [404, 504, 504],
    );
  });

  it.each([
    ['an empty list', []],
    ['too many', new Array(17).fill(bad)],
    ['no query', [{ provider: 'openai', endpoint: 'chat/completions' }]],
    ['a header that is none', [step({ headers: { 'a b': 'c' } })]],
    ['more headers than a request has', [step({ headers: Object.fromEntries(MANY_HEADERS) })]],
    ['a number', 7],
  ])('%s is refused', async (_, body) => {
    const answer = await ask(GATEWAY, body);
    expect(answer.status, answer.text).toBe(400);
    expect(answer.json).toMatchObject({ success: false, error: [{ code: 5004 }] });
  });
});

describe('attempts', () => {
  const busy = new EngineError('queue_full', 'there is no room');

  it('are made again where that may help', async () => {
    let numFailed = 0;
    const submit = on.engine.submit.bind(on.engine);
    on.engine.submit = (...request) => {
      if (numFailed++ < 2) throw busy;
      return submit(...request);
    };
    try {
      const retries = { 'cf-aig-max-attempts': '3', 'cf-aig-retry-delay': '1', 'cf-aig-backoff': 'linear' };
      const answer = await openai(CHAT, retries);
      expect(answer.status, answer.text).toBe(200);
      expect(numFailed).toBe(3);
    } finally {
      on.engine.submit = submit;
    }
  });

  it('are not made again for what stays as it is', async () => {
    const answer = await openai({ ...CHAT, max_tokens: -2 }, { 'cf-aig-max-attempts': '5' });
    expect(answer.status).toBe(400);
  });

  it('end in time', async () => {
    on.engine.script = { ...on.engine.script, stallAfter: 1 };
    const answer = await openai(CHAT, { 'cf-aig-request-timeout': '30' });
    expect(answer.status).toBe(504);
    expect(answer.json).toMatchObject({ success: false, error: [{ code: 3007 }] });
    expect(await logOf(answer)).toMatchObject({ status_code: 504, success: false });
  });

  it('stop the work behind them, although the client is still there', async () => {
    on.engine.script = { ...on.engine.script, stallAfter: 1 };
    const isRunning = (): boolean => on.engine.stats().numSequencesRunning === 1;
    const answer = openai(CHAT, { 'cf-aig-request-timeout': '500' });
    await until(isRunning);
    expect((await answer).status).toBe(504);
    await until(() => !isRunning());
  });
});

describe('a run that can be resumed', () => {
  const run = (headers: Record<string, string>): Promise<Answer> =>
    ask(
      '/workers-binding/ai-gateway/run?version=3',
      { inputs: { messages: MESSAGES, max_tokens: 8, stream: true }, options: { gateway: { id: 'mine' } } },
      { 'cf-consn-model-id': MODEL, ...headers },
    );
  const resume = (id: string, from: number | string, headers: Record<string, string> = {}): Promise<Answer> =>
    call(on.service, 'GET', `/workers-binding/ai-gateway/gateways/mine/run/${id}/resume?from=${from}`, {
      headers,
    });

  it('has the events after those that came, counted as its clients count them', async () => {
    on.engine.script = {
      ...on.engine.script,
      queuePosition: { position: 1, numWaiting: 2 },
      tokenDelayMs: 1,
    };
    const whole = await run({ 'x-stream-resumable': 'true' });
    const id = whole.headers['cf-aig-run-id'] ?? '';
    const blocks = whole.text.split('\n\n').slice(0, -1);
    expect(blocks.length).toBeGreaterThan(5);
    expect(blocks.filter((block) => block.startsWith(':'))).toEqual([]);
    for (const from of [0, 3, blocks.length]) {
      const rest = await resume(id, from);
      expect(rest.text.split('\n\n').slice(0, -1)).toEqual(blocks.slice(from));
    }
    expect((await resume(id, blocks.length + 1)).status).toBe(400);
    expect((await resume(id, 'x')).status).toBe(400);
    expect((await resume('no-such-run', 0)).status).toBe(404);
    expect((await resume(id, 0, { authorization: 'Bearer another' })).status).toBe(404);
  });

  it('is one that was asked for so', async () => {
    expect((await run({})).headers).not.toHaveProperty('cf-aig-run-id');
  });
});
