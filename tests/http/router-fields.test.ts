import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { threadQueue } from '../../src/fairness/thread-queue.ts';
import { makeChatModel } from '../support/chat-model.ts';
import { call, post, postOk, type Answer } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

/** What vLLM's router sends to its replicas, and what UNKNOWN_FIELDS makes of other fields. */

const model = makeChatModel();
let engine: ScriptedEngine;
let service: HttpService;
let lenient: HttpService;

beforeAll(async () => {
  engine = await ScriptedEngine.create(model.path);
  service = await startHttpService(engine);
  lenient = await startHttpService(engine, { unknownFields: 'ignore' });
});
beforeEach(() => engine.reset());
afterAll(async () => {
  await service.close();
  await lenient.close();
  model.remove();
});

const messages = [{ role: 'user', content: 'Hello' }];

/** As `vllm-router` 0.1.17 sends them on, recorded from it: each field that a client left out has its default. */
const RECORDED: readonly [path: string, body: object][] = [
  [
    '/v1/completions',
    {
      prompt: 'Hello',
      stream: false,
      echo: false,
      no_stop_trim: false,
      ignore_eos: false,
      skip_special_tokens: true,
      return_hidden_states: false,
    },
  ],
  [
    '/v1/chat/completions',
    {
      messages,
      stream: false,
      logprobs: false,
      no_stop_trim: false,
      ignore_eos: false,
      continue_final_message: false,
      skip_special_tokens: true,
      separate_reasoning: true,
      stream_reasoning: true,
      return_hidden_states: false,
      include_reasoning: true,
    },
  ],
  ['/v1/responses', { input: 'Hello' }],
];

describe.each(RECORDED)("vLLM's router: %s", (path, body) => {
  it('is answered', async () => {
    expect((await post(service, path, body)).status).toBe(200);
  });

  it('has asked for the token ids of the prompt before', async () => {
    expect((await post(service, `${path}/render`, body)).status).toBe(200);
  });
});

describe("OpenRouter's fields of who serves a model", () => {
  it.each(['/v1/completions', '/v1/chat/completions'])('are taken by %s', async (path) => {
    const asked = path.includes('chat') ? { messages } : { prompt: 'a' };
    const fields = { provider: { order: ['a'] }, route: 'fallback', usage: { include: true } };
    const { status, headers } = await post(service, path, { ...asked, ...fields });
    expect(status).toBe(200);
    expect(headers['x-ignored-fields']).toBeUndefined();
  });
});

describe('a field of another engine that asks for something', () => {
  it.each<[path: string, body: object, field: string]>([
    ['/v1/completions', { prompt: 'a', no_stop_trim: true }, 'no_stop_trim'],
    ['/v1/completions', { prompt: 'a', return_hidden_states: 'last' }, 'return_hidden_states'],
    ['/v1/completions', { prompt: 'a', lora_path: 'mine' }, 'lora_path'],
    ['/v1/completions', { prompt: 'a', bootstrap_room: 7 }, 'bootstrap_room'],
    ['/v1/completions', { prompt: 'a', thinking_token_budget: 9 }, 'thinking_token_budget'],
    ['/v1/completions', { prompt: 'a', stop_regex: '[a-z]+' }, 'stop_regex'],
    ['/v1/chat/completions', { messages, stream_reasoning: false }, 'stream_reasoning'],
    ['/v1/chat/completions', { messages, truncation_side: 'right' }, 'truncation_side'],
    ['/v1/chat/completions', { messages, input_ids: [1] }, 'input_ids'],
    ['/v1/chat/completions', { messages, guideline: 'Be brief.' }, 'guideline'],
    ['/v1/responses', { input: 'a', repetition_penalty: 1.1 }, 'repetition_penalty'],
    ['/v1/responses', { input: 'a', structured_outputs: { json: {} } }, 'structured_outputs'],
  ])('%s %j is refused by its name, UNKNOWN_FIELDS or not', async (path, body, field) => {
    for (const one of [service, lenient]) {
      const { status, json } = await post(one, path, body);
      expect(status).toBe(400);
      expect(json).toMatchObject({
        error: { param: field, message: expect.stringMatching(`^${field} is not supported: `) as string },
      });
    }
  });
});

