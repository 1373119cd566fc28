import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatDate } from '../../../src/chat-template/filters.ts';
import { readChatTemplate } from '../../../src/chat-template/fallback-template.ts';
import { ChatTemplateRenderer, type ChatMessage } from '../../../src/chat-template/renderer.ts';
import { Tokenizer } from '../../../src/tokenizer/tokenizer.ts';
import { fixturePath, readJsonFixture } from '../../support/fixtures.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

interface Goldens {
  specialTokens: Record<string, string>;
  conversations: Record<string, ChatMessage[]>;
  cases: { template: string; conversation: string; text?: string; error?: string }[];
  tokenized: {
    template: string;
    specialTokens: Record<string, string>;
    cases: { messages: ChatMessage[]; tokenIds: number[] }[];
  };
}

const GOLDENS = readJsonFixture('chat-templates', 'expected.json') as Goldens;
const NOON = new Date(2026, 10, 4, 12, 5, 9);
const HELLO: ChatMessage[] = [{ role: 'user', content: 'Hello' }];

/**
 * A message without content: Python's undefined can be trimmed and iterated, the library's cannot. The length of astral
 * characters differs, too; no template here has them.
 */
const LIBRARY_DIFFERS = [
  'instruct-brackets.jinja, a tool',
  'turns-with-parts.jinja, a tool',
  'parts-only.jinja, a tool',
];

/** A call without a text beside it: transformers hands no content over, and these then fail. The renderer hands '' over. */
const RENDERED_HERE = ['chatml.jinja, a tool', 'zephyr-lines.jinja, a tool'];

const templateOf = (name: string): string => readFileSync(fixturePath('chat-templates', name), 'utf8');
const renderer = (template: string): ChatTemplateRenderer =>
  new ChatTemplateRenderer({ template, specialTokens: GOLDENS.specialTokens });
const render = (template: string, messages = HELLO): string => renderer(template).render({ messages }, NOON);

/** By jinja2 3.1 in Python, as transformers sets it up. */
const PYTHON_SAYS: readonly (readonly [template: string, text: string])[] = [
  ['{{ true }} {{ 1 is string }} {{ 2.0 }} {{ 7 }}', 'True False 2.0 7'],
  ["{{ [1, 'a', none, true, 1.5, [2.0]] }}", "[1, 'a', None, True, 1.5, [2.0]]"],
  [`{{ {'a': {'b': "it's"}, 'c': []} }}`, `{'a': {'b': "it's"}, 'c': []}`],
  ['{{ (1, 2) }} {{ messages[0] }}', "(1, 2) {'role': 'user', 'content': 'Hello'}"],
  ["{{ 'a' ~ 1 ~ none ~ true ~ 1.0 ~ {'k': [1]} ~ unknown }}", "a1NoneTrue1.0{'k': [1]}"],
  ['{% set flag %}{{ false }}{% endset %}{{ flag }}', 'False'],
  [
    "{{ '1' == 1 }} {{ '' == false }} {{ 0 == false }} {{ 1 == 1.0 }} {{ none == unknown }}",
    'False False True True False',
  ],
  ["{{ [1, [2]] == [1, [2]] }} {{ {'a': 1} == {'a': 1.0} }} {{ {'a': 1} != {'a': 2} }}", 'True True True'],
  ["{{ [1] == [1, 2] }} {{ 'a' != 'a' }} {{ none == none }}", 'False False True'],
  ['\r\n{% if true %}\r\na\r\n{% endif %}\rb\r\n', '\na\nb'],
];

