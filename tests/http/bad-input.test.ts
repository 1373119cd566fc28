import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { EngineError, type ErrorCode } from '../../src/errors.ts';
import { call, post, type Answer } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

const OPENAI = '/v1/completions';
const CHAT = '/v1/chat/completions';
const WORKERS_AI = '/ai/run/@test/tiny-gpt2';

let engine: ScriptedEngine;
let service: HttpService;

beforeAll(async () => {
  engine = await ScriptedEngine.create();
  service = await startHttpService(engine);
});
beforeEach(() => engine.reset());
afterAll(() => service.close());

function openAiError({ json }: Answer): {
  message: string;
  code: string;
  param: string | null;
  type: string;
} {
  return (json as { error: { message: string; code: string; param: string | null; type: string } }).error;
}

function workersAiError({ json }: Answer): { code: number; message: string; source?: { pointer: string } } {
  const { success, errors } = json as { success: boolean; errors: { code: number; message: string }[] };
  expect(success).toBe(false);
  return errors[0] ?? { code: -1, message: 'no error' };
}

/** An object in an object, so many levels deep. */
const nested = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);

describe('a field at fault is named: OpenAI', () => {
  it.each([
    ['prompt', {}, 'is required'],
    ['prompt', { prompt: 5 }, 'must be a string, a list'],
    ['prompt', { prompt: [] }, 'empty list'],
    ['prompt', { prompt: [{}] }, 'must be a string, a list'],
    ['prompt[0]', { prompt: [[]] }, 'empty list'],
    ['prompt[1]', { prompt: ['a', 5] }, 'must be a string'],
    ['prompt[1]', { prompt: [1, 'a'] }, 'token id'],
    ['prompt[0]', { prompt: [-1] }, 'token id'],
    ['prompt[1]', { prompt: [1, 1.5] }, 'token id'],
    ['prompt[2]', { prompt: [1, 2, 384] }, 'outside the vocabulary (0 to 383)'],
    ['prompt[1][0]', { prompt: [[1], [9999]] }, 'outside the vocabulary'],
    ['prompt[1]', { prompt: [[1], 'a'] }, 'list of token ids'],
    ['prompt', { prompt: new Array(65).fill('a') }, 'at most 64'],
    ['max_tokens', { prompt: 'a', max_tokens: -1 }, 'at least 0, not -1'],
    ['max_tokens', { prompt: 'a', max_tokens: 1.5 }, 'an integer, not 1.5'],
    ['max_tokens', { prompt: 'a', max_tokens: '5' }, 'not a string'],
    ['max_tokens', { prompt: 'a', max_tokens: 0 }, 'only with echo'],
    ['temperature', { prompt: 'a', temperature: 2.1 }, 'at most 2, not 2.1'],
    ['temperature', { prompt: 'a', temperature: 'hot' }, 'not a string'],
    ['top_p', { prompt: 'a', top_p: 0 }, 'above 0'],
    ['top_k', { prompt: 'a', top_k: -2 }, 'at least -1'],
    ['min_p', { prompt: 'a', min_p: 2 }, 'at most 1'],
    ['repetition_penalty', { prompt: 'a', repetition_penalty: 0 }, 'at least'],
    ['n', { prompt: 'a', n: 0 }, 'at least 1'],
    ['n', { prompt: ['a', 'b'], n: 100 }, 'makes 200 completions'],
    ['best_of', { prompt: 'a', best_of: 3 }, 'must equal n'],
    ['seed', { prompt: 'a', seed: 1.5 }, 'an integer'],
    ['stop', { prompt: 'a', stop: ['a', 'b', 'c', 'd', 'e'] }, 'up to 4 strings'],
    ['stop', { prompt: 'a', stop: '' }, 'at least 1 characters'],
    ['stream', { prompt: 'a', stream: 'yes' }, 'true or false'],
    ['stream_options', { prompt: 'a', stream_options: { include_usage: true } }, 'only with stream'],
    ['stream_options.usage', { prompt: 'a', stream: true, stream_options: { usage: true } }, 'unknown field'],
    ['logprobs', { prompt: 'a', logprobs: 21 }, 'at most 20'],
    ['logit_bias.5', { prompt: 'a', logit_bias: { 5: 101 } }, 'at most 100'],
    ['logit_bias.384', { prompt: 'a', logit_bias: { 384: 1 } }, 'outside the vocabulary'],
    ['logit_bias.river', { prompt: 'a', logit_bias: { river: 1 } }, 'token ids'],
    ['min_tokens', { prompt: 'a', max_tokens: 4, min_tokens: 5 }, 'at most max_tokens'],
    ['truncate_prompt_tokens', { prompt: 'a', truncate_prompt_tokens: 0 }, 'not 0'],
    ['timeout_ms', { prompt: 'a', timeout_ms: 0 }, 'at least 1'],
    ['timeout_ms', { prompt: 'a', timeout_ms: 2 ** 31 }, 'at most 2147483647'],
    ['prompt[1]', { prompt: [1, 2 ** 31] }, 'from 0 to 2147483647'],
    ['suffix', { prompt: 'a', suffix: 'end' }, 'not supported'],
    ['max_token', { prompt: 'a', max_token: 5 }, "unknown field 'max_token'"],
    ['use_beam_search', { prompt: 'a', use_beam_search: true }, 'is not supported: there is no beam search'],
    ['stop_token_ids[0]', { prompt: 'a', stop_token_ids: [384] }, 'outside the vocabulary (0 to 383)'],
    ['repeat_penalty', { prompt: 'a', repeat_penalty: 0 }, 'at least 0.01, not 0'],
    ['guided_regex', { prompt: 'a', guided_regex: 'a', grammar: 'root ::= "a"' }, 'and grammar each say'],
    ['mirostat', { prompt: 'a', mirostat: 2 }, 'is not supported'],
    ['bad_words', { prompt: 'a', bad_words: ['a'] }, 'is not supported: logit_bias'],
    ['__proto__', '{"prompt": "a", "__proto__": {"n": 3}}', 'unknown field'],
    ['max_tokens', '{"prompt": "a", "max_tokens": 1e400}', 'not Infinity'],
  ])('%s: %j', async (param, body, message) => {
    const answer = await post(service, OPENAI, body);
    expect(answer.status).toBe(400);
    expect(openAiError(answer)).toMatchObject({
      param,
      code: 'invalid_request',
      type: 'invalid_request_error',
    });
    expect(openAiError(answer).message).toContain(message);
    expect(answer.headers['x-should-retry']).toBe('false');
    expect(engine.numFreePlaces).toBe(1000);
  });
});

