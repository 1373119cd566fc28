import { describe, expect, it } from 'vitest';
import type { ResponseBody } from '../../routes/responses/schemas/response-body.ts';
import type { ResponseEvent } from '../../routes/responses/schemas/response-events.ts';
import { TRANSCRIPT_TEMPLATE } from '../support/chat-model.ts';
import { post, postOk, postStream, type StreamedAnswer } from '../support/http-client.ts';
import { useScriptedService } from '../support/scripted-service.ts';

/** OpenAI's Responses API over a socket. */

const PATH = '/v1/responses';
const MODEL = '@test/tiny-gpt2';
const TEXT = ' runs past the old mill';

const on = useScriptedService({
  template: TRANSCRIPT_TEMPLATE,
  model: { contextLength: 1024 },
  script: { text: TEXT },
});
const create = (body: object): Promise<ResponseBody> => postOk(on.service, PATH, body);
const stream = (body: object): Promise<StreamedAnswer<ResponseEvent>> => postStream(on.service, PATH, body);

describe('POST /v1/responses', () => {
  it('answers in the shape of OpenAI', async () => {
    const answer = await post(on.service, PATH, { model: MODEL, input: 'The river', metadata: { a: 'b' } });
    const id = answer.headers['x-request-id'];
    const numTokens = on.engine.ownTokenizer.encode(TEXT).length;
    const numPromptTokens = on.engine.requests[0]?.prompts[0]?.length ?? 0;
    expect(on.lastPrompt()).toBe('u:The river\na:');
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
    expect(on.engine.requests[0]).toMatchObject({
      maxTokens: 5,
      cacheSalt: 's',
      sampling: { temperature: 0.3, topP: 0.5, seed: 7, topK: 4 },
    });
    expect(on.engine.requests[0]?.timeoutMs).toBeLessThanOrEqual(900);
  });

  it('ignores tools that are no functions, and repeats the others', async () => {
    const f = { type: 'function', name: 'f', parameters: { type: 'object', properties: {} }, strict: false };
    const { tools } = await create({
      input: 'a',
      tools: [{ type: 'web_search', search_context_size: 'low' }, f, { type: 'custom', name: 'patch' }],
    });
    expect(tools).toEqual([{ ...f, description: null }]);
  });

  it('ends a stream that the engine fails with a response that failed', async () => {
    on.engine.reset({ text: TEXT, failAfter: 2 });
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
    on.engine.numFreeSlots = 0;
    expect((await post(on.service, PATH, { nonsense: true })).status).toBe(429);
  });
});

/** Without what no two responses share. */
function comparable(body: ResponseBody): unknown {
  const text = JSON.stringify(body).replaceAll(body.id.slice('resp_'.length), 'ID');
  return { ...(JSON.parse(text) as object), created_at: 0, completed_at: 0 };
}

describe('counting', () => {
  it('counts what a response would read', async () => {
    const body = { input: 'The river', instructions: 'Be brief' };
    const { usage } = await create(body);
    const count = await post(on.service, `${PATH}/input_tokens`, body);
    expect(count.json).toEqual({ object: 'response.input_tokens', input_tokens: usage?.input_tokens });
    expect(on.engine.requests).toHaveLength(1);
    expect(on.engine.numFreeSlots).toBe(1000);
  });
});