describe('templates render as transformers renders them', () => {
  it.each(PYTHON_SAYS)('%j', (template, text) => {
    expect(render(template)).toBe(text);
  });

  const cases = GOLDENS.cases.filter((it) => !LIBRARY_DIFFERS.includes(`${it.template}, ${it.conversation}`));
  const rendered = cases.filter(({ text }) => text !== undefined);
  const refused = cases.filter(({ error }) => error?.startsWith('TemplateError: '));
  const failed = GOLDENS.cases
    .filter(({ error }) => error !== undefined)
    .filter((it) => !RENDERED_HERE.includes(`${it.template}, ${it.conversation}`));

  it.each(rendered)('$template, $conversation', ({ template, conversation, text }) => {
    expect(render(templateOf(template), GOLDENS.conversations[conversation])).toBe(text);
  });

  it.each(refused)('$template, $conversation: refused', ({ template, conversation, error = '' }) => {
    expect(() => render(templateOf(template), GOLDENS.conversations[conversation])).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        param: 'messages',
        message: `the model's chat template refuses these messages: ${error.slice('TemplateError: '.length)}`,
      }),
    );
  });

  it.each(failed)('$template, $conversation: an error that names messages', ({ template, conversation }) => {
    expect(() => render(templateOf(template), GOLDENS.conversations[conversation])).toThrow(
      expect.objectContaining({ code: 'invalid_request', param: 'messages' }),
    );
  });

  it('has goldens of each kind', () => {
    expect(rendered.length).toBeGreaterThan(60);
    expect(refused.length).toBeGreaterThan(3);
  });
});

describe('what is rendered is encoded as transformers encodes it', () => {
  const { template, specialTokens, cases } = GOLDENS.tokenized;

  it.each(cases)('$messages', async ({ messages, tokenIds }) => {
    const tokenizer = await Tokenizer.load(fixturePath('tiny-gpt2'));
    const own = new ChatTemplateRenderer({ template: templateOf(template), specialTokens });
    const text = own.render({ messages }, NOON);
    expect(tokenizer.encode(text, { addSpecialTokens: false })).toEqual(tokenIds);
  });

  it('a special token in the words of a user is one', () => {
    const numSpecial = cases.map(({ tokenIds }) => tokenIds.filter((id) => id === 0).length);
    expect(numSpecial).toEqual([1, 2, 2]);
  });
});

describe('filters, tests and methods are those of jinja2', () => {
  const { messages, cases } = readJsonFixture('chat-templates', 'jinja2.json') as {
    messages: ChatMessage[];
    cases: { template: string; text: string }[];
  };

  it.each(cases)('$template', ({ template, text }) => expect(render(template, messages)).toBe(text));

  it.each([
    ["{{ 'ab' * 10 ** 9 }}", /repeats a text 1000000000 times/],
    ["{{ [1] | select('prime') | list }}", /has a test 'prime', which is not known/],
    ["{{ [1] | select('eq') | list }}", /has a test 'eq' without what it compares with/],
    ['{{ [1] | map | list }}', /maps items by neither filter nor attribute/],
    ["{{ [1] | map('nonsense') | list }}", /nonsense/],
    ["{{ ['a', 1] | max }}", /compares a number with a text/],
    ["{{ ['a'] | sum }}", /adds up what is no number/],
    ['{{ 1 | select | list }}', /goes through the items of a number/],
  ])('says what is wrong in %s', (template, message) => {
    expect(() => render(template)).toThrow(message);
  });
});

describe('content in the form that a template reads', () => {
  it('joins text parts by a line break for a template that reads text', () => {
    const parts = GOLDENS.conversations['parts'];
    expect(render(templateOf('chatml.jinja'), parts)).toContain(
      '<|im_start|>user\n Look: \na fox.<|im_end|>',
    );
  });

  it('makes a part of a text for a template that reads parts', () => {
    expect(render(templateOf('parts-only.jinja'))).toContain('User: Hello<end_of_utterance>');
  });
});

describe('a template that fails', () => {
  it.each([
    ['no Jinja', '{% for %}', 'is not valid Jinja'],
    ['an end that is missing', '{% if true %}', 'is not valid Jinja'],
    ['a filter nobody knows', '{{ messages | nonsense }}', 'cannot be rendered'],
    ['a macro that calls itself', '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}', 'cannot be rendered'],
    ['a range too long', '{% for i in range(10 ** 9) %}{% endfor %}', 'range of 1000000000'],
    ['a date nobody knows', '{{ strftime_now("%Q") }}{{ messages[0].content }}', 'does not know %Q'],
    [
      'a text without end',
      '{{ messages[0].content }}{% set big = range(200) | join("") %}{% for i in range(99999) %}{{ big }}{% endfor %}',
      'characters',
    ],
  ])('is a defect of the model: %s', (_, template, message) => {
    expect(() => render(template)).toThrow(
      expect.objectContaining({
        code: 'weights_invalid',
        message: expect.stringContaining(message) as string,
      }),
    );
  });

  it('is a defect of the messages where it renders others', () => {
    const template = '{{ messages[0].content }}{% if messages | length > 1 %}{{ 1 + none }}{% endif %}';
    expect(render(template)).toBe('Hello');
    expect(() => render(template, [...HELLO, ...HELLO])).toThrow(
      expect.objectContaining({ code: 'invalid_request', param: 'messages' }),
    );
  });

  it('gets no access to what is not its own', () => {
    const source = "{{ messages.constructor }}{{ raise_exception.constructor('return process')() }}";
    expect(() => render(source)).toThrow(expect.objectContaining({ code: 'weights_invalid' }));
    expect(
      render('[{{ messages.constructor }}{{ process }}{{ globalThis }}{{ messages[0].__proto__ }}]'),
    ).toBe('[]');
  });
});

