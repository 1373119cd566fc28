import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { GenerationEvent } from '../../../src/generation/generation-event.ts';
import {
  conversation,
  generationRequest,
  type Conversation,
  type GenerationRequest,
} from '../../../src/generation/generation-request.ts';
import { startGeneration } from '../../../src/generation/start-generation.ts';
import type { ToolDefinition } from '../../../src/generation/tools.ts';
import { joinAnswer } from '../../support/answer-reading.ts';
import { makeChatModel, type ChatModel } from '../../support/chat-model.ts';
import { publishedTemplate } from '../../support/published-templates.ts';
import type { Script } from '../../support/scripted-completion.ts';
import { ScriptedEngine } from '../../support/scripted-engine.ts';

const TOOL: ToolDefinition = {
  name: 'f',
  description: 'finds',
  parameters: { type: 'object', properties: { a: { type: 'string' } } },
  param: 'tools[0].function',
};
const CALLER = {
  id: 'r1',
  clientId: 'a/1',
  ownerId: 'a',
  budget: { reserve: () => Promise.resolve() },
  gone: new AbortController().signal,
};

interface Asked extends Partial<Conversation>, Partial<Pick<GenerationRequest, 'format'>> {
  stop?: string[];
  maxTokens?: number;
}

const requestOf = ({ format, stop = [], maxTokens = 100, ...parts }: Asked): GenerationRequest =>
  generationRequest(
    conversation({ messages: [{ role: 'user', content: 'Hi' }], ...parts }),
    { maxTokens, timeoutMs: undefined, stop },
    { asksForMaxTokens: false, truncateTo: 'fit', format },
  );

const models: ChatModel[] = [];
const engines: ScriptedEngine[] = [];

async function engineWith(template: string): Promise<ScriptedEngine> {
  const model = makeChatModel(template);
  models.push(model);
  const engine = await ScriptedEngine.create(model.path);
  // Templates of published models are longer than the tiny model's context.
  engine.model.contextLength = 4096;
  engines.push(engine);
  return engine;
}

const qwen = await engineWith(publishedTemplate('qwen3'));
const qwenOpen = await engineWith(publishedTemplate('qwen3.5'));
const plain = await engineWith(publishedTemplate('phi-3.5'));
const gemma = await engineWith(publishedTemplate('function-gemma'));
const thinker = await engineWith(publishedTemplate('deepseek-r1'));

beforeEach(() => {
  for (const engine of engines) engine.reset();
});
afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.tokenizer.stop()));
  for (const model of models) model.remove();
});

async function ask(engine: ScriptedEngine, text: string, asked: Asked = {}, script: Partial<Script> = {}) {
  engine.reset({ text, ...script });
  const { events } = await startGeneration(engine, requestOf(asked), CALLER);
  const all: GenerationEvent[] = [];
  for await (const event of events) all.push(event);
  const [request] = engine.requests;
  const prompt = engine.ownTokenizer.decode(request?.prompts[0] ?? []);
  return { answer: joinAnswer(all), events: all, request, prompt };
}

const CALL = '<tool_call>\n{"name": "f", "arguments": {"a": "x"}}\n</tool_call>';

