import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { post, type Answer } from '../support/http-client.ts';
import { publishedTemplate } from '../support/published-templates.ts';
import { useScriptedService } from '../support/scripted-service.ts';

/** What the AI SDK's provider for Ollama sends beside the fields of Ollama. */

const MODEL = '@test/tiny-gpt2';
const HELLO = [{ role: 'user', content: 'The river' }];
const tool = (name: string): object => ({ type: 'function', function: { name, parameters: {} } });
const TOOLS = [tool('f'), tool('g')];

const on = useScriptedService({
  template: publishedTemplate('qwen3'),
  model: { contextLength: 2048, chatTemplate: 'own' },
  script: { text: ' runs' },
});
const chat = (body: object): Promise<Answer> =>
  post(on.service, '/api/chat', { model: MODEL, messages: HELLO, ...body });

describe('options beside the options', () => {
  it('are taken', async () => {
    expect((await chat({ max_output_tokens: 5, temperature: 0.3, top_p: 0.6 })).status).toBe(200);
    expect(on.engine.requests.at(-1)).toMatchObject({
      maxTokens: 5,
      sampling: { temperature: 0.3, topP: 0.6 },
    });
  });

  it('are taken for a prompt, too, with what ends its answer', async () => {
    const body = {
      prompt: 'user:\nHello\n\nassistant:\n',
      stop: ['\nuser:'],
      max_tokens: 5,
      temperature: 0.3,
    };
    const answer = await post(on.service, '/api/generate', { model: MODEL, ...body, stream: false });
    expect(answer.json).toMatchObject({ done: true, context: [] });
    expect(on.engine.requests.at(-1)).toMatchObject({
      maxTokens: 5,
      stop: ['\nuser:'],
      sampling: { temperature: 0.3 },
    });
  });

  it('give way to those in their place', async () => {
    const options = { num_predict: 6, temperature: 0.4 };
    await chat({ max_output_tokens: 5, temperature: 0.3, top_p: 0.6, options });
    expect(on.engine.requests.at(-1)).toMatchObject({
      maxTokens: 6,
      sampling: { temperature: 0.4, topP: 0.6 },
    });
  });

  it('have the same bounds', async () => {
    expect((await chat({ temperature: 3 })).json).toEqual({
      error: expect.stringContaining('temperature') as string,
    });
  });
});

describe('tool_choice', () => {
  it.each([
    ['required', 'required'],
    [
      { type: 'function', name: 'g' },
      { type: 'function', function: { name: 'g' } },
    ],
    [
      { type: 'function', function: { name: 'g' } },
      { type: 'function', function: { name: 'g' } },
    ],
  ])('holds the answer as the same of OpenAI does: %j', async (choice, ofOpenAi) => {
    const grammar = (): unknown => on.engine.requests.at(-1)?.grammar;
    await chat({ tools: TOOLS });
    const free = grammar();
    expect((await chat({ tools: TOOLS, tool_choice: choice })).status).toBe(200);
    const held = grammar();
    await post(on.service, '/v1/chat/completions', { messages: HELLO, tools: TOOLS, tool_choice: ofOpenAi });
    expect(isDeepStrictEqual(held, grammar())).toBe(true);
    expect(isDeepStrictEqual(held, free)).toBe(false);
  });

  it('keeps tools from the model', async () => {
    await chat({ tools: TOOLS, tool_choice: 'none' });
    expect(on.lastPrompt()).not.toContain('"g"');
  });

  it('is refused where it names no tool', async () => {
    const { status, json } = await chat({ tools: TOOLS, tool_choice: { type: 'function', name: 'h' } });
    expect(status).toBe(400);
    expect(json).toEqual({
      error: expect.stringContaining("tool_choice.name is 'h', which is none of the tools: f, g") as string,
    });
  });
});
