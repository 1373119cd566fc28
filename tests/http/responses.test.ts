import OpenAI from 'openai';
import OpenAI7 from 'openai-7';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ResponseBody } from '../../routes/responses/schemas/response-body.ts';
import type { ResponseEvent } from '../../routes/responses/schemas/response-events.ts';
import { makeChatModel } from '../support/chat-model.ts';
import { CheckedFetch } from '../support/checked-fetch.ts';
import { call, post, type Answer } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { bearer, KeyFile } from '../support/keys.ts';
import { sseData } from '../support/openapi-validator.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

/** OpenAI's Responses API over a socket, with the official client in both of its majors. */

const PATH = '/v1/responses';
const TEXT = ' runs past the old mill';
/** A line for each message, calls and results among them. */
const TEMPLATE =
  '{% for m in messages %}{{ m.role[0] }}:{{ m.content }}' +
  '{% if m.reasoning_content %}({{ m.reasoning_content }}){% endif %}' +
  '{% for c in m.tool_calls or [] %}[{{ c.function.name }} {{ c.function.arguments | tojson }}]{% endfor %}' +
  '{{ "\\n" }}{% endfor %}a:';

const model = makeChatModel(TEMPLATE);
let engine: ScriptedEngine;
let service: HttpService;
const checked = new CheckedFetch();

beforeAll(async () => {
  engine = await ScriptedEngine.create(model.path, {}, { contextLength: 1024 });
  service = await startHttpService(engine);
});
beforeEach(() => engine.reset({ text: TEXT }));
afterEach(() => checked.settled());
afterAll(async () => {
  await service.close();
  model.remove();
});

/** What the model was given. */
const prompts = (): string[] =>
  engine.requests.map(({ prompts: [ids = []] }) => engine.ownTokenizer.decode([...ids]));
const lastPrompt = (): string => prompts().at(-1) ?? '';

async function create(body: Record<string, unknown>): Promise<ResponseBody> {
  const answer = await post(service, PATH, body);
  expect(answer.status, answer.text).toBe(200);
  return answer.json as ResponseBody;
}

async function stream(body: Record<string, unknown>): Promise<{ text: string; events: ResponseEvent[] }> {
  const answer = await post(service, PATH, { ...body, stream: true });
  expect(answer.status, answer.text).toBe(200);
  return { text: answer.text, events: sseData(answer.text) as ResponseEvent[] };
}

const clientOptions = (): { baseURL: string; apiKey: string; maxRetries: number; fetch: typeof fetch } => ({
  baseURL: `${service.url}/v1`,
  apiKey: 'none',
  maxRetries: 0,
  fetch: checked.fetch,
});
/** What both majors have: their types are no relatives. */
const CLIENTS = {
  'openai 6': () => new OpenAI(clientOptions()),
  'openai 7': () => new OpenAI7(clientOptions()) as unknown as OpenAI,
};
const CLIENT_NAMES = ['openai 6', 'openai 7'] as const;
const MODEL = '@test/tiny-gpt2';

