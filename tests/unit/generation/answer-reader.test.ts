import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerReader } from '../../../src/generation/answer-reader.ts';
import type { ToolFormat } from '../../../src/chat-template/format/chat-format.ts';
import { cutAt, joinAnswer, readPieces, readText, type ReadOptions } from '../../support/answer-reading.ts';
import { publishedToolUse } from '../../support/published-templates.ts';

const FAMILIES = [
  'qwen3',
  'qwen3.5',
  'glm-4.6',
  'mistral-nemo',
  'mistral-small-3.2',
  'deepseek-r1',
  'llama-json',
  'pythonic',
  'function-gemma',
  'granite-3.3',
  'phi-3.5',
] as const;
const formatOf = (family: string): ToolFormat => publishedToolUse(family).format;
const THINK = { opening: '<think>', closing: '</think>', variable: undefined };
const parameters = new Map([
  ['f', { type: 'object', properties: { a: { type: 'string' }, b: { type: 'integer' }, c: {} } }],
  ['g', { type: 'object', properties: {} }],
]);

/** Pieces of what the families write, in any order: much of it nearly a call. */
const fragment = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      '<tool_call>',
      '</tool_call>',
      '<function=',
      'f>',
      '<parameter=',
      'a>',
      '</parameter>',
      '</function>',
      '[TOOL_CALLS]',
      '[ARGS]',
      '<|tool_call|>',
      '<|python_tag|>',
      '<start_function_call>',
      'call:f{',
      '<escape>',
      '<end_function_call>',
      '<｜tool▁calls▁begin｜>',
      '<｜tool▁call▁begin｜>',
      'function<｜tool▁sep｜>',
      '```json\n',
      '<arg_key>',
      '</arg_key>',
      '<arg_value>',
      '</arg_value>',
      '<think>',
      '</think>',
      '{"name": "f", ',
      '"arguments": ',
      '{"a": "x"}',
      '}',
      '{',
      '[',
      ']',
      ', ',
      '; ',
      '\n',
      ' ',
      '"',
      '\\',
      'f',
      '(',
      ')',
      'a=',
      "'",
      '{"tool_calls": [',
      '{"response": "',
      '\\u00e9',
      '\\ud83d',
      'null',
      '1',
      'True',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 4 }) },
);
const garbage = fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join(''));
const anywhere = fc.array(fc.nat(), { maxLength: 12 });
const finish = fc.constantFrom<'stop' | 'length' | 'abort'>('stop', 'length', 'abort');