describe('startGeneration', () => {
  it('shows the tools to the template, constrains the call, and reads it', async () => {
    const { answer, prompt, request } = await ask(qwen, `<think>\nHm.\n</think>\n\nSo:\n${CALL}`, {
      tools: [TOOL],
    });
    expect(prompt).toContain('{"type": "function", "function": {"name": "f", "description": "finds"');
    expect(answer).toMatchObject({
      reasoning: 'Hm.',
      content: 'So:',
      calls: [{ name: 'f', args: '{"a": "x"}' }],
      finish: 'toolCalls',
    });
    expect(request?.grammar).toBeDefined();
  });

  it('leaves text alone where there is nothing to read, piece by piece', async () => {
    const { events, request } = await ask(plain, ' <tool_call> {"tool_calls": ');
    const { length } = plain.ownTokenizer.encode(' <tool_call> {"tool_calls": ');
    expect(events.map(({ type }) => type)).toEqual([...new Array<string>(length).fill('content'), 'finish']);
    expect(request?.grammar).toBeUndefined();
    expect(request).not.toHaveProperty('messages');
    expect(request?.shownTokenIds).toBeUndefined();
  });

  it('does not tell the model of tools it may not call', async () => {
    const { answer, prompt } = await ask(qwen, CALL, { tools: [TOOL], toolChoice: { type: 'none' } });
    expect(prompt).not.toContain('"name": "f"');
    expect(answer).toMatchObject({ content: CALL, calls: [], finish: 'stop' });
  });

  it('asks a model without tools for JSON, and unwraps its reply', async () => {
    const { answer, prompt } = await ask(plain, '{"response": "Hello \\"you\\""}', { tools: [TOOL] });
    expect(prompt).toContain('{"response": "your reply"}');
    expect(answer).toMatchObject({ content: 'Hello "you"', finish: 'stop' });
    const called = await ask(plain, '{"tool_calls": [{"name": "f", "arguments": {}}]}', { tools: [TOOL] });
    expect(called.answer).toMatchObject({
      content: '',
      calls: [{ name: 'f', args: '{}' }],
      finish: 'toolCalls',
    });
  });

  it.each([
    ['a wrapped reply', plain],
    ['calls behind a tag', qwen],
  ])('offers tools where one token is left for an answer: %s', async (_, engine) => {
    const asked = { tools: [TOOL], maxTokens: 1 };
    const { answer, request } = await ask(engine, '{"resp', asked, { finishReason: 'length' });
    expect(request?.maxTokens).toBe(1);
    expect(answer).toMatchObject({ calls: [], finish: 'length' });
    if (engine === plain) expect(answer.content).toBe('');
    const required = { ...asked, toolChoice: { type: 'required' as const } };
    await expect(ask(engine, CALL, required)).rejects.toMatchObject({ param: 'max_tokens' });
  });

  it('does not unwrap an answer in a format of its own', async () => {
    const { answer } = await ask(plain, '{"response": "x"}', {
      tools: [TOOL],
      format: { type: 'jsonObject' },
    });
    expect(answer.content).toBe('{"response": "x"}');
  });

  it('stops a model before it writes the result by itself, and keeps that to itself', async () => {
    const { request } = await ask(gemma, 'Hi', { tools: [TOOL], stop: ['END'] });
    expect(request?.stop).toEqual(['END', '<start_function_response>']);
  });

  it.each([
    ['a client of its own stop string', ['END'], 'END', 'END'],
    ['no client of one that the service added', ['END'], '<start_function_response>', undefined],
    [
      'a client that asked for the same',
      ['<start_function_response>'],
      '<start_function_response>',
      '<start_function_response>',
    ],
  ])('tells %s', async (_, stop, stopString, told) => {
    const { events, request } = await ask(gemma, 'Hi', { tools: [TOOL], stop }, { stopString });
    expect(request?.stop).toContain(stopString);
    expect(events.at(-1)).toEqual({ type: 'finish', index: 0, finish: 'stop', stopString: told });
  });

  it.each([
    ['by the template, on', qwenOpen, true, /<think>\n$/],
    ['by the template, off', qwenOpen, false, /<think>\n\n<\/think>\n\n$/],
    ['as the template has it', qwenOpen, undefined, /<think>\n$/],
    ['by closing it, where the template cannot', thinker, false, /<think>\n\n<\/think>\n\n$/],
  ])('turns reasoning on and off: %s', async (_, engine, isEnabled, end) => {
    const { prompt } = await ask(engine, 'Hi', { reasoning: { isEnabled, maxTokens: undefined } });
    expect(prompt).toMatch(end);
  });

  it('knows where the prompt has begun to reason', async () => {
    const open = await ask(qwenOpen, 'Hm.\n</think>\n\nYes.');
    expect(open.answer).toMatchObject({ reasoning: 'Hm.', content: 'Yes.' });
    const closed = await ask(qwenOpen, 'Yes.', { reasoning: { isEnabled: false, maxTokens: undefined } });
    expect(closed.answer).toMatchObject({ reasoning: '', content: 'Yes.' });
  });

  it('hands further variables to the template', async () => {
    const { prompt } = await ask(qwen, 'Hi', { templateArguments: { enable_thinking: false } });
    expect(prompt).toMatch(/<think>\n\n<\/think>\n\n$/);
  });

  it.each([
    ['chat_template_kwargs.messages', { templateArguments: { messages: [] } }],
    ['chat_template_kwargs.bos_token', { templateArguments: { bos_token: 'x' } }],
    ['chat_template_kwargs. strip', { templateArguments: { ' strip': 'x' } }],
    ['chat_template_kwargs.deep', { templateArguments: { deep: [[[[[[[[[1]]]]]]]]] } }],
    ['chat_template_kwargs', { templateArguments: { long: 'x'.repeat(70_000) } }],
  ])('refuses %s', async (param, asked) => {
    await expect(startGeneration(plain, requestOf(asked), CALLER)).rejects.toMatchObject({
      code: 'invalid_request',
      param,
    });
    expect(plain.numFreeSlots).toBe(1000);
  });
});