describe("a mapping's methods", () => {
  it('come before its keys, as in jinja2', () => {
    const template =
      '{% set m = messages[0].content %}{% for k, v in m.items() %}{{ k }}={{ v }};{% endfor %}' +
      '{{ m.keys() | list | length }}{{ m.values() | list | length }}{{ m.items }}';
    const mapping = { items: 1, keys: 2, values: 3 };
    const renderer = new ChatTemplateRenderer({ template, specialTokens: {} });
    const messages = [{ role: 'user', content: mapping as unknown as string }];
    // jinja2 3.1.6 writes the first two so; `m.items` without a call is the key here and the method there.
    expect(renderer.render({ messages }, new Date())).toBe('items=1;keys=2;values=3;331');
  });
});

describe('dates', () => {
  // From Python: datetime(2026, 11, 4, 12, 5, 9).strftime(…)
  it.each([
    ['%d %b %Y', '04 Nov 2026'],
    ['%B %-d, %y, %A %a', 'November 4, 26, Wednesday Wed'],
    ['%Y-%m-%d %H:%M:%S %I %p %%', '2026-11-04 12:05:09 12 PM %'],
    ['%F %T|%e', '2026-11-04 12:05:09| 4'],
  ])('%s', (format, expected) => {
    expect(formatDate(NOON, format)).toBe(expected);
    expect(render(`{{ strftime_now("${format}") }}`)).toBe(expected);
  });
});

describe('readChatTemplate', () => {
  const named = [
    { name: 'tool_use', template: 'T' },
    { name: 'default', template: 'D' },
  ];

  it.each([
    ['a text', { chat_template: 'X' }, 'X'],
    ['a list with a default', { chat_template: named }, 'D'],
    ['none', {}, undefined],
    ['null', { chat_template: null }, undefined],
  ])('takes %s', async (_, config, expected) => {
    expect(await readChatTemplate(tempDirectory(), config)).toBe(expected);
  });

  it('lets chat_template.jinja go first, as transformers does', async () => {
    const directory = tempDirectory();
    writeFileSync(join(directory, 'chat_template.jinja'), 'J');
    expect(await readChatTemplate(directory, { chat_template: 'X' })).toBe('J');
  });

  it('takes the folder of named ones next, and the file of a processor last', async () => {
    const directory = tempDirectory();
    writeFileSync(join(directory, 'chat_template.json'), '{"chat_template": "P"}');
    expect(await readChatTemplate(directory, {})).toBe('P');
    expect(await readChatTemplate(directory, { chat_template: 'X' })).toBe('X');
    mkdirSync(join(directory, 'additional_chat_templates'));
    writeFileSync(join(directory, 'additional_chat_templates', 'tool_use.jinja'), 'T');
    expect(await readChatTemplate(directory, { chat_template: 'X' })).toBe('X');
    writeFileSync(join(directory, 'additional_chat_templates', 'default.jinja'), 'D');
    expect(await readChatTemplate(directory, { chat_template: 'X' })).toBe('D');
  });

  it.each([5, {}, [], [{ name: 'tool_use', template: 'T' }], [{ name: 'default' }]])(
    'refuses %j',
    async (template) => {
      await expect(readChatTemplate(tempDirectory(), { chat_template: template })).rejects.toMatchObject({
        code: 'weights_invalid',
      });
    },
  );
});
