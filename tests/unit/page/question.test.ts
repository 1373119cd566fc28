import { describe, expect, it } from 'vitest';
import { chatRequestSchema } from '../../../routes/openai/schemas/chat.ts';
import { completionRequestSchema } from '../../../routes/openai/schemas/completions.ts';
import { EMPTY_TURN, NO_SETUP } from '../../../src/page/playground/chats/chat.ts';
import { toRequest, type Question } from '../../../src/page/playground/answer/question.ts';
import { defaultOf, SETTING_FIELDS } from '../../../src/page/playground/options/settings.ts';
import { EXAMPLES, faultsOf } from '../../../src/page/playground/options/setup.ts';
import { pythonLiteral } from '../../../src/page/playground/options/snippets.ts';

const CALL = { id: 'call_1', name: 'get_weather', arguments: '{"city":"Paris"}' };
const QUESTION: Question = {
  kind: 'chat',
  model: 'some-model',
  turns: [{ role: 'user', content: 'Hello' }],
  setup: NO_SETUP,
  settings: {},
};

describe('what the playground asks', () => {
  it('leaves to the model what was not typed, so that nothing is cut', () => {
    expect(toRequest(QUESTION)).toEqual({
      path: 'v1/chat/completions',
      body: { model: 'some-model', messages: [{ role: 'user', content: 'Hello' }] },
    });
    const settings = { temperature: '0', top_k: ' ', max_tokens: '12', seed: 'x' };
    expect(toRequest({ ...QUESTION, settings }).body).toMatchObject({ temperature: 0, max_tokens: 12 });
    expect(toRequest({ ...QUESTION, settings }).body).not.toHaveProperty('top_k');
    expect(toRequest({ ...QUESTION, settings }).body).not.toHaveProperty('seed');
  });

  it('is what the service takes, with every example and every parameter', () => {
    const settings = Object.fromEntries(SETTING_FIELDS.map(({ name, max }) => [name, String(max)]));
    const setup = { ...EXAMPLES, mustCall: true };
    const turns: Question['turns'] = [
      { role: 'user', content: 'Weather?' },
      { ...EMPTY_TURN, calls: [CALL] },
      { role: 'tool', callId: CALL.id, name: CALL.name, content: '21' },
    ];
    for (const shown of [turns.slice(0, 1), turns]) {
      const { body } = toRequest({ ...QUESTION, turns: shown, setup, settings });
      const parsed = chatRequestSchema.safeParse(body);
      expect(parsed.error).toBeUndefined();
      expect(body['tool_choice']).toBe(shown.length === 1 ? 'required' : undefined);
    }
    const prompt = toRequest({ ...QUESTION, kind: 'prompt', settings });
    expect(completionRequestSchema.safeParse(prompt.body).error).toBeUndefined();
    expect(prompt).toMatchObject({ path: 'v1/completions', body: { prompt: 'Hello' } });
  });

  it('says what is wrong with a schema and with tools', () => {
    expect(faultsOf(EXAMPLES)).toEqual({});
    expect(faultsOf({ schema: '', tools: ' ' })).toEqual({});
    expect(faultsOf({ schema: '[]', tools: '{}' })).toEqual({
      schema: 'The schema is no JSON object',
      tools: 'The tools are no JSON list',
    });
    expect(faultsOf({ schema: '{', tools: '' }).schema).toMatch(/^The schema is no JSON: /);
  });

  it("shows the model's defaults, and else those of the service", () => {
    const temperature = { name: 'temperature', neutral: '1' } as const;
    const own = { generation_defaults: { temperature: 0.7, other: 'x' } };
    expect(defaultOf(temperature, own)).toEqual({ text: '0.7', isModels: true });
    expect(defaultOf(temperature, { generation_defaults: null })).toEqual({ text: '1', isModels: false });
    expect(defaultOf({ name: 'top_p', neutral: '1' }, own)).toEqual({ text: '1', isModels: false });
  });

  it('is written for Python', () => {
    expect(pythonLiteral({ a: [true, false, null], b: {}, c: 'é"\n', d: 1.5 }, 0)).toBe(
      '{\n    "a": [\n        True,\n        False,\n        None,\n    ],\n    "b": {},\n    "c": "é\\"\\n",\n    "d": 1.5,\n}',
    );
  });
});
