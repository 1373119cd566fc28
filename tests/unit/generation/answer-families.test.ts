import { describe, expect, it } from 'vitest';
import type { ChatMessage } from '../../../src/chat-template/renderer.ts';
import { readText, type ReadOptions } from '../../support/answer-reading.ts';
import {
  publishedReasoning,
  publishedRenderer,
  publishedToolUse,
  TOOL_GOLDENS,
} from '../../support/published-templates.ts';

const { tools } = TOOL_GOLDENS;
const parameters = new Map(tools.map(({ function: { name, parameters: schema } }) => [name, schema]));

/** As models of these families write one call, and two. */
const ONE_CALL: Record<string, string> = {
  'qwen2.5': '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Zürich", "days": 2}}\n</tool_call>',
  qwen3: '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Zürich", "days": 2}}\n</tool_call>',
  'granite-4.0':
    '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Zürich", "days": 2}}\n</tool_call>',
  'qwen3-coder':
    '<tool_call>\n<function=get_weather>\n<parameter=city>\nZürich\n</parameter>\n<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>',
  'qwen3.5':
    '<tool_call>\n<function=get_weather>\n<parameter=city>\nZürich\n</parameter>\n<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>',
  'glm-4.6':
    '<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Zürich</arg_value>\n<arg_key>days</arg_key>\n<arg_value>2</arg_value>\n</tool_call>',
  'mistral-nemo': '[TOOL_CALLS][{"name": "get_weather", "arguments": {"city": "Zürich", "days": 2}}]',
  'mistral-small-3.2': '[TOOL_CALLS]get_weather[ARGS]{"city": "Zürich", "days": 2}',
  'deepseek-r1':
    '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n{"city": "Zürich", "days": 2}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
  'llama-json': '{"name": "get_weather", "parameters": {"city": "Zürich", "days": 2}}',
  pythonic: '[get_weather(city="Zürich", days=2)]',
  'function-gemma':
    '<start_function_call>call:get_weather{city:<escape>Zürich<escape>,days:2}<end_function_call>',
  'granite-3.3': '<|tool_call|>[{"name": "get_weather", "arguments": {"city": "Zürich", "days": 2}}]',
  'phi-3.5': '{"tool_calls": [{"name": "get_weather", "arguments": {"city": "Zürich", "days": 2}}]}',
};

const TWO_CALLS: Record<string, string> = {
  'qwen2.5': `${ONE_CALL['qwen2.5']}\n<tool_call>\n{"name": "get_time", "arguments": {}}\n</tool_call>`,
  'qwen3-coder': `${ONE_CALL['qwen3-coder']}\n<tool_call>\n<function=get_time>\n</function>\n</tool_call>`,
  'glm-4.6': `${ONE_CALL['glm-4.6']}\n<tool_call>get_time\n</tool_call>`,
  'mistral-nemo':
    '[TOOL_CALLS] [{"name": "get_weather", "arguments": {"city": "Zürich", "days": 2}, "id": "a1b2c3d4e"}, {"name": "get_time", "arguments": {}, "id": "f1b2c3d4e"}]',
  'mistral-small-3.2': `${ONE_CALL['mistral-small-3.2']}[TOOL_CALLS]get_time[CALL_ID]f1b2c3d4e[ARGS]{}`,
  'deepseek-r1':
    '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n{"city": "Zürich", "days": 2}\n```<｜tool▁call▁end｜>\n' +
    '<｜tool▁call▁begin｜>function<｜tool▁sep｜>get_time\n```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
  'llama-json': `${ONE_CALL['llama-json']}; {"name": "get_time", "parameters": {}}`,
  pythonic: "[get_weather(city='Zürich', days=2), get_time()]",
  'function-gemma': `${ONE_CALL['function-gemma']}<start_function_call>call:get_time{}<end_function_call>`,
  'phi-3.5':
    '{"tool_calls": [{"name": "get_weather", "arguments": {"city": "Zürich", "days": 2}}, {"name": "get_time", "arguments": {}}]}',
};

