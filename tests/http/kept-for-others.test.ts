import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ResponseStore } from '../../routes/responses/response-store.ts';
import type { ResponseBody } from '../../routes/responses/schemas/response-body.ts';
import { readConfig } from '../../src/config/config.ts';
import { HeldBytes } from '../../src/http/edge/held-bytes.ts';
import { makeChatModel, TRANSCRIPT_TEMPLATE, type ChatModel } from '../support/chat-model.ts';
import { call, type Answer } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';
import { until } from '../support/service.ts';

/** What one address sends to be kept, and what of another's stays. */

const RESPONSES = '/v1/responses';
const BODY_LIMIT = 400_000;
const MAX_BYTES = 600_000;
const responses = new ResponseStore({ maxBytes: MAX_BYTES, keptMs: 3_600_000 });
let model: ChatModel;
let engine: ScriptedEngine;
let service: HttpService;

beforeAll(async () => {
  model = makeChatModel(TRANSCRIPT_TEMPLATE);
  engine = await ScriptedEngine.create(model.path, {}, { contextLength: 8192 });
  const { trustProxy } = readConfig({ TRUST_PROXY: '127.0.0.1' }, []);
  service = await startHttpService(engine, { bodyLimitBytes: BODY_LIMIT, trustProxy }, {}, responses);
});
beforeEach(() => engine.reset({ text: ' a' }));
afterAll(async () => {
  await service.close();
  await engine.tokenizer.stop();
  model.remove();
});

/** Who sends: an address, and what it presents as a key. */
const from = (address: string, key: string): Record<string, string> => ({
  'x-forwarded-for': address,
  authorization: `Bearer ${key}`,
});
const MINE = from('192.0.2.1', 'mine');
const theirs = (index: number): Record<string, string> => from('192.0.2.2', `invented-${index}`);

const send = (path: string, body: unknown, headers: Record<string, string>): Promise<Answer> =>
  call(service, 'POST', path, { body, headers });
const callItem = (text: string): object => ({
  type: 'function_call',
  call_id: 'c',
  name: 'f',
  arguments: text,
});

/** The model reads the end of what its context does not hold. */
const CUT = { truncation: 'auto', max_output_tokens: 5 };

async function store(input: unknown, headers: Record<string, string>): Promise<string> {
  const answer = await send(RESPONSES, { input, ...CUT }, headers);
  expect(answer.status, answer.text).toBe(200);
  return (answer.json as ResponseBody).id;
}

const statusOf = async (id: string, headers: Record<string, string>): Promise<number> =>
  (await call(service, 'GET', `${RESPONSES}/${id}`, { headers })).status;

describe('stored responses of an address', () => {
  it.each([
    ['large ones', 12, [callItem(JSON.stringify({ a: 'x'.repeat(90_000) }))]],
    ['small ones', 450, 'a'],
  ])('stay while another one invents a key for each of many: %s', async (_, number, input) => {
    const mine = await store('a secret', MINE);
    const before = responses.numBytes;
    await store(input, theirs(0));
    const numBytesOfOne = responses.numBytes - before;
    for (let i = 1; i < number; i++) await store(input, theirs(i));
    expect(responses.numBytes).toBeLessThanOrEqual(MAX_BYTES);
    expect(responses.numBytes).toBeLessThan(0.95 * number * numBytesOfOne);
    expect(await statusOf(mine, MINE)).toBe(200);
  });
});

describe('a long answer', () => {
  it('is held until it is read, and not for HEAD, whose body is not sent', async () => {
    const id = await store([callItem(JSON.stringify({ a: 'x'.repeat(90_000) }))], MINE);
    const open = vi.spyOn(HeldBytes.prototype, 'open');
    try {
      for (const method of ['GET', 'HEAD']) {
        const answer = await fetch(`${service.url}${RESPONSES}/${id}/input_items`, { method, headers: MINE });
        expect([answer.status, (await answer.text()).length > 90_000]).toEqual([200, method === 'GET']);
      }
      expect(open.mock.contexts.map((held) => (held as HeldBytes).numBytes)).toEqual([0, 0]);
    } finally {
      open.mockRestore();
    }
  });
});

