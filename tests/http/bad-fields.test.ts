import { describe, expect, it } from 'vitest';
import { openAiError, workersAiError } from '../support/error-bodies.ts';
import { post } from '../support/http-client.ts';
import { useScriptedService } from '../support/scripted-service.ts';

const OPENAI = '/v1/completions';
const WORKERS_AI = '/ai/run/@test/tiny-gpt2';

const on = useScriptedService();

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
    ['max_tokens', { prompt: 'a', max_tokens: -2 }, 'at least -1, not -2'],
    [
      'truncate_prompt_tokens',
      { prompt: 'a', max_tokens: -1, truncate_prompt_tokens: -1 },
      'and max_tokens are both -1',
    ],
    ['max_tokens', { prompt: 'a', max_tokens: 1.5 }, 'an integer, not 1.5'],
    ['max_tokens', { prompt: 'a', max_tokens: '5' }, 'not a string'],
    ['max_tokens', { prompt: 'a', max_tokens: 0 }, 'only with echo'],
    ['temperature', { prompt: 'a', temperature: 2.1 }, 'at most 2, not 2.1'],
    ['temperature', { prompt: 'a', temperature: 'hot' }, 'not a string'],
    ['top_p', { prompt: 'a', top_p: -0.1 }, 'at least 0'],
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
    ['logit_bias', { prompt: 'a', logit_bias: { ['__proto__']: 1 } }, 'must not have an entry __proto__'],
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
    ['guided_regex', { prompt: 'a', guided_regex: 'a', regex: 'b' }, 'and regex each say'],
    ['mirostat', { prompt: 'a', mirostat: 2 }, 'is not supported'],
    ['bad_words', { prompt: 'a', bad_words: ['a'] }, 'is not supported: logit_bias'],
    ['__proto__', '{"prompt": "a", "__proto__": {"n": 3}}', 'unknown field'],
    ['max_tokens', '{"prompt": "a", "max_tokens": 1e400}', 'not Infinity'],
  ])('%s: %j', async (param, body, message) => {
    const answer = await post(on.service, OPENAI, body);
    expect(answer.status).toBe(400);
    expect(openAiError(answer)).toMatchObject({
      param,
      code: 'invalid_request',
      type: 'invalid_request_error',
    });
    expect(openAiError(answer).message).toContain(message);
    expect(answer.headers['x-should-retry']).toBe('false');
    expect(on.engine.numFreeSlots).toBe(1000);
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
    ['/pooling', { text: 'a', pooling: 'sum' }, 'mean'],
    ['/contexts', { query: 'a' }, 'contexts is required'],
    ['/contexts', { query: 'a', contexts: [] }, 'at least 1 entries'],
    ['/contexts/1/text', { query: 'a', contexts: [{ text: 'b' }, { text: '' }] }, 'at least 1 characters'],
    ['/query', { contexts: [{ text: 'b' }] }, 'query is required'],
    ['/top_k', { query: 'a', contexts: [{ text: 'b' }], top_k: 0 }, 'at least 1'],
    ['/max_tokens', { prompt: 'a', max_tokens: 0 }, 'max_tokens must be at least 1, not 0'],
    ['/temperature', { prompt: 'a', temperature: 5.5 }, 'temperature must be at most 5'],
    ['/top_p', { prompt: 'a', top_p: 3 }, 'top_p must be at most 2'],
    ['/stop', { prompt: 'a', stop: ['a', 'b', 'c', 'd', 'e'] }, 'up to 4 strings'],
    ['/n', { prompt: 'a', n: 2 }, "unknown field 'n'"],
    ['/temperature', '{"prompt": "a", "temperature": 1e400}', 'temperature'],
  ])('%s: %j', async (pointer, body, message) => {
    const answer = await post(on.service, WORKERS_AI, body);
    expect(answer.status).toBe(400);
    expect(workersAiError(answer)).toMatchObject({ code: 5004, source: { pointer } });
    expect(workersAiError(answer).message).toContain(message);
  });
});