describe('a field at fault is named: chat', () => {
  const user = { role: 'user', content: 'a' };
  const messages = [user];
  const image = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } };
  const callingTool = (given: unknown, type = 'function'): object => ({
    role: 'assistant',
    tool_calls: [{ id: 'c', type, function: { name: 'f', arguments: given } }],
  });
  const tools = [{ type: 'function', function: { name: 'f' } }];
  const schema = { type: 'object' };
  it.each([
    ['messages', {}, 'is required'],
    ['messages', { messages: 'a' }, 'a list, not a string'],
    ['messages', { messages: [] }, 'at least 1 entries'],
    ['messages', { messages }, 'has no chat template'],
    ['messages[0]', { messages: ['a'] }, 'an object, not a string'],
    ['messages[0].role', { messages: [{ content: 'a' }] }, 'is required'],
    ['messages[1].role', { messages: [user, { role: 'bot', content: 'a' }] }, 'must be "system" or'],
    ['messages[0].content', { messages: [{ role: 'user' }] }, 'is required'],
    ['messages[0].content', { messages: [{ role: 'user', content: null }] }, 'is required'],
    ['messages[0].content', { messages: [{ role: 'user', content: 5 }] }, 'a string or a list of text parts'],
    ['messages[0].content', { messages: [{ role: 'user', content: [] }] }, 'empty list'],
    ['messages[0].content[0]', { messages: [{ role: 'user', content: ['a'] }] }, 'must be a text part'],
    ['messages[0].content[0].type', { messages: [{ role: 'user', content: [image] }] }, 'not "image_url"'],
    [
      'messages[0].content[0].text',
      { messages: [{ role: 'user', content: [{ type: 'text' }] }] },
      'a string',
    ],
    ['messages[0].content', { messages: [{ role: 'user', contents: 'a' }] }, 'is required'],
    ['messages[1].tool_calls[0].function.arguments', { messages: [user, callingTool(5)] }, 'JSON object'],
    [
      'messages[1].tool_calls[0].type',
      { messages: [user, { ...callingTool('{}', 'custom') }] },
      '"function"',
    ],
    ['prompt', { messages, prompt: 'a' }, "unknown field 'prompt'"],
    ['max_completion_tokens', { messages, max_completion_tokens: 0 }, 'at least 1, not 0'],
    ['max_tokens', { messages, max_tokens: 3, max_completion_tokens: 4 }, 'not 4 and 3'],
    ['min_tokens', { messages, max_tokens: 4, min_tokens: 5 }, 'at most max_tokens'],
    ['logprobs', { messages, logprobs: 3 }, 'true or false, not 3'],
    ['top_logprobs', { messages, top_logprobs: 3 }, 'only with logprobs'],
    ['top_logprobs', { messages, logprobs: true, top_logprobs: 21 }, 'at most 20'],
    ['logit_bias.384', { messages, logit_bias: { 384: 1 } }, 'outside the vocabulary'],
    ['n', { messages, n: 129 }, 'at most 128'],
    ['truncate_prompt_tokens', { messages, truncate_prompt_tokens: -1 }, 'needs max_completion_tokens'],
    ['stream_options', { messages, stream_options: { include_usage: true } }, 'only with stream'],
    ['tools[0].type', { messages, tools: [{ type: 'web_search' }] }, 'not "web_search": tools are functions'],
    [
      'tools[0].function.name',
      { messages, tools: [{ type: 'function', function: { name: 'f g' } }] },
      'letters',
    ],
    ['tools[1].function.name', { messages, tools: [...tools, ...tools] }, "is 'f', which another tool has"],
    [
      'tools[0].function.parameters',
      { messages, tools: [{ type: 'function', function: { name: 'f', parameters: [] } }] },
      'must be an object, not a list',
    ],
    ['tool_choice', { messages, tool_choice: 'required' }, 'there are no tools'],
    ['tool_choice', { messages, tools, tool_choice: 'any' }, 'must be "none", "auto", "required"'],
    [
      'tool_choice.function.name',
      { messages, tools, tool_choice: { type: 'function', function: { name: 'g' } } },
      "is 'g', which is none of the tools: f",
    ],
    [
      'tool_choice.allowed_tools.tools[0].function.name',
      {
        messages,
        tools,
        tool_choice: {
          type: 'allowed_tools',
          allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'g' } }] },
        },
      },
      "is 'g'",
    ],
    ['functions', { messages, tools, functions: [{ name: 'f' }] }, 'older name of tools'],
    ['function_call', { messages, function_call: { name: 'f' } }, 'there are no functions'],
    ['function_call.name', { messages, functions: [{ name: 'f' }], function_call: { name: 'g' } }, "is 'g'"],
    ['response_format.type', { messages, response_format: { type: 'grammar' } }, '"json_schema"'],
    ['response_format.typ', { messages, response_format: { type: 'text', typ: 1 } }, 'unknown field'],
    [
      'response_format.json_schema.schema',
      { messages, response_format: { type: 'json_schema', json_schema: { name: 'a' } } },
      'is required',
    ],
    ['response_format.schema', { messages, response_format: { type: 'text', schema } }, 'goes with'],
    [
      'response_format',
      { messages, response_format: { type: 'json_object' }, guided_json: schema },
      'and guided_json each say what the answer must look like',
    ],
    [
      'structured_outputs',
      { messages, structured_outputs: { regex: 'a', choice: ['a'] } },
      'says twice what the answer must look like',
    ],
    ['guided_json', { messages, guided_json: '{"type": ' }, 'is no JSON'],
    ['guided_json', { messages, guided_json: '[1]' }, 'must be the text of a JSON Schema'],
    ['guided_json', { messages, guided_json: 5 }, 'must be a JSON Schema'],
    ['reasoning_effort', { messages, reasoning_effort: 'some' }, 'must be "none" or'],
    [
      'reasoning_effort',
      { messages, reasoning_effort: 'none', chat_template_kwargs: { enable_thinking: true } },
      'turns reasoning off, but chat_template_kwargs.enable_thinking turns it on',
    ],
    [
      'max_reasoning_tokens',
      { messages, thinking_token_budget: 3, max_reasoning_tokens: 4 },
      'another name of thinking_token_budget: send one of them, not 4 and 3',
    ],
    [
      'reasoning.max_tokens',
      { messages, thinking_budget: 3, reasoning: { max_tokens: 4 } },
      'another name of thinking_budget',
    ],
    ['reasoning.effort', { messages, reasoning_effort: 'low', reasoning: { effort: 'high' } }, 'send one of'],
    [
      'reasoning',
      { messages, reasoning: { effort: 'low' }, thinking: { type: 'disabled' } },
      'turns reasoning on, but thinking.type turns it off',
    ],
    ['reasoning.exclude', { messages, include_reasoning: true, reasoning: { exclude: true } }, 'is true'],
    ['reasoning.budget', { messages, reasoning: { budget: 3 } }, 'unknown field'],
    ['thinking_token_budget', { messages, thinking_token_budget: -2 }, 'at least -1'],
    ['chat_template_kwargs.messages', { messages, chat_template_kwargs: { messages: [] } }, 'by the service'],
    ['stop_token_ids[1]', { messages, stop_token_ids: [1, 384] }, 'outside the vocabulary'],
    ['repeat_penalty', { messages, repeat_penalty: 1.2, repetition_penalty: 1.1 }, 'send one of them'],
    ['echo', { messages, echo: true }, 'is not supported'],
    ['verbosity', { messages, verbosity: 'low' }, 'is not supported'],
    ['priority', { messages, priority: 1 }, 'is not supported'],
    ['add_special_tokens', { messages, add_special_tokens: true }, 'the chat template writes'],
    [
      'include_stop_str_in_output',
      { messages, include_stop_str_in_output: true },
      '/v1/completions takes it',
    ],
    ['chat_template', { messages, chat_template: '{{ 1 }}' }, 'it is a program'],
    ['request_id', { messages, request_id: 'a' }, 'x-request-id'],
    ['max_token', { messages, max_token: 5 }, "unknown field 'max_token'"],
    ['temperature', { messages, temperature: 2.1 }, 'at most 2'],
  ])('%s: %j', async (param, body, message) => {
    const answer = await post(service, CHAT, body);
    expect(answer.status).toBe(400);
    expect(openAiError(answer)).toMatchObject({ param, code: 'invalid_request' });
    expect(openAiError(answer).message).toContain(message);
    expect(engine.numFreePlaces).toBe(1000);
  });
});

