import { describe, expect, it } from 'vitest';
import { toPlainConversation } from '../../../src/chat-template/format/plain-conversation.ts';
import type { ChatMessage } from '../../../src/chat-template/renderer.ts';
import {
  publishedReasoning,
  publishedRenderer,
  publishedToolUse,
  TOOL_GOLDENS,
} from '../../support/published-templates.ts';

const NOON = new Date(2026, 10, 4, 12, 5, 9);
const { tools, conversations } = TOOL_GOLDENS;
const CALL = conversations['a call'] ?? [];

describe('published templates are rendered with tools as transformers renders them', () => {
  const { cases } = TOOL_GOLDENS;

  it.each(cases.filter(({ text }) => text !== undefined))(
    '$template, $conversation, $variables',
    ({ template, conversation, variables, text }) => {
      const messages = conversations[conversation] ?? [];
      const rendered = publishedRenderer(template.replace('.jinja', '')).render(
        { messages, tools, ...(variables === undefined ? {} : { templateArguments: variables }) },
        NOON,
      );
      expect(rendered).toBe(text);
    },
  );

  // It gets a turn for each call here: tool-turns.json has what transformers makes of that.
  const isSplit = (template: string, conversation: string): boolean =>
    template === 'llama-json.jinja' && conversation === 'two calls';

  it.each(
    cases.filter(
      ({ error, template, conversation }) =>
        error?.startsWith('TemplateError') === true && !isSplit(template, conversation),
    ),
  )('$template, $conversation: refused', ({ template, conversation }) => {
    const messages = conversations[conversation] ?? [];
    const render = () => publishedRenderer(template.replace('.jinja', '')).render({ messages, tools }, NOON);
    expect(render).toThrow(expect.objectContaining({ code: 'invalid_request', param: 'messages' }));
  });

  it('has goldens of each', () => {
    expect(cases.length).toBeGreaterThan(55);
  });
});

describe("a model's way of calling tools is found in what its template writes", () => {
  const hermes = { shape: 'json', openings: ['<tool_call>'], isBare: false, isGeneric: false };
  const xml = { shape: 'tagged', openings: ['<tool_call>', '<function='], keyOpen: '\n<parameter=' };

  it.each([
    ['qwen2.5', { ...hermes, callOpen: '<tool_call>\n{"name": "', nameClose: '", "arguments": ' }],
    ['qwen3', { ...hermes, callClose: '}\n</tool_call>', separator: '\n' }],
    ['granite-4.0', hermes],
    ['granite-3.3', { shape: 'json', open: '<|tool_call|>[', close: ']' }],
    ['qwen3-coder', { ...xml, nameClose: '>', valueOpen: '>\n', valueClose: '\n</parameter>' }],
    ['qwen3.5', { ...xml, callOpen: '<tool_call>\n<function=', callClose: '\n</function>\n</tool_call>' }],
    ['glm-4.6', { shape: 'tagged', keyOpen: '\n<arg_key>', valueOpen: '</arg_key>\n<arg_value>', close: '' }],
    [
      'mistral-nemo',
      { shape: 'json', open: '[TOOL_CALLS][', callOpen: '{"name": "', callClose: '}', close: ']' },
    ],
    [
      'mistral-small-3.2',
      { shape: 'namedJson', callOpen: '[TOOL_CALLS]', nameClose: '[ARGS]', separator: '' },
    ],
    [
      'deepseek-r1',
      {
        shape: 'namedJson',
        open: '<｜tool▁calls▁begin｜>',
        callOpen: '<｜tool▁call▁begin｜>function<｜tool▁sep｜>',
        nameClose: '\n```json\n',
        callClose: '\n```<｜tool▁call▁end｜>',
        close: '<｜tool▁calls▁end｜>',
      },
    ],
    ['llama-json', { shape: 'json', isBare: true, argumentsKey: 'parameters', separator: undefined }],
    ['pythonic', { shape: 'pythonic', isBare: true, open: '[', close: ']' }],
    ['function-gemma', { shape: 'gemma', quote: '<escape>', stops: ['<start_function_response>'] }],
    ['phi-3.5', { shape: 'json', isGeneric: true, isBare: true }],
    ['smollm3', { isGeneric: true }],
    ['deepseek-r1-distill', { isGeneric: true }],
  ])('%s', (name, expected) => {
    expect(publishedToolUse(name).format).toMatchObject(expected);
  });

  it.each([
    ['qwen3', { opening: '<think>', closing: '</think>', variable: 'enable_thinking' }],
    ['qwen3.5', { opening: '<think>', closing: '</think>', variable: 'enable_thinking' }],
    ['deepseek-r1', { opening: '<think>', closing: '</think>', variable: undefined }],
    ['granite-3.3', { opening: '<think>', closing: '</think>', variable: 'thinking' }],
    ['qwen2.5', undefined],
    ['mistral-nemo', undefined],
  ])('reasoning of %s', (name, expected) => {
    expect(publishedReasoning(name)).toEqual(expected);
  });
});

