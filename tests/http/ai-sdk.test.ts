import { createOpenAI } from '@ai-sdk/openai';
import { generateText, jsonSchema, streamText, tool, type ModelMessage } from 'ai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { toEcho } from '../../routes/responses/schemas/response-generation.ts';
import { ResponseWriter } from '../../routes/responses/schemas/response-writer.ts';
import { eventFrame } from '../../src/http/sse/sse.ts';
import { ANSWERS } from '../support/answer-events.ts';
import { makeChatModel } from '../support/chat-model.ts';
import { CheckedFetch } from '../support/checked-fetch.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

/** The AI SDK's provider for OpenAI, which speaks the Responses API by default and checks what it reads by schemas. */

const MODEL = '@test/tiny-gpt2';
const TEXT = ' runs past the old mill';
const TEMPLATE = '{% for m in messages %}{{ m.role[0] }}:{{ m.content }}{{ "\\n" }}{% endfor %}a:';

const model = makeChatModel(TEMPLATE);
let engine: ScriptedEngine;
let service: HttpService;
const checked = new CheckedFetch();

beforeAll(async () => {
  engine = await ScriptedEngine.create(model.path);
  service = await startHttpService(engine);
});
beforeEach(() => engine.reset({ text: TEXT }));
afterEach(() => checked.settled());
afterAll(async () => {
  await service.close();
  model.remove();
});

function lastPrompt(): string {
  const [ids = []] = engine.requests.at(-1)?.prompts ?? [];
  return engine.ownTokenizer.decode([...ids]);
}

describe('the AI SDK', () => {
  const languageModel = (): ReturnType<ReturnType<typeof createOpenAI>> =>
    createOpenAI({ baseURL: `${service.url}/v1`, apiKey: 'none', fetch: checked.fetch })(MODEL);

  it('reads a text, streamed and not', async () => {
    const { text, usage, finishReason, warnings } = await generateText({
      model: languageModel(),
      prompt: 'The river',
    });
    expect({ text, finishReason }).toEqual({ text: TEXT, finishReason: 'stop' });
    expect(warnings ?? []).toEqual([]);
    expect(usage.inputTokens).toBe(engine.requests[0]?.prompts[0]?.length);
    const stream = streamText({ model: languageModel(), prompt: 'The river', maxOutputTokens: 2 });
    expect(await stream.text).toBe(' ru');
    expect(await stream.finishReason).toBe('length');
  });

  it('has a conversation of three turns, in which it refers to what is stored', async () => {
    const messages: ModelMessage[] = [];
    for (const content of ['A', 'B', 'C']) {
      messages.push({ role: 'user', content });
      const { finalStep } = await generateText({ model: languageModel(), messages });
      messages.push(...finalStep.response.messages);
    }
    expect(lastPrompt()).toBe(`u:A\na:${TEXT}\nu:B\na:${TEXT}\nu:C\na:`);
  });

  it('has the same when nothing is stored', async () => {
    const messages: ModelMessage[] = [];
    const providerOptions = { openai: { store: false } };
    for (const content of ['A', 'B', 'C']) {
      messages.push({ role: 'user', content });
      const stream = streamText({ model: languageModel(), messages, providerOptions });
      messages.push(...(await stream.finalStep).response.messages);
    }
    expect(lastPrompt()).toBe(`u:A\na:${TEXT}\nu:B\na:${TEXT}\nu:C\na:`);
  });

  it('is told what is wrong', async () => {
    const call = generateText({ model: languageModel(), prompt: 'a', temperature: 9, maxRetries: 0 });
    await expect(call).rejects.toMatchObject({ statusCode: 400 });
  });

  it('reads the calls of tools out of a stream', async () => {
    const writer = new ResponseWriter({
      requestId: 'r1',
      echo: toEcho({ input: 'a' }, { id: MODEL }),
      prompt: { isTruncated: false, numDropped: 0 },
      tokenizer: { idToBytes: () => new Uint8Array() },
      withLogprobs: false,
      now: () => 1_700_000_000,
    });
    const events = [
      ...writer.open(),
      ...(ANSWERS['reasoning, text and several calls'] ?? []).flatMap((event) => writer.write(event)),
      ...writer.close({
        usage: { numPromptTokens: 9, numGeneratedTokens: 5, numReasoningTokens: 0, numCachedTokens: 4 },
      }),
    ];
    const provider = createOpenAI({
      apiKey: 'none',
      fetch: () =>
        Promise.resolve(
          new Response(events.map(eventFrame).join(''), { headers: { 'content-type': 'text/event-stream' } }),
        ),
    });
    const inputSchema = jsonSchema({ type: 'object', properties: { city: { type: 'string' } } });
    const stream = streamText({
      model: provider(MODEL),
      prompt: 'a',
      tools: { weather: tool({ inputSchema }) },
    });
    expect(await stream.toolCalls).toMatchObject([
      { toolCallId: 'call_0', toolName: 'weather', input: { city: 'Oslo' } },
      { toolCallId: 'call_1', toolName: 'weather', input: { city: 'Rome' } },
    ]);
    expect(await stream.text).toBe('I look.');
    expect(await stream.finishReason).toBe('tool-calls');
    expect(await stream.usage).toMatchObject({
      inputTokens: 9,
      inputTokenDetails: { cacheReadTokens: 4 },
      outputTokens: 5,
    });
  });
});
