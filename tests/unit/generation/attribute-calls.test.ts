import { describe, expect, it } from 'vitest';
import { detectToolUse } from '../../../src/chat-template/format/detect-tool-use.ts';
import { ChatTemplateRenderer } from '../../../src/chat-template/renderer.ts';
import { readText } from '../../support/answer-reading.ts';
import { TOOL_GOLDENS } from '../../support/published-templates.ts';

const template = (open: string, nameClose: string, close: string): string => `
{%- for tool in tools or [] %}{{ tool | tojson }}
{% endfor %}
{%- for message in messages %}{{ '<|im_start|>' + message.role + '\\n' }}
{%- if message.content %}{{ message.content }}{% endif %}
{%- for call in message.tool_calls or [] %}{{ '${open}' + call.function.name + '${nameClose}' + (call.function.arguments | tojson) + '${close}' }}{% endfor %}
{{- '<|im_end|>\\n' }}{% endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}`;

const { tools } = TOOL_GOLDENS;
const parameters = new Map(tools.map(({ function: { name, parameters: schema } }) => [name, schema]));

describe.each([
  ['<call name="', '">', '</call>'],
  ['<call name=', '>', '</call>'],
  ['<invoke tool-name="', '">\\n', '\\n</invoke>'],
])('a call whose name is an attribute: %s', (open, nameClose, close) => {
  const renderer = new ChatTemplateRenderer({
    template: template(open, nameClose, close),
    specialTokens: {},
  });
  const { format } = detectToolUse(renderer);
  const read = (text: string): ReturnType<typeof readText> => {
    const whole = readText(text, { tools: format, parameters });
    expect(readText(Array.from(text), { tools: format, parameters })).toEqual(whole);
    return whole;
  };
  const written = (name: string, args: string): string =>
    `${open}${name}${nameClose}${args}${close}`.replaceAll('\\n', '\n');

  it('is read, one and two', () => {
    const weather = { name: 'get_weather', args: '{"city": "Zürich", "days": 2}' };
    const time = { name: 'get_time', args: '{}' };
    expect(read(written(weather.name, weather.args))).toMatchObject({ content: '', calls: [weather] });
    const both = written(weather.name, weather.args) + written(time.name, time.args);
    expect(read(both)).toMatchObject({ content: '', calls: [weather, time] });
  });

  it.each(['<callback>{"a": 1}</callback>', '<call me>{"a": 1}', '<invoked>{}'])(
    'is not what only begins so: %s',
    (text) => {
      expect(read(text)).toMatchObject({ content: text, calls: [] });
    },
  );
});