const read = (family: string, text: string, options: ReadOptions = {}) => {
  const whole = readText(text, { tools: publishedToolUse(family).format, parameters, ...options });
  const { format } = publishedToolUse(family);
  expect(readText(Array.from(text), { tools: format, parameters, ...options })).toEqual(whole);
  return {
    ...whole,
    calls: whole.calls.map(({ name, args }) => ({ name, args: JSON.parse(args) as unknown })),
  };
};

const WEATHER = { name: 'get_weather', args: { city: 'Zürich', days: 2 } };
const TIME = { name: 'get_time', args: {} };
const NONE = { reasoning: '', content: '' };

describe('calls are read as the families write them', () => {
  it.each(Object.entries(ONE_CALL))('%s, one', (family, text) => {
    expect(read(family, text)).toEqual({ ...NONE, calls: [WEATHER], finish: 'toolCalls' });
  });

  it.each(Object.entries(TWO_CALLS))('%s, two', (family, text) => {
    expect(read(family, text)).toEqual({ ...NONE, calls: [WEATHER, TIME], finish: 'toolCalls' });
  });

  it.each(Object.entries(TWO_CALLS))('%s, two where one is allowed', (family, text) => {
    const answer = read(family, text, { maxCalls: 1 });
    expect(answer).toEqual({ ...NONE, calls: [WEATHER], finish: 'toolCalls' });
  });

  const tagged = Object.entries(ONE_CALL).filter(([family]) => !publishedToolUse(family).format.isBare);
  it.each(tagged)('%s, after a text', (family, text) => {
    const answer = read(family, `I look it up.\n\n${text}\n`);
    expect(answer).toEqual({ ...NONE, content: 'I look it up.', calls: [WEATHER], finish: 'toolCalls' });
  });

  it.each(tagged)('%s, without its last tag', (family, text) => {
    const cut = text.replace(/\s*(<\/[^<>]+>|<｜[^<>]+｜>|<end_function_call>|\])$/, '');
    expect(read(family, cut).calls).toEqual([WEATHER]);
  });
});

describe('what was read is what the template writes of it in the next turn', () => {
  const withCall = Object.entries(ONE_CALL).filter(
    ([family]) => publishedToolUse(family).abilities.writesCalls,
  );

  it.each(withCall)('%s', (family, text) => {
    const { calls } = read(family, text);
    const messages: ChatMessage[] = [
      { role: 'user', content: 'Rain?' },
      {
        role: 'assistant',
        content: '',
        tool_calls: calls.map(({ name, args }) => ({
          id: 'a1b2c3d4e',
          type: 'function',
          function: { name, arguments: JSON.stringify(args) },
        })),
      },
      { role: 'tool', tool_call_id: 'a1b2c3d4e', content: 'rain' },
    ];
    const rendered = publishedRenderer(family).render({ messages, tools }, new Date());
    expect(rendered.replaceAll(/, "id": "a1b2c3d4e"|\[CALL_ID\]a1b2c3d4e/g, '')).toContain(text);
  });

  it('has most families', () => expect(withCall.length).toBeGreaterThan(10));
});

describe('reasoning', () => {
  const reasoning = publishedReasoning('qwen3');
  const options = { tools: publishedToolUse('qwen3').format, reasoning };

  it('stands apart from content and calls', () => {
    const answer = read(
      'qwen3',
      `<think>\nRain? <tool_call>\n</think>\n\nYes.\n${ONE_CALL['qwen3']}`,
      options,
    );
    expect(answer).toEqual({
      reasoning: 'Rain? <tool_call>',
      content: 'Yes.',
      calls: [WEATHER],
      finish: 'toolCalls',
    });
  });

  it('has begun where the prompt ends in its opening tag', () => {
    const answer = read('qwen3', 'Rain?\n</think>\n\nYes.', { ...options, startsInReasoning: true });
    expect(answer).toMatchObject({ reasoning: 'Rain?', content: 'Yes.', finish: 'stop' });
  });

  it('stays reasoning where the tokens end before it does', () => {
    const answer = read('qwen3', '<think>\nRain', { ...options, finishReason: 'length' });
    expect(answer).toMatchObject({ reasoning: 'Rain', content: '', finish: 'length' });
  });

  it('is content in the midst of an answer', () => {
    expect(read('qwen3', 'The tag <think> opens it.', options).content).toBe('The tag <think> opens it.');
  });
});