describe('POST /v1/responses', () => {
  it('answers in the shape of OpenAI', async () => {
    const answer = await post(service, PATH, { model: MODEL, input: 'The river', metadata: { a: 'b' } });
    const id = answer.headers['x-request-id'];
    const numTokens = engine.ownTokenizer.encode(TEXT).length;
    const numPromptTokens = engine.requests[0]?.prompts[0]?.length ?? 0;
    expect(lastPrompt()).toBe('u:The river\na:');
    expect(answer.json).toMatchObject({
      id: `resp_${id}`,
      object: 'response',
      status: 'completed',
      error: null,
      incomplete_details: null,
      metadata: { a: 'b' },
      model: MODEL,
      output: [
        {
          type: 'message',
          id: `msg_${id}_0`,
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: TEXT, annotations: [], logprobs: [] }],
        },
      ],
      usage: {
        input_tokens: numPromptTokens,
        input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
        output_tokens: numTokens,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: numPromptTokens + numTokens,
      },
    });
  });

  it('streams the events of OpenAI in their order, and ends with what the plain body says', async () => {
    const { text, events } = await stream({ input: 'The river', seed: 1 });
    const types = events.map(({ type }) => type);
    expect(types.filter((type, index) => type !== types[index - 1])).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(types.filter((type) => type === 'response.output_text.delta').length).toBeGreaterThan(2);
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
    const names = text.split('\n').flatMap((line) => (line.startsWith('event: ') ? [line.slice(7)] : []));
    expect(names).toEqual(types);
    expect(text).not.toContain('[DONE]');
    const last = events.at(-1);
    if (last?.type !== 'response.completed') throw new Error('the last event is the whole response');
    const plain = await create({ input: 'The river', seed: 1 });
    expect(comparable(last.response)).toEqual(comparable(plain));
  });

  it('says that it ended at max_output_tokens', async () => {
    const body = await create({ input: 'The river', max_output_tokens: 2 });
    expect(body).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [{ status: 'incomplete' }],
    });
    const { events } = await stream({ input: 'The river', max_output_tokens: 2 });
    expect(events.at(-1)).toMatchObject({ type: 'response.incomplete', response: { status: 'incomplete' } });
  });

  it('has logprobs where they are asked for', async () => {
    const body = { input: 'a', include: ['message.output_text.logprobs'], top_logprobs: 2 };
    const { output } = await create(body);
    const [item] = output;
    const logprobs = item?.type === 'message' ? (item.content[0]?.logprobs ?? []) : [];
    expect(logprobs.map(({ token }) => token).join('')).toBe(TEXT);
    expect(logprobs[0]?.top_logprobs).toHaveLength(2);
    const { events } = await stream(body);
    const streamed = events.flatMap((event) =>
      event.type === 'response.output_text.delta' ? event.logprobs : [],
    );
    expect(streamed).toEqual(logprobs);
  });

  it('hands the fields to the engine', async () => {
    const sampling = { temperature: 0.3, top_p: 0.5, seed: 7, top_k: 4 };
    await create({ input: 'a', ...sampling, max_output_tokens: 5, cache_salt: 's', timeout_ms: 900 });
    expect(engine.requests[0]).toMatchObject({
      maxTokens: 5,
      cacheSalt: 's',
      sampling: { temperature: 0.3, topP: 0.5, seed: 7, topK: 4 },
    });
    expect(engine.requests[0]?.timeoutMs).toBeLessThanOrEqual(900);
  });

  it('reads items: instructions, roles, parts, calls with their results, reasoning', async () => {
    await create({
      instructions: 'I',
      input: [
        { role: 'developer', content: 'D' },
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Q' }] },
        { type: 'reasoning', id: 'rs_1', summary: [], content: [{ type: 'reasoning_text', text: 'R' }] },
        { role: 'assistant', content: [{ type: 'output_text', text: 'T', annotations: [] }] },
        { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"a": 1}' },
        { type: 'function_call', call_id: 'c2', name: 'g', arguments: 'no JSON' },
        { type: 'function_call_output', call_id: 'c1', output: 'one' },
        { type: 'function_call_output', call_id: 'c2', output: [{ type: 'input_text', text: 'two' }] },
        { role: 'assistant', content: [{ type: 'refusal', refusal: 'No' }] },
        { role: 'user', content: 'Z' },
      ],
    });
    // The template knows no tools, so calls and results are told in words.
    const calls =
      '{"tool_calls": [{"name": "f", "arguments": {"a":1}}, {"name": "g", "arguments": no JSON}]}';
    const results = 'The result of f:\none\n\nThe result of g:\ntwo';
    expect(lastPrompt()).toBe(`s:I\nd:D\nu:Q\na:T\n${calls}(R)\nu:${results}\na:No\nu:Z\na:`);
  });

  it('takes the request of a coding agent, with tools of other types and reasoning without its text', async () => {
    const { events } = await stream({
      model: MODEL,
      instructions: 'I',
      input: [
        { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'D' }] },
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Q' }] },
        { type: 'reasoning', summary: [], content: null, encrypted_content: null },
        { type: 'function_call', name: 'shell', arguments: '{"command":["ls"]}', call_id: 'call_1' },
        { type: 'function_call_output', call_id: 'call_1', output: 'a' },
      ],
      tools: [
        {
          type: 'function',
          name: 'shell',
          description: 'Runs it',
          strict: false,
          parameters: {
            type: 'object',
            properties: { command: { type: 'array', items: { type: 'string' } } },
          },
        },
        { type: 'custom', name: 'apply_patch', format: { type: 'grammar', syntax: 'lark', definition: 'x' } },
        { type: 'web_search', external_web_access: false },
      ],
      tool_choice: 'auto',
      parallel_tool_calls: false,
      reasoning: { effort: 'medium', summary: 'auto' },
      store: false,
      include: ['reasoning.encrypted_content'],
      prompt_cache_key: 'k',
      client_metadata: { a: 'b' },
    });
    const call = '{"tool_calls": [{"name": "shell", "arguments": {"command":["ls"]}}]}';
    expect(lastPrompt()).toContain(`\nd:D\nu:Q\na:${call}\nu:The result of shell:\na\na:`);
    expect(lastPrompt()).toMatch(/^s:I\n\n.*Runs it/s);
    expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: { prompt_cache_key: 'k' } });
  });

  it('ignores tools that are no functions, and repeats the others', async () => {
    const f = { type: 'function', name: 'f', parameters: { type: 'object', properties: {} }, strict: false };
    const { tools } = await create({
      input: 'a',
      tools: [{ type: 'web_search', search_context_size: 'low' }, f, { type: 'custom', name: 'patch' }],
    });
    expect(tools).toEqual([{ ...f, description: null }]);
  });

  it.each([
    [{ input: 'a', background: true }, 'background'],
    [{ input: 'a', conversation: 'conv_1' }, 'conversation'],
    [{ input: 'a', prompt: { id: 'p' } }, 'prompt'],
    [{ input: 'a', modalities: ['audio'] }, 'modalities'],
    [{}, 'input'],
    [{ input: 5 }, 'input'],
    [
      { input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'x' }] }] },
      'input[0].content[0].type',
    ],
    [{ input: [{ role: 'user', content: [{ type: 'input_text' }] }] }, 'input[0].content[0].text'],
    [{ input: [{ role: 'robot', content: 'a' }] }, 'input[0].role'],
    [{ input: [{ type: 'local_shell_call' }] }, 'input[0].type'],
    [{ input: [{ type: 'item_reference', id: 'msg_x_0' }] }, 'input[0].id'],
    [{ input: [{ type: 'function_call_output', call_id: 'c', output: '' }] }, 'input[0].call_id'],
    [{ input: 'a', tools: [{ type: 'function', name: 'a b' }] }, 'tools[0].name'],
    [{ input: 'a', tools: [{ type: 'function', name: 'f', extra: 1 }] }, 'tools[0].extra'],
    [{ input: 'a', tool_choice: 'required' }, 'tool_choice'],
    [{ input: 'a', tool_choice: { type: 'function', name: 'f' } }, 'tool_choice.name'],
    [{ input: 'a', tool_choice: { type: 'web_search' } }, 'tool_choice.type'],
    [{ input: 'a', text: { verbosity: 'low' } }, 'text.verbosity'],
    [{ input: 'a', text: { format: { type: 'xml' } } }, 'text.format.type'],
    [{ input: 'a', reasoning: { effort: 'extreme' } }, 'reasoning.effort'],
    [{ input: 'a', truncation: 'auto' }, 'truncation'],
    [{ input: 'a', previous_response_id: 'resp_none' }, 'previous_response_id'],
    [{ input: 'a', max_output_tokens: 5000 }, 'max_output_tokens'],
  ])('refuses %j, naming the field', async (body, param) => {
    const answer = await post(service, PATH, body);
    expect(answer.status, answer.text).toBe(400);
    expect(answer.json).toMatchObject({ error: { param } });
    expect(answer.text).not.toMatch(/Invalid input|messages|\bmax_tokens/);
    expect(engine.numFreePlaces).toBe(1000);
  });

  it('ends a stream that the engine fails with a response that failed', async () => {
    engine.reset({ text: TEXT, failAfter: 2 });
    const { events } = await stream({ input: 'The river' });
    expect(events.at(-1)).toMatchObject({
      type: 'response.failed',
      response: {
        status: 'failed',
        error: { code: 'server_error', message: 'a kernel failed in step 7' },
        output: [{ status: 'incomplete', content: [{ type: 'output_text' }] }],
      },
    });
  });

  it('is refused before anything is read while the queue is full', async () => {
    engine.numFreePlaces = 0;
    expect((await post(service, PATH, { nonsense: true })).status).toBe(429);
  });
});