describe.each(FAMILIES)('any text, read as %s', (family) => {
  const options: ReadOptions = { tools: formatOf(family), parameters, reasoning: THINK };

  it('is read alike however it is cut', () => {
    fc.assert(
      fc.property(garbage, anywhere, finish, fc.boolean(), (text, cuts, finishReason, startsInReasoning) => {
        const given = { ...options, finishReason, startsInReasoning };
        expect(readText(cutAt(text, cuts), given)).toEqual(readText(text, given));
      }),
      { numRuns: 300 },
    );
  });

  it('is content, all of it, where no call is found', () => {
    fc.assert(
      fc.property(garbage, (text) => {
        const answer = readText(text, { ...options, reasoning: undefined, wrapsReply: false });
        fc.pre(answer.calls.length === 0);
        expect(answer.content).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  it('carries every token once, in order', () => {
    fc.assert(
      fc.property(garbage, anywhere, (text, cuts) => {
        const pieces = cutAt(text, cuts);
        const events = readPieces(pieces, options);
        const tokenIds = events
          .flatMap((event) => ('tokens' in event ? event.tokens : []))
          .map(({ tokenId }) => tokenId);
        expect(tokenIds).toEqual(pieces.map((_, index) => index));
      }),
      { numRuns: 100 },
    );
  });
});

describe('calls with any arguments', () => {
  const args = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'ключ'), fc.jsonValue({ maxDepth: 3 }), {
    maxKeys: 4,
  });
  const prose = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !/[<[{]/.test(text));
  const jsonFamilies: [string, (call: string) => string, (json: string) => string][] = [
    [
      'qwen3',
      (call) => `<tool_call>\n${call}\n</tool_call>`,
      (json) => `{"name": "f", "arguments": ${json}}`,
    ],
    [
      'qwen3',
      (call) => `<tool_call>${call}</tool_call>`,
      (json) => `{ "arguments" : ${json} , "name" : "f" }`,
    ],
    [
      'mistral-nemo',
      (call) => `[TOOL_CALLS] [${call}]`,
      (json) => `{"name": "f", "arguments": ${json}, "id": "a1b2c3d4e"}`,
    ],
    ['mistral-small-3.2', (call) => `[TOOL_CALLS]${call}`, (json) => `f[ARGS]${json}`],
    [
      'deepseek-r1',
      (call) =>
        `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>${call}<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
      (json) => `f\n\`\`\`json\n${json}\n\`\`\``,
    ],
  ];

  it.each(jsonFamilies)('%s: the text of the arguments is as the model wrote it', (family, wrap, write) => {
    fc.assert(
      fc.property(args, prose, anywhere, fc.nat(3), (value, before, cuts, indent) => {
        const json = JSON.stringify(value, undefined, indent);
        const answer = readText(cutAt(before + wrap(write(json)), cuts), {
          tools: formatOf(family),
          parameters,
        });
        expect(answer).toEqual({
          reasoning: '',
          content: before.replace(/[ \n\t\r]+$/, ''),
          calls: [{ name: 'f', args: json }],
          finish: 'toolCalls',
        });
      }),
      { numRuns: 200 },
    );
  });

  it('qwen3.5: texts and whole numbers by the schema', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((it) => !it.includes('<'));
    fc.assert(
      fc.property(text, fc.integer(), anywhere, (a, b, cuts) => {
        const written =
          `<tool_call>\n<function=f>\n<parameter=a>\n${a}\n</parameter>\n<parameter=b>\n${b}\n</parameter>\n` +
          '</function>\n</tool_call>';
        const answer = readText(cutAt(written, cuts), { tools: formatOf('qwen3.5'), parameters });
        expect(answer.calls.map(({ args: json }) => JSON.parse(json) as unknown)).toEqual([{ a, b }]);
      }),
      { numRuns: 300 },
    );
  });

  it('phi-3.5: a reply in its object', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), anywhere, (text, cuts) => {
        const written = `{"response": ${JSON.stringify(text)}}`;
        const answer = readText(cutAt(written, cuts), { tools: formatOf('phi-3.5') });
        expect(answer.content).toBe(text);
      }),
    );
  });

  it('mistral-small-3.2: arguments that are a text are those that the text has, or no call', () => {
    const options = { tools: formatOf('mistral-small-3.2'), parameters };
    const written = readText('[TOOL_CALLS]f[ARGS]"{\\"a\\": \\"x\\"}"', options);
    expect(written.calls).toEqual([{ name: 'f', args: '{"a": "x"}' }]);
    for (const text of ['[TOOL_CALLS]f[ARGS]"{The tower"', '[TOOL_CALLS]f[ARGS]"{The tower']) {
      expect(readText(text, options)).toMatchObject({ content: text, calls: [] });
    }
  });

  it.each(FAMILIES)('%s: what is cut off anywhere is a part of the whole', (family) => {
    const json = '{"a": "x \\"y\\" }", "b": 2}';
    const written: Partial<Record<string, string>> = {
      'qwen3.5': '<tool_call>\n<function=f>\n<parameter=a>\nx\n</parameter>\n</function>\n</tool_call>',
      'glm-4.6': '<tool_call>f\n<arg_key>a</arg_key>\n<arg_value>x</arg_value>\n</tool_call>',
      'mistral-nemo': `[TOOL_CALLS][{"name": "f", "arguments": ${json}}]`,
      'mistral-small-3.2': `[TOOL_CALLS]f[ARGS]${json}`,
      'deepseek-r1': `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n\`\`\`json\n${json}\n\`\`\``,
      'llama-json': `{"name": "f", "parameters": ${json}}`,
      pythonic: "[f(a='x', b=2)]",
      'function-gemma': '<start_function_call>call:f{a:<escape>x<escape>,b:2}<end_function_call>',
      'granite-3.3': `<|tool_call|>[{"name": "f", "arguments": ${json}}]`,
      'phi-3.5': `{"tool_calls": [{"name": "f", "arguments": ${json}}]}`,
    };
    const text = written[family] ?? `<tool_call>\n{"name": "f", "arguments": ${json}}\n</tool_call>`;
    const options = { tools: formatOf(family), parameters, wrapsReply: false };
    const [whole] = readText(text, options).calls;
    expect(whole?.name).toBe('f');
    for (let length = 0; length < text.length; length++) {
      const answer = readText(text.slice(0, length), { ...options, finishReason: 'length' });
      const [call] = answer.calls;
      expect(answer.finish).toBe('length');
      if (call === undefined) expect(answer.content).toBe(text.slice(0, length));
      else expect(whole?.args.startsWith(call.args)).toBe(true);
    }
  });
});

