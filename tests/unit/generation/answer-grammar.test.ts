import { describe, expect, it } from 'vitest';
import {
  answerGrammar,
  type AnswerGrammarOptions,
} from '../../../src/generation/constraint/answer-grammar.ts';
import { tagText } from '../../../src/generation/constraint/argument-list.ts';
import type { ToolDefinition } from '../../../src/generation/tools.ts';
import { StepBudget } from '../../../src/step-budget.ts';
import type { GrammarSpec } from '../../../src/grammar/grammar-spec.ts';
import { readText } from '../../support/answer-reading.ts';
import { matchesGrammar } from '../../support/matches-grammar.ts';
import { publishedToolUse } from '../../support/published-templates.ts';

const WEATHER: ToolDefinition = {
  name: 'get_weather',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' }, days: { $ref: '#/$defs/days' }, unit: { enum: ['C', 'F'] } },
    required: ['city'],
    additionalProperties: false,
    $defs: { days: { type: 'integer', minimum: 1 } },
  },
  param: 'tools[0].function',
};
const TIME: ToolDefinition = { name: 'get_time', param: 'tools[1].function' };
const THINK = { opening: '<think>', closing: '</think>', variable: undefined };

/** Special tokens in some of the families. */
const TOKENS = new Map([
  ['[TOOL_CALLS]', 5],
  ['[ARGS]', 6],
  ['<start_function_call>', 7],
  ['<end_function_call>', 8],
  ['<escape>', 9],
]);

const grammar = (family: string, options: Partial<AnswerGrammarOptions> = {}): GrammarSpec | undefined =>
  answerGrammar({
    tools: [WEATHER, TIME],
    format: publishedToolUse(family).format,
    toolChoice: { type: 'required' },
    allowsParallelCalls: true,
    outputFormat: undefined,
    reasoning: undefined,
    reasoningState: 'behind',
    tokens: TOKENS,
    budget: new StepBudget(Infinity),
    ...options,
  });

const accepts = (spec: GrammarSpec | undefined, text: string): boolean =>
  spec !== undefined && matchesGrammar(spec, text, [...TOKENS.keys()]);

/** A call by the schema, one that is against it, and two calls. */
const ANSWERS: Record<string, [good: string, bad: string, two: string]> = {
  qwen3: [
    '<tool_call>\n{"name": "get_weather", "arguments": {"city":"Zürich","days":2}}\n</tool_call>',
    '<tool_call>\n{"name": "get_weather", "arguments": {"city":"Zürich","days":0}}\n</tool_call>',
    '<tool_call>\n{"name": "get_time", "arguments": {}}\n</tool_call>\n<tool_call>\n{"name": "get_time", "arguments": {}}\n</tool_call>',
  ],
  'mistral-nemo': [
    '[TOOL_CALLS][{"name": "get_weather", "arguments": {"city":"Zürich"}}]',
    '[TOOL_CALLS][{"name": "get_snow", "arguments": {}}]',
    '[TOOL_CALLS][{"name": "get_time", "arguments": {}}, {"name": "get_time", "arguments": {}}]',
  ],
  'mistral-small-3.2': [
    '[TOOL_CALLS]get_weather[ARGS]{"city":"Zürich"}',
    '[TOOL_CALLS]get_weather[ARGS]{"town":"Zürich"}',
    '[TOOL_CALLS]get_time[ARGS]{}[TOOL_CALLS]get_time[ARGS]{}',
  ],
  'qwen3.5': [
    '<tool_call>\n<function=get_weather>\n<parameter=city>\nZürich\n</parameter>\n<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>',
    '<tool_call>\n<function=get_weather>\n<parameter=city>\nZürich\n</parameter>\n<parameter=unit>\nK\n</parameter>\n</function>\n</tool_call>',
    '<tool_call>\n<function=get_time>\n</function>\n</tool_call>\n<tool_call>\n<function=get_time>\n</function>\n</tool_call>',
  ],
  'function-gemma': [
    '<start_function_call>call:get_weather{city:<escape>Zürich<escape>,days:2}<end_function_call>',
    '<start_function_call>call:get_weather{days:2}<end_function_call>',
    '<start_function_call>call:get_time{}<end_function_call><start_function_call>call:get_time{}<end_function_call>',
  ],
  pythonic: [
    '[get_weather(city="Zürich", days=2)]',
    '[get_weather(city="Zürich", unit="K")]',
    '[get_time(), get_time()]',
  ],
  'phi-3.5': [
    '{"tool_calls": [{"name": "get_weather", "arguments": {"city":"Zürich"}}]}',
    '{"response": "Hello"}',
    '{"tool_calls": [{"name": "get_time", "arguments": {}}, {"name": "get_time", "arguments": {}}]}',
  ],
};