/** Without what no two responses share. */
function comparable(body: ResponseBody): unknown {
  const text = JSON.stringify(body).replaceAll(body.id.slice('resp_'.length), 'ID');
  return { ...(JSON.parse(text) as object), created_at: 0, completed_at: 0 };
}

describe('a stored response', () => {
  it('is found, listed and forgotten', async () => {
    const body = await create({ input: 'The river' });
    expect((await call(service, 'GET', `${PATH}/${body.id}`)).json).toEqual(body);
    expect((await call(service, 'GET', `${PATH}/${body.id}?stream=true`)).status).toBe(400);
    const list = await call(service, 'GET', `${PATH}/${body.id}/input_items`);
    expect(list.json).toMatchObject({
      object: 'list',
      data: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'The river' }] }],
      has_more: false,
    });
    const deleted = await call(service, 'DELETE', `${PATH}/${body.id}`);
    expect(deleted.json).toEqual({ id: body.id, object: 'response', deleted: true });
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['GET', '/input_items'],
      ['POST', '/cancel'],
    ] as const) {
      expect((await call(service, method, `${PATH}/${body.id}${path}`)).status).toBe(404);
    }
  });

  it('is not kept with store: false', async () => {
    const { id } = await create({ input: 'The river', store: false });
    expect((await call(service, 'GET', `${PATH}/${id}`)).status).toBe(404);
  });

  it('lists its input in pages, with that of the responses before it', async () => {
    const first = await create({ input: 'A' });
    const second = await create({ input: [{ role: 'user', content: 'B' }], previous_response_id: first.id });
    const textsOf = async (query: string): Promise<unknown> => {
      const { json } = await call(service, 'GET', `${PATH}/${second.id}/input_items?${query}`);
      const { data, has_more: hasMore } = json as {
        data: { content: { text: string }[] }[];
        has_more: boolean;
      };
      return [data.map(({ content }) => content[0]?.text), hasMore];
    };
    expect(await textsOf('')).toEqual([['B', TEXT, 'A'], false]);
    expect(await textsOf('order=asc&limit=2')).toEqual([['A', TEXT], true]);
    const outputId = first.output[0]?.id ?? '';
    expect(await textsOf(`order=asc&after=${outputId}`)).toEqual([['B'], false]);
    const { status } = await call(service, 'GET', `${PATH}/${second.id}/input_items?limit=0`);
    expect(status).toBe(400);
  });

  it('gives its items to references, and its conversation to later responses when it is deleted', async () => {
    const first = await create({ input: 'A' });
    await create({
      input: [
        { type: 'item_reference', id: first.output[0]?.id },
        { role: 'user', content: 'B' },
      ],
    });
    expect(lastPrompt()).toBe(`a:${TEXT}\nu:B\na:`);
    const second = await create({ input: 'B', previous_response_id: first.id });
    await call(service, 'DELETE', `${PATH}/${first.id}`);
    await create({ input: 'C', previous_response_id: second.id });
    expect(lastPrompt()).toBe(`u:A\na:${TEXT}\nu:B\na:${TEXT}\nu:C\na:`);
  });

  it('is not seen by another client', async () => {
    using keys = new KeyFile();
    const [ann, bob] = [bearer(await keys.create('ann')), bearer(await keys.create('bob'))];
    const own = await startHttpService(engine, {}, { keysFile: keys.path });
    try {
      const made = await call(own, 'POST', PATH, { body: { input: 'secret' }, headers: ann });
      const { id, output } = made.json as ResponseBody;
      const asBob = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Answer> =>
        call(own, method, path, { headers: bob, ...(body === undefined ? {} : { body }) });
      expect((await asBob('GET', `${PATH}/${id}`)).status).toBe(404);
      expect((await asBob('GET', `${PATH}/${id}/input_items`)).status).toBe(404);
      expect((await asBob('POST', `${PATH}/${id}/cancel`)).status).toBe(404);
      expect((await asBob('DELETE', `${PATH}/${id}`)).status).toBe(404);
      expect((await asBob('POST', PATH, { input: 'a', previous_response_id: id })).status).toBe(400);
      const reference = [{ type: 'item_reference', id: output[0]?.id }];
      expect((await asBob('POST', PATH, { input: reference })).status).toBe(400);
      expect((await call(own, 'GET', `${PATH}/${id}`, { headers: ann })).status).toBe(200);
    } finally {
      await own.close();
    }
  });

  it('is cancelled while it is made, and keeps what there is of it', async () => {
    engine.reset({ text: TEXT, stallAfter: 2 });
    const pending = post(service, PATH, { input: 'The river' });
    while (engine.requests.length === 0) await sleep(5);
    const id = `resp_${engine.requests[0]?.id}`;
    expect((await call(service, 'GET', `${PATH}/${id}`)).json).toMatchObject({ status: 'in_progress' });
    expect((await post(service, PATH, { input: 'B', previous_response_id: id })).text).toContain('not ended');
    const cancelled = await call(service, 'POST', `${PATH}/${id}/cancel`);
    expect(cancelled.json).toMatchObject({ id, status: 'cancelled' });
    expect((await pending).json).toMatchObject({
      status: 'cancelled',
      output: [{ status: 'incomplete', content: [{ text: ' ru' }] }],
    });
    expect((await call(service, 'POST', `${PATH}/${id}/cancel`)).status).toBe(400);
  });
});