describe('UNKNOWN_FIELDS=ignore', () => {
  const ignoredBy = async (path: string, body: object): Promise<string | undefined> => {
    const answer = await post(lenient, path, body);
    expect(answer.status, answer.text).toBe(200);
    return answer.headers['x-ignored-fields'];
  };

  it('passes over what no list has, and names it in a header', async () => {
    const nested = { stream: true, stream_options: { include_usage: true, b: 1 } };
    expect(await ignoredBy('/v1/completions', { prompt: 'a' })).toBeUndefined();
    expect(await ignoredBy('/v1/completions', { prompt: 'a', temprature: 0, foo: {} })).toBe(
      'temprature, foo',
    );
    expect(await ignoredBy('/v1/completions', { prompt: 'a', ...nested })).toBe('stream_options.b');
    expect(await ignoredBy('/v1/chat/completions', { messages, foo: 1 })).toBe('foo');
    expect(await ignoredBy('/v1/responses', { input: 'a', foo: 1, text: { bar: 2 } })).toBe('text.bar, foo');
    expect(await ignoredBy('/v1/messages', { messages, max_tokens: 2, foo: 1 })).toBe('foo');
    expect(await ignoredBy('/v1/completions/render', { prompt: 'a', foo: 1 })).toBe('foo');
  });

  it('takes a name apart that a header cannot have, and one that is too long', async () => {
    const body = `{"prompt": "a", "b\\r\\nset-cookie: c": 1, "\\ud800": 2, "__proto__": 3, "${'n'.repeat(99)}": 4}`;
    const answer = await call(lenient, 'POST', '/v1/completions', { body });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(answer.headers['x-ignored-fields']).toBe(`b??set-cookie??c, ?, __proto__, ${'n'.repeat(64)}`);
  });

  it('refuses more than 16 of them, and a known field that is wrong', async () => {
    const many = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`a${index}`, 1]));
    expect((await post(lenient, '/v1/completions', { prompt: 'a', ...many })).json).toMatchObject({
      error: { param: 'a0', message: "unknown field 'a0'" },
    });
    const wrong = await post(lenient, '/v1/completions', { prompt: 'a', foo: 1, max_tokens: -2 });
    expect(wrong.json).toMatchObject({ error: { param: 'max_tokens' } });
  });

  it('lets other requests run before it reads the body once more, for each place of such a field', async () => {
    const pause = vi.spyOn(threadQueue, 'goOn');
    try {
      const input = Array.from({ length: 16 }, () => ({ role: 'user', content: 'a', foo: 1 }));
      expect((await ignoredBy('/v1/responses', { input }))?.split(', ')).toHaveLength(16);
      expect(pause).toHaveBeenCalledTimes(16);
    } finally {
      pause.mockRestore();
    }
  });

  it('is not the default', async () => {
    expect((await post(service, '/v1/completions', { prompt: 'a', foo: 1 })).json).toMatchObject({
      error: { message: "unknown field 'foo'" },
    });
  });
});

describe('the render routes', () => {
  const promptTokens = ({ json }: Answer): number =>
    (json as { usage: { prompt_tokens: number } }).usage.prompt_tokens;

  it('give the token ids of each prompt', async () => {
    const texts = ['The river', 'Once upon a time'];
    const [one, other] = await Promise.all(texts.map((prompt) => post(service, '/tokenize', { prompt })));
    const { status, json, headers } = await post(service, '/v1/completions/render', { prompt: texts, n: 3 });
    expect(status).toBe(200);
    const id = `cmpl-${headers['x-request-id']}`;
    expect(json).toEqual(
      [one, other].map((answer) => ({
        request_id: id,
        model: engine.model.id,
        token_ids: (answer?.json as { tokens: number[] }).tokens,
      })),
    );
    expect(engine.requests).toEqual([]);
  });

  it('give what the engine gets of a chat and of a response', async () => {
    const chat = { messages: [{ role: 'system', content: 'Be brief.' }, ...messages], max_tokens: 2 };
    const rendered = await postOk<{ token_ids: number[] }>(service, '/v1/chat/completions/render', chat);
    await post(service, '/v1/chat/completions', chat);
    expect(engine.requests.at(-1)?.prompts).toEqual([rendered.token_ids]);
    const input = { input: 'Hello', instructions: 'Be brief.', max_output_tokens: 2 };
    const response = await postOk<{ token_ids: number[] }>(service, '/v1/responses/render', input);
    await post(service, '/v1/responses', input);
    expect(engine.requests.at(-1)?.prompts).toEqual([response.token_ids]);
  });

  it('cut the prompt as the request would', async () => {
    const body = { prompt: 'Once upon a time', truncate_prompt_tokens: 2, max_tokens: 2 };
    const { json } = await post(service, '/v1/completions/render', body);
    const answer = await post(service, '/v1/completions', body);
    expect((json as { token_ids: number[] }[])[0]?.token_ids).toHaveLength(2);
    expect(promptTokens(answer)).toBe(2);
  });

  it('refuse what the request would be refused for', async () => {
    const tooLong = { prompt: Array<number>(engine.model.contextLength + 1).fill(1) };
    const { status, json } = await post(service, '/v1/completions/render', tooLong);
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { code: 'context_length_exceeded' } });
    expect((await post(service, '/v1/chat/completions/render', { messages: [] })).status).toBe(400);
    expect((await post(service, '/v1/responses/render', { input: 'a', model: 'x' })).status).toBe(404);
  });
});