describe('references to stored items', () => {
  const references = (id: string, count: number): object[] =>
    Array.from({ length: count }, () => ({ type: 'item_reference', id }));
  const itemOf = (responseId: string, kind: string): string =>
    `${kind}_${responseId.slice('resp_'.length)}_in0`;

  it.each([
    ['tool arguments', 'fc', [callItem(JSON.stringify({ a: 'x'.repeat(90_000) }))]],
    ['a message', 'msg', 'x '.repeat(1000)],
  ])('count against the limit of a body as what they stand for: %s', async (_, kind, input) => {
    const id = itemOf(await store(input, MINE), kind);
    const one = await send(RESPONSES, { input: references(id, 1), store: false, ...CUT }, MINE);
    expect(one.status, one.text).toBe(200);
    const numRequests = engine.requests.length;
    const count = kind === 'fc' ? 600 : 4000;
    const many = await send(RESPONSES, { input: references(id, count) }, MINE);
    expect(many.status).toBe(413);
    expect(many.json).toMatchObject({
      error: { code: 'payload_too_large', param: expect.stringMatching(/^input\[\d+\]\.id$/) as string },
    });
    expect(many.text).toContain(`the limit is ${BODY_LIMIT} (BODY_LIMIT)`);
    const counted = await send(`${RESPONSES}/input_tokens`, { input: references(id, count) }, MINE);
    expect(counted.status).toBe(413);
    expect(engine.requests).toHaveLength(numRequests);
  });

  it('may be as many as a conversation has items', async () => {
    const items = Array.from({ length: 1000 }, () => ({ role: 'user', content: 'a' }));
    const id = (await store(items, MINE)).slice('resp_'.length);
    const input = items.map((_, index) => ({ type: 'item_reference', id: `msg_${id}_in${index}` }));
    const answer = await send(RESPONSES, { input, store: false, ...CUT }, MINE);
    expect(answer.status, answer.text).toBe(200);
    const missing = { input: [...input, { type: 'item_reference', id: `msg_${id}_in1000` }] };
    expect((await send(RESPONSES, missing, MINE)).json).toMatchObject({
      error: { param: 'input[1000].id' },
    });
  });
});

describe('batch jobs', () => {
  const BATCH = '/ai/run/@test/tiny-gpt2?queueRequest=true';
  interface Result {
    request_id: string;
    responses?: { success: boolean; errors?: { message: string }[] }[];
  }
  const resultOf = ({ json, text }: Answer): Result => {
    expect(json, text).toHaveProperty('result');
    return (json as { result: Result }).result;
  };
  const isDone = async (id: string, headers: Record<string, string>): Promise<boolean> =>
    resultOf(await send(BATCH, { request_id: id }, headers)).responses !== undefined;

  it('take turns by address, whichever invents how many keys', async () => {
    engine.state = 'loading';
    const body = { requests: [{ prompt: 'theirs', raw: true }] };
    for (let i = 0; i < 60; i++) resultOf(await send(BATCH, body, theirs(i)));
    const requests = [
      { prompt: 'mine', raw: true },
      { prompt: 'mine', raw: true },
    ];
    const { request_id: mine } = resultOf(await send(BATCH, { requests }, MINE));
    engine.state = 'ready';
    await until(() => isDone(mine, MINE));
    const prompts = engine.requests.map(({ prompts: [prompt = []] }) =>
      engine.ownTokenizer.decode([...prompt]),
    );
    expect(prompts.slice(0, 4).filter((prompt) => prompt === 'mine')).toHaveLength(2);
    await until(async () => isDone(resultOf(await send(BATCH, body, theirs(0))).request_id, theirs(0)));
  });

  it('keep nothing of a field that is none, and refuse it by name', async () => {
    const nothing = new Array<object>(40_000).fill({});
    const body = {
      requests: [
        { prompt: 'a', raw: true, nothing },
        { prompt: 'b', raw: true },
      ],
    };
    const { request_id: id } = resultOf(await send(BATCH, body, MINE));
    await until(() => isDone(id, MINE));
    const { responses } = resultOf(await send(BATCH, { request_id: id }, MINE));
    expect(responses).toMatchObject([{ success: false }, { success: true }]);
    expect(responses?.[0]?.errors?.[0]?.message).toContain("unknown field 'nothing'");
    const infinite = await send(BATCH, '{"requests":[{"prompt":"a","temperature":1e999}]}', MINE);
    expect(infinite.json).toMatchObject({
      errors: [{ source: { pointer: '/requests/0/temperature' } }],
    });
  });
});