describe('counting', () => {
  it('counts what a response would read', async () => {
    const body = { input: 'The river', instructions: 'Be brief' };
    const { usage } = await create(body);
    const count = await post(service, `${PATH}/input_tokens`, body);
    expect(count.json).toEqual({ object: 'response.input_tokens', input_tokens: usage?.input_tokens });
    expect(engine.requests).toHaveLength(1);
    expect(engine.numFreePlaces).toBe(1000);
  });
});

describe.each(CLIENT_NAMES)('%s', (name) => {
  let client: OpenAI;
  beforeEach(() => {
    client = CLIENTS[name]();
  });

  it('reads a response, and asks for it again', async () => {
    const response = await client.responses.create({ model: MODEL, input: 'The river' });
    expect(response.output_text).toBe(TEXT);
    expect((await client.responses.retrieve(response.id)).output_text).toBe(TEXT);
    const items = await client.responses.inputItems.list(response.id);
    expect(items.data).toHaveLength(1);
    await client.responses.delete(response.id);
    await expect(client.responses.retrieve(response.id)).rejects.toMatchObject({ status: 404 });
    const count = await client.responses.inputTokens.count({ model: MODEL, input: 'The river' });
    expect(count.input_tokens).toBe(response.usage?.input_tokens);
  });

  it('accumulates a stream', async () => {
    const deltas: string[] = [];
    const runner = client.responses.stream({ model: MODEL, input: 'The river' });
    runner.on('response.output_text.delta', ({ delta }) => void deltas.push(delta));
    const response = await runner.finalResponse();
    expect(deltas.join('')).toBe(TEXT);
    expect(response).toMatchObject({ status: 'completed', output_text: TEXT });
  });

  it('has a conversation of three turns by previous_response_id', async () => {
    let previous: string | undefined;
    for (const input of ['A', 'B', 'C']) {
      const turn = previous === undefined ? {} : { previous_response_id: previous };
      previous = (await client.responses.stream({ model: MODEL, input, ...turn }).finalResponse()).id;
    }
    expect(lastPrompt()).toBe(`u:A\na:${TEXT}\nu:B\na:${TEXT}\nu:C\na:`);
  });

  it('has the same by sending back its own objects', async () => {
    const input: OpenAI.Responses.ResponseInputItem[] = [];
    for (const content of ['A', 'B', 'C']) {
      input.push({ role: 'user', content });
      const { output } = await client.responses.stream({ model: MODEL, input }).finalResponse();
      input.push(...(output as OpenAI.Responses.ResponseInputItem[]));
    }
    expect(lastPrompt()).toBe(`u:A\na:${TEXT}\nu:B\na:${TEXT}\nu:C\na:`);
  });

  it('throws what is wrong, and ends a response that fails as such', async () => {
    await expect(client.responses.create({ model: 'nothing', input: 'a' })).rejects.toMatchObject({
      status: 404,
    });
    engine.reset({ text: TEXT, failAfter: 1 });
    await expect(client.responses.create({ model: MODEL, input: 'a' })).rejects.toMatchObject({
      status: 500,
    });
    const response = await client.responses.stream({ model: MODEL, input: 'a' }).finalResponse();
    expect(response.status).toBe('failed');
  });

  it('cancels by hanging up', async () => {
    engine.reset({ text: TEXT, stallAfter: 1 });
    const options = { ...clientOptions(), fetch: globalThis.fetch };
    const plain = name === 'openai 6' ? new OpenAI(options) : (new OpenAI7(options) as unknown as OpenAI);
    const events = await plain.responses.create({ model: MODEL, input: 'a', stream: true });
    for await (const { type } of events) if (type === 'response.output_text.delta') break;
    while (engine.stats().numSequencesRunning > 0) await sleep(5);
    expect(engine.find(engine.requests[0]?.id ?? '')?.cancelCause).toBe('disconnect');
  });
});
