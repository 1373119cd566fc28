import { createOpenAI } from '@ai-sdk/openai';
import { generateText, streamText } from 'ai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ResponseBody } from '../../routes/responses/schemas/response-body.ts';
import type { ResponseEvent } from '../../routes/responses/schemas/response-events.ts';
import { makeChatModel } from '../support/chat-model.ts';
import { CheckedFetch } from '../support/checked-fetch.ts';
import { call, post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { sseData } from '../support/openapi-validator.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

/** Summaries of reasoning in OpenAI's Responses API. */

const PATH = '/v1/responses';
/** It reads reasoning, and names the tag that ends it. */
const TEMPLATE =
  '{% for m in messages %}{{ m.role[0] }}:{{ m.content }}' +
  '{% if m.reasoning_content %}({{ m.reasoning_content }}){% endif %}{{ "\\n" }}{% endfor %}a:{# </think> #}';
const THOUGHT = 'Hm, so';
const ANSWER = 'It runs';

const model = makeChatModel(TEMPLATE);
let engine: ScriptedEngine;
let service: HttpService;
const checked = new CheckedFetch();

beforeAll(async () => {
  engine = await ScriptedEngine.create(model.path, {}, { contextLength: 1024 });
  service = await startHttpService(engine);
});
beforeEach(() => engine.reset({ text: `<think>\n${THOUGHT}\n</think>\n\n${ANSWER}` }));
afterEach(() => checked.settled());
afterAll(async () => {
  await service.close();
  await engine.tokenizer.stop();
  model.remove();
});

async function create(body: Record<string, unknown>): Promise<ResponseBody> {
  const answer = await post(service, PATH, { input: 'The river', ...body });
  expect(answer.status, answer.text).toBe(200);
  return answer.json as ResponseBody;
}

const lastPrompt = (): string => engine.ownTokenizer.decode([...(engine.requests.at(-1)?.prompts[0] ?? [])]);

const part = { type: 'summary_text', text: THOUGHT };

describe('a response with a summary', () => {
  it.each([
    [{ summary: 'auto' }, 'auto'],
    [{ summary: 'detailed', effort: 'low' }, 'detailed'],
    [{ generate_summary: 'concise' }, 'concise'],
  ])('has the reasoning as one, and says which was asked for: %j', async (reasoning, summary) => {
    const body = await create({ reasoning });
    expect(body.reasoning.summary).toBe(summary);
    expect(body.output).toMatchObject([
      { type: 'reasoning', summary: [part], content: [] },
      { type: 'message', content: [{ text: ANSWER }] },
    ]);
  });

  it.each([{}, { reasoning: null }, { reasoning: { summary: null } }])(
    'is one without where none is asked for: %j',
    async (asked) => {
      const { output, reasoning } = await create(asked);
      expect(reasoning.summary).toBeNull();
      expect(output[0]).toMatchObject({ summary: [], content: [{ type: 'reasoning_text', text: THOUGHT }] });
    },
  );

  it('is streamed in pieces that are the summary of its end', async () => {
    const { text } = await post(service, PATH, { input: 'a', reasoning: { summary: 'auto' }, stream: true });
    const events = sseData(text) as ResponseEvent[];
    const deltas = events.flatMap((event) =>
      event.type === 'response.reasoning_summary_text.delta' ? [event.delta] : [],
    );
    expect(deltas.length).toBeGreaterThan(1);
    expect(deltas.join('')).toBe(THOUGHT);
    expect(events.some(({ type }) => type === 'response.reasoning_text.delta')).toBe(false);
    expect(events.at(-1)).toMatchObject({
      type: 'response.completed',
      response: { output: [{ summary: [part] }, { type: 'message' }] },
    });
  });

  it('is stored with it, and goes on from it', async () => {
    const { id } = await create({ reasoning: { summary: 'auto' } });
    const stored = await call(service, 'GET', `${PATH}/${id}`);
    expect(stored.json).toMatchObject({ output: [{ summary: [part] }, { type: 'message' }] });
    await create({ previous_response_id: id, input: 'And then?' });
    expect(lastPrompt()).toBe(`u:The river\na:${ANSWER}(${THOUGHT})\nu:And then?\na:`);
  });

  it('is refused for another word', async () => {
    const answer = await post(service, PATH, { input: 'a', reasoning: { summary: 'long' } });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: { param: 'reasoning.summary' } });
  });
});

describe('the AI SDK', () => {
  const ask = (): Parameters<typeof generateText>[0] => ({
    model: createOpenAI({ baseURL: `${service.url}/v1`, apiKey: 'none', fetch: checked.fetch })(
      '@test/tiny-gpt2',
    ),
    prompt: 'The river',
    providerOptions: { openai: { forceReasoning: true, reasoningSummary: 'auto' } },
  });

  it('reads the reasoning, streamed and not', async () => {
    const { finalStep } = await generateText(ask());
    expect([finalStep.reasoningText, finalStep.text]).toEqual([THOUGHT, ANSWER]);
    const streamed = streamText(ask());
    const types: string[] = [];
    for await (const { type } of streamed.stream) types.push(type);
    expect(types.filter((type) => type.startsWith('reasoning') && type !== 'reasoning-delta')).toEqual([
      'reasoning-start',
      'reasoning-end',
    ]);
    expect((await streamed.finalStep).reasoningText).toBe(THOUGHT);
    expect(await streamed.text).toBe(ANSWER);
  });
});