describe('AnswerReader', () => {
  const reader = (tools = formatOf('qwen3')) =>
    new AnswerReader({
      tools,
      parameters: new Map(),
      wrapsReply: false,
      reasoning: undefined,
      startsInReasoning: false,
      maxCalls: Infinity,
    });
  const delta = (text: string, index = 0) => ({ type: 'delta' as const, index, text, tokens: [] });

  it('holds back no more than what may begin a tag', () => {
    const own = reader();
    expect(own.read(delta('Hi <b')).map((event) => ('text' in event ? event.text : ''))).toEqual(['Hi <b']);
    expect(own.read(delta(' <tool')).length).toBe(0);
    expect(joinAnswer(own.read(delta('box'))).content).toBe(' <toolbox');
  });

  it('tells the name once and whole, then arguments as they grow', () => {
    const own = reader();
    expect(own.read(delta('<tool_call>\n{"name": "f'))).toEqual([]);
    expect(own.read(delta('", "arguments": {"a": "x'))).toMatchObject([
      { type: 'callStart', callIndex: 0, name: 'f' },
      { type: 'callArguments', callIndex: 0, text: '{"a": "x' },
    ]);
    expect(own.read(delta('y'))).toMatchObject([{ type: 'callArguments', text: 'y' }]);
  });

  it('keeps choices apart, with ids of their own', () => {
    const own = reader();
    const text = '<tool_call>{"name": "g"}</tool_call>';
    const events = Array.from(text).flatMap((character) =>
      [0, 1].flatMap((index) => own.read(delta(character, index))),
    );
    const starts = events.flatMap((event) => (event.type === 'callStart' ? [event] : []));
    expect(starts.map(({ index }) => index)).toEqual([0, 1]);
    for (const { id } of starts) expect(id).toMatch(/^call_[a-zA-Z0-9]{24}$/);
    expect(new Set(starts.map(({ id }) => id)).size).toBe(2);
  });

  it.each([
    [
      'an unknown tool behind a tag is a call',
      'qwen3',
      '<tool_call>{"name": "other", "arguments": {}}</tool_call>',
      1,
    ],
    ['an unknown tool without a tag is an answer', 'llama-json', '{"name": "other", "parameters": {}}', 0],
    ['JSON that is no call is an answer', 'llama-json', '{"name": "f", "age": 3}', 0],
    [
      'arguments that are a list are no call',
      'qwen3',
      '<tool_call>{"name": "f", "arguments": [1]}</tool_call>',
      0,
    ],
    [
      'arguments in a text are a call',
      'qwen3',
      '<tool_call>{"name": "f", "arguments": "{\\"a\\": 1}"}</tool_call>',
      1,
    ],
    ['a list is an answer', 'pythonic', '[1, 2]', 0],
  ])('%s', (_, family, text, numCalls) => {
    const answer = readText(text, { tools: formatOf(family), parameters });
    expect(answer.calls.length).toBe(numCalls);
    expect(answer.content).toBe(numCalls === 0 ? text : '');
    expect(answer.finish).toBe(numCalls === 0 ? 'stop' : 'toolCalls');
  });

  it('reads a long answer of nearly-calls in a time that its length bounds', () => {
    const text = '<tool_call>{"arguments": {"a": 1, '.repeat(3000) + '}'.repeat(9000);
    expect(readText(text, { tools: formatOf('qwen3'), parameters }).content).toBe(text);
  });
});