describe('a field at fault is named: Workers AI', () => {
  it.each([
    ['/prompt', {}, 'prompt is required'],
    ['/prompt', { prompt: '' }, 'prompt must have at least 1 characters'],
    ['/prompt', { prompt: ['a'] }, 'prompt must be a string, not a list'],
    ['/messages', { messages: [{ role: 'user', content: 'hello' }] }, 'has no chat template'],
    ['/messages', { messages: [] }, 'at least 1 entries'],
    ['/messages', { prompt: 'a', messages: [{ role: 'user', content: 'a' }] }, 'exactly one of them'],
    ['/messages/0/role', { messages: [{ role: 'bot', content: 'a' }] }, 'must be "system" or'],
    ['/raw', { messages: [{ role: 'user', content: 'a' }], raw: true }, 'goes with prompt'],
    ['/tools', { prompt: 'a', tools: [{ name: 'f' }] }, 'needs a chat template'],
    ['/tools/0/name', { prompt: 'a', tools: [{ name: '' }] }, 'at least 1 characters'],
    ['/tools/0/code', { prompt: 'a', tools: [{ name: 'f', code: 'x' }] }, 'unknown field'],
    ['/tool_choice', { prompt: 'a', tool_choice: 'any' }, "must be 'auto', 'none', 'required'"],
    ['/lora', { prompt: 'a', lora: 'mine' }, 'not supported'],
    ['/functions', { prompt: 'a', functions: [{ name: 'f', code: 'x' }] }, 'not supported'],
    ['/chat_template_kwargs', { prompt: 'a', chat_template_kwargs: { a: 1 } }, 'needs a chat template'],
    ['/reasoning_effort', { prompt: 'a', reasoning_effort: 'low' }, 'needs a chat template'],
    ['/reasoning_effort', { prompt: 'a', reasoning_effort: 'much' }, 'must be "none" or'],
    ['/response_format/type', { prompt: 'a', response_format: { type: 'xml' } }, 'must be "text" or'],
    [
      '/response_format/json_schema',
      { prompt: 'a', response_format: { type: 'json_schema' } },
      'is required with type json_schema',
    ],
    [
      '/response_format/json_schema',
      { prompt: 'a', response_format: { type: 'json_schema', json_schema: 5 } },
      'must be a JSON Schema',
    ],
    ['/guided_json', { prompt: 'a', guided_json: {}, guided_regex: 'a' }, 'each say what the answer'],
    ['/options/rejectIfBusy', { prompt: 'a', options: { rejectIfBusy: 1 } }, 'true or false'],
    ['/options/tags', { prompt: 'a', options: { tags: [] } }, 'unknown field'],
    ['/text', { text: [] }, 'at least 1 entries'],
    ['/text/1', { text: ['a', ''] }, 'at least 1 characters'],
    ['/text', { text: 5 }, 'a list of 1 to 100 texts'],
    ['/text', { text: '' }, 'at least 1 characters'],
    ['/temperature', { text: 'a', temperature: 1 }, 'unknown field'],
    ['/pooling', { text: 'a', pooling: 'cls' }, "must be 'mean'"],
    ['/contexts', { query: 'a', contexts: [{ text: 'b' }] }, 'a ranking, which this model cannot make'],
    ['/query', { query: 'a' }, 'a ranking'],
    ['/max_tokens', { prompt: 'a', max_tokens: 0 }, 'max_tokens must be at least 1, not 0'],
    ['/temperature', { prompt: 'a', temperature: 5.5 }, 'temperature must be at most 5'],
    ['/top_p', { prompt: 'a', top_p: 3 }, 'top_p must be at most 2'],
    ['/stop', { prompt: 'a', stop: ['a', 'b', 'c', 'd', 'e'] }, 'up to 4 strings'],
    ['/n', { prompt: 'a', n: 2 }, "unknown field 'n'"],
    ['/temperature', '{"prompt": "a", "temperature": 1e400}', 'temperature'],
  ])('%s: %j', async (pointer, body, message) => {
    const answer = await post(service, WORKERS_AI, body);
    expect(answer.status).toBe(400);
    expect(workersAiError(answer)).toMatchObject({ code: 5004, source: { pointer } });
    expect(workersAiError(answer).message).toContain(message);
  });
});

