import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChatBody } from '../../routes/openai/schemas/chat.ts';
import type { CompletionBody } from '../../routes/openai/schemas/completions.ts';
import type { EngineClient } from '../../src/engine/client/engine-client.ts';
import { Tokenizer } from '../../src/tokenizer/tokenizer.ts';
import { createEngineOf } from '../support/create-engine.ts';
import { makeChatModel } from '../support/chat-model.ts';
import { CheckedFetch } from '../support/checked-fetch.ts';
import { post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';

/** Chats as a real engine answers them. */

const PATH = '/v1/chat/completions';
const HELLO = [{ role: 'user', content: 'The river' }];
/** What the template of the tests makes of it. */
const PROMPT = '<|endoftext|>u:The river\na:';

describe('over the engine itself', () => {
  let engine: EngineClient;
  let service: HttpService;
  const bosModel = makeChatModel(undefined, { addsBos: true });

  beforeAll(async () => {
    const environment = { MODEL: bosModel.path, MODEL_ID: 'tiny', RUNTIME: 'cpu', MAX_NUM_SEQS: '4' };
    engine = await createEngineOf(environment);
    await engine.start();
    service = await startHttpService(engine);
  });
  afterAll(async () => {
    await service.close();
    await engine.stop();
    bosModel.remove();
  });

  const greedy = { temperature: 0, max_tokens: 12 };

  it('chat says what the completion of the rendered text says, with one BOS', async () => {
    const tokenizer = await Tokenizer.load(bosModel.path);
    expect(tokenizer.encode(PROMPT).slice(0, 2)).toEqual([0, 0]);
    const prompt = tokenizer.encode(PROMPT, { addSpecialTokens: false });
    const completion = (await post(service, '/v1/completions', { ...greedy, prompt })).json as CompletionBody;
    const chat = (await post(service, PATH, { ...greedy, messages: HELLO })).json as ChatBody;
    expect(chat.choices[0]?.message.content).toBe(completion.choices[0]?.text);
    expect(chat.usage.prompt_tokens).toBe(completion.usage.prompt_tokens);
    expect(chat.usage.completion_tokens).toBe(completion.usage.completion_tokens);
    expect(chat.choices[0]?.message.content).not.toBe('');
  });

  it('serves the official client: a conversation of three turns, streamed', async () => {
    const checked = new CheckedFetch();
    const client = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: 'none', fetch: checked.fetch });
    const messages: OpenAI.ChatCompletionMessageParam[] = [];
    for (const question of ['The river', 'A fox', 'Why?']) {
      messages.push({ role: 'user', content: question });
      const request = { model: 'tiny', messages, ...greedy, seed: 1 };
      const whole = await client.chat.completions.create(request);
      const stream = await client.chat.completions.create({
        ...request,
        stream: true,
        stream_options: { include_usage: true },
      });
      let text = '';
      let usage: OpenAI.CompletionUsage | undefined;
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? '';
        usage = chunk.usage ?? usage;
      }
      const answer = whole.choices[0]?.message;
      expect(text).toBe(answer?.content);
      // Only what was in the cache differs: the second time it may be the whole prompt.
      expect({ ...usage, prompt_tokens_details: undefined }).toEqual({
        ...whole.usage,
        prompt_tokens_details: undefined,
      });
      // As an official client's own message goes back, whole.
      if (answer !== undefined) messages.push(answer);
    }
    await checked.settled();
    expect(checked.numChecked).toBe(6);
  });

  it('is read by the accumulating stream of the official client', async () => {
    const client = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: 'none' });
    const runner = client.chat.completions.stream({
      model: 'tiny',
      messages: [{ role: 'user', content: 'The river' }],
      ...greedy,
      logprobs: true,
      top_logprobs: 2,
    });
    const final = await runner.finalChatCompletion();
    expect(final.choices[0]?.message.content).toBe(await runner.finalContent());
    expect(final.choices[0]?.logprobs?.content).toHaveLength(12);
    expect(final.choices[0]?.finish_reason).toBe('length');
  });
});