describe.each(Object.entries(ANSWERS))('%s', (family, [good, bad, two]) => {
  it('required: calls by the schema, and nothing else', () => {
    const spec = grammar(family);
    expect(accepts(spec, good)).toBe(true);
    expect(accepts(spec, two)).toBe(true);
    for (const text of [bad, '', 'Hello', `Hello ${good}`, `${good} Hello`, good.slice(0, -1)]) {
      expect(accepts(spec, text)).toBe(false);
    }
  });

  it('required, not in parallel: one call', () => {
    const spec = grammar(family, { allowsParallelCalls: false });
    expect(accepts(spec, good)).toBe(true);
    expect(accepts(spec, two)).toBe(false);
  });

  it('named: one call of that tool', () => {
    const spec = grammar(family, { toolChoice: { type: 'named', name: 'get_time' } });
    expect(accepts(spec, two.replaceAll('get_time', 'get_weather'))).toBe(false);
    expect(accepts(spec, good)).toBe(false);
    expect(accepts(grammar(family, { toolChoice: { type: 'named', name: 'get_weather' } }), good)).toBe(true);
  });

  it('what it lets through is read as the call', () => {
    const parameters = new Map([
      ['get_weather', WEATHER.parameters ?? {}],
      ['get_time', {}],
    ]);
    const { calls, content, finish } = readText(good, { tools: publishedToolUse(family).format, parameters });
    expect(calls.map(({ name, args }) => [name, JSON.parse(args) as unknown])).toMatchObject([
      ['get_weather', { city: 'Zürich' }],
    ]);
    expect({ content, finish }).toEqual({ content: '', finish: 'toolCalls' });
  });
});

describe('auto', () => {
  const auto = { toolChoice: { type: 'auto' } } as const;
  const strict = { ...auto, tools: [{ ...WEATHER, strict: true }, TIME] };

  it.each(['qwen3', 'mistral-nemo', 'mistral-small-3.2', 'qwen3.5'])(
    '%s: text, then calls of known tools',
    (family) => {
      const [good, , two] = ANSWERS[family] ?? ['', '', ''];
      const spec = grammar(family, auto);
      for (const text of ['', 'Hello.', good, `I look it up.\n${two}`])
        expect(accepts(spec, text)).toBe(true);
      expect(accepts(spec, good.replace('get_weather', 'get_snow'))).toBe(false);
      expect(accepts(spec, `${good} Hello`)).toBe(false);
    },
  );

  it('holds the arguments of strict tools alone to their schema', () => {
    const [, bad] = ANSWERS['qwen3'] ?? ['', ''];
    expect(accepts(grammar('qwen3', auto), bad)).toBe(true);
    expect(accepts(grammar('qwen3', strict), bad)).toBe(false);
  });

  it('cannot hold a model to anything that calls without a tag', () => {
    expect(grammar('llama-json', auto)).toBeUndefined();
    expect(grammar('pythonic', auto)).toBeUndefined();
  });

  it('wraps calls and replies of the generic form', () => {
    const spec = grammar('phi-3.5', auto);
    expect(accepts(spec, '{"response": "Hello"}')).toBe(true);
    expect(accepts(spec, ANSWERS['phi-3.5']?.[0] ?? '')).toBe(true);
    expect(accepts(spec, 'Hello')).toBe(false);
  });

  it('lets an output format stand in place of a call', () => {
    const outputFormat: GrammarSpec = { type: 'jsonObject' };
    const spec = grammar('qwen3', { ...auto, outputFormat });
    expect(accepts(spec, '{"a":1}')).toBe(true);
    expect(accepts(spec, ANSWERS['qwen3']?.[0] ?? '')).toBe(true);
    expect(accepts(spec, 'Hello')).toBe(false);
    expect(grammar('qwen3', { tools: [], format: undefined, outputFormat })).toEqual(outputFormat);
    expect(grammar('qwen3', { tools: [], format: undefined })).toBeUndefined();
  });
});

describe('reasoning comes first, and is free', () => {
  const [good] = ANSWERS['qwen3'] ?? [''];

  it.each([
    ['before', `<think>\nHm.\n</think>\n\n${good}`, true],
    ['before', good, true],
    ['inside', `Hm.\n</think>\n\n${good}`, true],
    ['inside', good, false],
    ['behind', good, true],
    ['behind', `<think>\nHm.\n</think>\n\n${good}`, false],
  ] as const)('%s', (reasoningState, text, isAccepted) => {
    expect(accepts(grammar('qwen3', { reasoning: THINK, reasoningState }), text)).toBe(isAccepted);
  });
});

describe('tagText', () => {
  it('tells special tokens from text', () => {
    expect(tagText('a[TOOL_CALLS]b[ARGS]', TOKENS)).toEqual([
      { type: 'literal', text: 'a' },
      { type: 'specialToken', name: '[TOOL_CALLS]' },
      { type: 'literal', text: 'b' },
      { type: 'specialToken', name: '[ARGS]' },
    ]);
  });
});
