import { startToken, type Chain } from './chains.ts';

/** Turns in ChatML and tool calls as Hermes and Qwen 2.5 write them. */
const TURNS = `
{%- if tools %}
  {{- '<|im_start|>system\\n' }}
  {%- if messages[0].role == 'system' %}{{- messages[0].content + '\\n\\n' }}{%- endif %}
  {{- 'You may call these functions:\\n<tools>' }}
  {%- for tool in tools %}{{- '\\n' + tool | tojson }}{%- endfor %}
  {{- '\\n</tools>\\nWrite a call as\\n<tool_call>\\n{"name": <function-name>, "arguments": <args-json-object>}\\n</tool_call><|im_end|>\\n' }}
{%- elif messages[0].role == 'system' %}
  {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
  {%- if message.role == 'user' or (message.role == 'system' and not loop.first) %}
    {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
  {%- elif message.role == 'assistant' %}
    {%- set content = message.content or '' %}
    {%- if '</think>' in content %}{%- set content = content.split('</think>')[-1] | trim %}{%- endif %}
    {{- '<|im_start|>assistant\\n' + content }}
    {%- for call in message.tool_calls or [] %}
      {%- if content or not loop.first %}{{- '\\n' }}{%- endif %}
      {{- '<tool_call>\\n{"name": "' + call.function.name + '", "arguments": ' }}
      {{- call.function.arguments | tojson }}
      {{- '}\\n</tool_call>' }}
    {%- endfor %}
    {{- '<|im_end|>\\n' }}
  {%- elif message.role == 'tool' %}
    {%- if loop.first or messages[loop.index0 - 1].role != 'tool' %}{{- '<|im_start|>user' }}{%- endif %}
    {{- '\\n<tool_response>\\n' + message.content + '\\n</tool_response>' }}
    {%- if loop.last or messages[loop.index0 + 1].role != 'tool' %}{{- '<|im_end|>\\n' }}{%- endif %}
  {%- endif %}
{%- endfor %}`;

/** The last question, and how many results of tools came since. */
const SITUATION = `
{%- set now = namespace(question='', num_results=0, num_tools=0, candidate='', chain='') %}
{%- for message in messages %}
  {%- if message.role == 'user' %}
    {%- set now.question = message.content %}
    {%- set now.num_results = 0 %}
  {%- elif message.role == 'tool' %}
    {%- set now.num_results = now.num_results + 1 %}
  {%- endif %}
{%- endfor %}`;

/**
 * A chat template in Jinja that ends a prompt in the start token of the chain that fits. Of the tools that are offered
 * and have a chain, the model calls each once, in their order; then it says the chain `final`. Without tools the words
 * of the question decide; reasoning may be asked for by `enable_thinking`, too.
 */
export function chainTemplate(chains: readonly Chain[]): string {
  const ofTools = chains.flatMap(({ name, tool }) => (tool === undefined ? [] : { name, tool }));
  const byTool = ofTools
    .map(({ name, tool }, index) =>
      condition(index, `tool.function.name == '${tool}'`, `now.candidate = '${name}'`),
    )
    .join('');
  const byWord = chains
    .flatMap(({ name, word }) =>
      word === undefined ? [] : `{%- elif '${word}' in now.question %}${begin(name)}`,
    )
    .join('');
  return `${TURNS}
{%- if add_generation_prompt %}
  {{- '<|im_start|>assistant\\n' }}${SITUATION}
  {%- for tool in tools or [] %}
    {%- set now.candidate = '' %}
    ${byTool}{%- endif %}
    {%- if now.candidate and now.num_tools == now.num_results %}{%- set now.chain = now.candidate %}{%- endif %}
    {%- if now.candidate %}{%- set now.num_tools = now.num_tools + 1 %}{%- endif %}
  {%- endfor %}
  {%- if now.chain %}{{- '${startToken("' + now.chain + '")}' }}
  {%- elif now.num_results > 0 %}${begin('final')}
  {%- elif enable_thinking is defined and enable_thinking %}${begin('thought')}
  ${byWord}{%- else %}${begin('plain')}{%- endif %}
{%- endif %}`;
}

const begin = (name: string): string => `{{- '${startToken(name)}' }}`;

const condition = (index: number, test: string, assignment: string): string =>
  `{%- ${index === 0 ? 'if' : 'elif'} ${test} %}{%- set ${assignment} %}`;