describe('the history of calls', () => {
  const withArguments = (args: unknown, id = 'call_0123456789abcdefghijklmn'): ChatMessage[] => [
    { role: 'user', content: 'Rain?' },
    {
      role: 'assistant',
      tool_calls: [{ id, type: 'function', function: { name: 'get_weather', arguments: args } }],
    },
    { role: 'tool', tool_call_id: id, content: 'rain' },
  ];
  const render = (name: string, messages: ChatMessage[]) =>
    publishedRenderer(name).render({ messages, tools }, NOON);

  it.each([
    'qwen2.5',
    'qwen3',
    'qwen3-coder',
    'qwen3.5',
    'mistral-nemo',
    'mistral-small-3.2',
    'deepseek-r1',
    'llama-json',
  ])('%s takes arguments as a text or as an object, and no content', (name) => {
    const ofObject = render(name, withArguments({ city: 'Zürich' }));
    expect(render(name, withArguments('{"city": "Zürich"}'))).toBe(ofObject);
    expect(ofObject).toContain('Zürich');
    expect(ofObject).not.toMatch(/None|undefined|null/);
  });

  it.each([
    'qwen2.5',
    'qwen3',
    'qwen3-coder',
    'qwen3.5',
    'mistral-nemo',
    'llama-json',
    'glm-4.6',
    'function-gemma',
  ])('%s goes on after a call whose arguments are no JSON', (name) => {
    expect(render(name, withArguments('{"city": Zür'))).toContain('Zür');
  });

  it('fits ids to templates that want nine characters, the same for call and result', () => {
    const text = render('mistral-nemo', withArguments({ city: 'Zürich' }));
    const [, ofCall] = /"id": "([a-zA-Z0-9]{9})"\}\]/.exec(text) ?? [];
    expect(ofCall).toBeDefined();
    expect(text).toContain(`"call_id": "${ofCall}"`);
    expect(render('mistral-nemo', CALL)).toContain('"id": "a1b2c3d4e"');
  });

  it.each(['in order', 'in another order', 'without ids'])(
    'has a turn for each call where a template takes one, results %s',
    (order) => {
      const [system, question, turn, first, second] = conversations['two calls'] ?? [];
      const results = [first, second].flatMap((it) => (it === undefined ? [] : [{ ...it }]));
      if (order === 'without ids') for (const result of results) delete result['tool_call_id'];
      if (order === 'in another order') results.reverse();
      const messages = [system, question, turn].flatMap((it) => it ?? []);
      const text = render('llama-json', [...messages, ...results]);
      expect(text.slice(text.indexOf('{"name": "get_weather", "parameters": {"city"'))).toBe(
        '{"name": "get_weather", "parameters": {"city": "Zürich"}}<|eot_id|>' +
          '<|start_header_id|>ipython<|end_header_id|>\n\n"rain"<|eot_id|>' +
          '<|start_header_id|>assistant<|end_header_id|>\n\n{"name": "get_time", "parameters": {}}<|eot_id|>' +
          '<|start_header_id|>ipython<|end_header_id|>\n\n"noon"<|eot_id|>' +
          '<|start_header_id|>assistant<|end_header_id|>\n\n',
      );
    },
  );

  it('hands no list of calls to a template where there are none', () => {
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello', tool_calls: null },
    ];
    expect(render('llama-json', [...messages, { role: 'user', content: 'Bye' }])).toContain('Hello');
  });

  it('names the tool of a result that names its call alone', () => {
    expect(render('function-gemma', withArguments({ city: 'Zürich' }))).toContain('response:get_weather{');
  });
});

describe('a template without tools gets them in words', () => {
  const plain = (name: string, messages: ChatMessage[]) =>
    toPlainConversation({ messages, tools }, { ...publishedToolUse(name).abilities, wrapsReply: true });

  it('describes the tools in the system message, calls as JSON, results as turns of the user', () => {
    const { messages, tools: left } = plain('phi-3.5', conversations['two calls'] ?? []);
    expect(left).toBeUndefined();
    expect(messages.map(({ role }) => role)).toEqual([
      'system',
      'user',
      'assistant',
      'user',
      'assistant',
      'user',
    ]);
    expect(messages[0]?.content).toMatch(/^Be kind\.\n\n[^]*"name":"get_weather"[^]*\{"tool_calls": \[/);
    expect(messages[2]?.content).toBe(
      '{"tool_calls": [{"name": "get_weather", "arguments": {"city":"Zürich"}}, {"name": "get_time", "arguments": {}}]}',
    );
    expect(messages[3]?.content).toBe('The result of get_weather:\nrain\n\nThe result of get_time:\nnoon');
  });

  it('leaves tools to a template that lists them', () => {
    expect(plain('qwen3', CALL)).toEqual({ messages: CALL, tools });
  });
});