const JSON_ROUTES = [
  OPENAI,
  CHAT,
  WORKERS_AI,
  `/client/v4/accounts/me${WORKERS_AI}`,
  '/v1/embeddings',
  '/v1/decisions',
  '/v1/rerank',
  '/v1/score',
  '/v1/attention',
  '/tokenize',
  '/detokenize',
];

describe.each(JSON_ROUTES)('a body that is no JSON object: %s', (path) => {
  const isWorkersAi = path.includes('/ai/');
  const messageOf = (answer: Answer): string =>
    isWorkersAi ? workersAiError(answer).message : openAiError(answer).message;
  const paramOf = (answer: Answer): string | null | undefined =>
    isWorkersAi ? workersAiError(answer).source?.pointer.slice(1) : openAiError(answer).param;

  it.each([
    ['malformed', '{"prompt": ', 'not valid JSON'],
    ['with NaN', '{"prompt": "a", "temperature": NaN}', 'not valid JSON'],
    ['a list', '[1]', 'a JSON object, not a list'],
    ['null', 'null', 'a JSON object, not null'],
    ['empty', '', 'empty'],
    ['nested without end', '['.repeat(5000), 'nests more than 32 levels'],
    ['a list nested 32 levels deep', `${'['.repeat(32)}${']'.repeat(32)}`, 'a JSON object, not a list'],
    ['nested deeply', nested(33), 'nests more than 32 levels'],
  ])('%s', async (_, body, message) => {
    const answer = await call(service, 'POST', path, { body });
    expect(answer.status).toBe(400);
    expect(messageOf(answer)).toContain(message);
    expect(paramOf(answer)).toBe('body');
  });

  it('names a wrong content type, and a missing one', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await call(service, 'POST', path, { body: 'prompt=a', headers: form });
    expect(answer.status).toBe(400);
    expect(messageOf(answer)).toContain("'application/x-www-form-urlencoded'; send application/json");
    expect(paramOf(answer)).toBe('content-type');
  });

  it('wants a JSON type even where nothing is sent', async () => {
    const answer = await call(service, 'POST', path);
    expect(answer.status).toBe(400);
    expect(messageOf(answer)).toContain('content-type is missing');
    expect(paramOf(answer)).toBe('content-type');
  });

  it('refuses a compressed body', async () => {
    const answer = await call(service, 'POST', path, { body: '{}', headers: { 'content-encoding': 'gzip' } });
    expect(answer.status).toBe(400);
    expect(paramOf(answer)).toBe('content-encoding');
  });

  it('answers 413 to a body over the limit', async () => {
    const answer = await call(service, 'POST', path, { body: { prompt: 'a'.repeat(20_000) } });
    expect(answer.status).toBe(413);
    expect(messageOf(answer)).toMatch(/20013 bytes, the limit is 20000/);
    if (isWorkersAi) expect(workersAiError(answer).code).toBe(3006);
    else expect(openAiError(answer).code).toBe('payload_too_large');
  });
});

/** What a server answers to raw bytes; the connection is left open by the client. */
function exchange(bytes: string, end = /\r\n\r\n/): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1', () => socket.write(bytes));
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString();
      if (!end.test(received)) return;
      resolve(received);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

describe('bodies on the wire', () => {
  const head = `POST ${OPENAI} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`;

  it('answers 413 before a body over the limit is sent', async () => {
    expect(await exchange(`${head}content-length: 1000000\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('cuts off a chunked body at the limit', async () => {
    const chunk = `4000\r\n${'a'.repeat(0x4000)}\r\n`;
    expect(await exchange(`${head}transfer-encoding: chunked\r\n\r\n${chunk}${chunk}`)).toMatch(
      /^HTTP\/1\.1 413 /,
    );
  });

  it('takes a chunked body within the limit', async () => {
    const body = '{"prompt": "a"}';
    const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    expect(await exchange(`${head}transfer-encoding: chunked\r\n\r\n${chunked}`)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('takes a body in chunks of one byte', async () => {
    const body = JSON.stringify({ prompt: 'a', user: 'u'.repeat(5000) });
    const chunked = body.replaceAll(/./g, '1\r\n$&\r\n');
    expect(await exchange(`${head}transfer-encoding: chunked\r\n\r\n${chunked}0\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 200 /,
    );
  });

  it('breaks a connection off whose body comes in nothing but chunks of one byte', async () => {
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(`${head}transfer-encoding: chunked\r\n\r\n${'1\r\na\r\n'.repeat(15_000)}`);
    await once(socket, 'close');
    expect((await call(service, 'GET', '/health')).status).toBe(200);
  });

  it('refuses a client without room before its body has come', async () => {
    // Whether there are other models is known a moment after it is asked first.
    await vi.waitFor(async () => {
      engine.numFreePlaces = 0;
      const refused = await Promise.race([exchange(`${head}content-length: 100\r\n\r\n`), sleep(200, '')]);
      expect(refused).toMatch(/^HTTP\/1\.1 429 [^]*retry-after-ms: 2500/);
    }, 5000);
  });

  it('answers what comes after a body that it did not read', async () => {
    const refused = `POST ${OPENAI} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9000\r\n\r\n${'a'.repeat(9000)}`;
    const answers = await exchange(
      `${refused}GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n`,
      /HTTP\/1\.1 200 /,
    );
    expect(answers).toMatch(/^HTTP\/1\.1 400 [^]*content-type is missing[^]*HTTP\/1\.1 200 /);
  });

  it.each(['content-length: 100', 'transfer-encoding: chunked'])(
    'a client that leaves while it sends is no fault of the service: %s',
    async (framing) => {
      const numLines = service.logLines.length;
      const { port } = new URL(service.url);
      const socket = connect(Number(port), '127.0.0.1', () =>
        socket.write(`${head}${framing}\r\n\r\n8\r\n{"prompt`),
      );
      await sleep(50);
      socket.destroy();
      while (service.logLines.length === numLines) await sleep(5);
      expect(service.logLines.at(-1)).toMatchObject({
        status: 400,
        error: 'the body ended before it was whole',
      });
    },
  );

  it('refuses bytes that are not UTF-8', async () => {
    const answer = await fetch(service.url + OPENAI, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: Uint8Array.of(0x7b, 0xff, 0x7d),
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('not valid UTF-8');
  });
});

describe('what the engine refuses', () => {
  const codes: [ErrorCode, number, number, number][] = [
    ['context_length_exceeded', 400, 413, 5021],
    ['queue_full', 429, 429, 3040],
    ['engine_not_ready', 503, 503, 7009],
    ['request_timeout', 504, 408, 3007],
    ['backend_failure', 500, 500, 3043],
  ];
  it.each(codes)('%s', async (code, openAiStatus, workersAiStatus, workersAiCode) => {
    engine.reset({ failAfter: 0, failure: new EngineError(code, 'as it is', { retryAfterMs: 2500 }) });
    const answer = await post(service, OPENAI, { prompt: 'a' });
    expect(answer.status).toBe(openAiStatus);
    expect(openAiError(answer)).toMatchObject({ code, message: 'as it is' });
    const native = await post(service, WORKERS_AI, { prompt: 'a', max_tokens: 5 });
    expect(native.status).toBe(workersAiStatus);
    expect(workersAiError(native)).toMatchObject({ code: workersAiCode, message: 'as it is' });
    for (const { headers } of [answer, native]) {
      expect(headers['x-should-retry']).toBe(String(code !== 'context_length_exceeded'));
    }
  });

  it.each([OPENAI, WORKERS_AI])('tells a busy client when to come back: %s', async (path) => {
    engine.numFreePlaces = 0;
    const { status, headers } = await post(service, path, { prompt: 'a', max_tokens: 5 });
    expect(status).toBe(429);
    expect(headers).toMatchObject({ 'retry-after': '3', 'retry-after-ms': '2500', 'x-should-retry': 'true' });
  });

  it.each([OPENAI, WORKERS_AI])(
    'refuses a prompt that cannot fit, with numbers, and gives its places back: %s',
    async (path) => {
      for (const prompt of ['a b '.repeat(40), 'a b '.repeat(4000)]) {
        const answer = await post(service, path, { prompt, max_tokens: 100 });
        expect(answer.status).toBe(path === OPENAI ? 400 : 413);
        expect(answer.text).toMatch(/\d+ tokens and max_tokens/);
        expect(answer.text).toContain('128');
      }
      expect(engine.numFreePlaces).toBe(1000);
    },
  );

  it('hides what nobody foresaw, and logs it under the request id', async () => {
    engine.script.failure = new EngineError('internal', 'secret of the prompt');
    engine.script.failAfter = 0;
    const answer = await post(service, OPENAI, { prompt: 'a' });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('secret');
    expect(answer.headers['x-should-retry']).toBe('false');
    const line = service.logLines.find(({ requestId }) => requestId === answer.headers['x-request-id']);
    expect(line).toMatchObject({ status: 500, err: { message: 'secret of the prompt' } });
  });
});

describe('unknown models, routes and methods', () => {
  it('404 model_not_found names the model', async () => {
    const answer = await post(service, OPENAI, { model: 'gpt-9', prompt: 'a' });
    expect(answer.status).toBe(404);
    expect(openAiError(answer)).toMatchObject({ code: 'model_not_found', param: 'model' });
    expect(openAiError(answer).message).toContain("'gpt-9'");
    for (const path of ['/ai/run/@cf/x/y', '/client/v4/accounts/me/ai/run/@cf/x/y']) {
      const native = await post(service, path, { prompt: 'a' });
      expect(native.status).toBe(400);
      expect(workersAiError(native)).toMatchObject({ code: 5007 });
      expect(workersAiError(native).message).toContain("'@cf/x/y'");
    }
  });

  it.each([
    '/',
    '/v1/chat',
    '/v1/completions/',
    '/favicon.ico',
    '/v1/%zz',
    '/a%00b',
    '/ai/v1/nowhere',
    '/client/v4/accounts/me/ai/v1/nowhere',
  ])('404 in the envelope of OpenAI: %s', async (path) => {
    const answer = await call(service, 'GET', path);
    expect(answer.status).toBe(404);
    expect(openAiError(answer).code).toBe('not_found');
  });

  it.each([
    '/ai',
    '/ai/run',
    '/client/v4/accounts',
    '/client/v4/accounts/me/ai/v2',
    '/client/v4/ai/v1/models',
  ])('404 in the envelope of Workers AI: %s', async (path) => {
    const answer = await post(service, path, {});
    expect(answer.status).toBe(404);
    expect(workersAiError(answer).code).toBe(7000);
  });

  it.each([
    ['GET', OPENAI, 'POST, OPTIONS'],
    ['GET', CHAT, 'POST, OPTIONS'],
    ['PUT', '/v1/models', 'GET, HEAD, OPTIONS'],
    ['POST', '/v1/requests/x', 'GET, DELETE, HEAD, OPTIONS'],
    ['DELETE', '/health', 'GET, HEAD, OPTIONS'],
  ] as const)('405 with allow: %s %s', async (method, path, allow) => {
    const answer = await call(service, method, path);
    expect(answer.status).toBe(405);
    expect(openAiError(answer).code).toBe('method_not_allowed');
    expect(answer.headers['allow']).toBe(allow);
  });

  it('405 with allow: Workers AI', async () => {
    const answer = await call(service, 'GET', WORKERS_AI);
    expect(answer.status).toBe(405);
    expect(workersAiError(answer).code).toBe(7001);
    expect(answer.headers['allow']).toBe('POST, OPTIONS');
  });
});
