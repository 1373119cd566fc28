import { describe, expect, it } from 'vitest';
import { openAiError } from '../support/error-bodies.ts';
import { post } from '../support/http-client.ts';
import { useScriptedService } from '../support/scripted-service.ts';

const CHAT = '/v1/chat/completions';

const on = useScriptedService();

describe('a field at fault is named: chat', () => {
  const user = { role: 'user', content: 'a' };
  const messages = [user];
  const image = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } };
  const callingTool = (given: unknown, type = 'function'): object => ({
    role: 'assistant',
    tool_calls: [{ id: 'c', type, function: { name: 'f', arguments: given } }],
  });
  const tools = [{ type: 'function', function: { name: 'f' } }];
  const schema = { type: 'object' };
  it.each([
    ['messages', {}, 'is required'],
    ['messages', { messages: 'a' }, 'a list, not a string'],
    ['messages', { messages: [] }, 'at least 1 entries'],
    ['messages', { messages }, 'has no chat template'],
    ['messages[0]', { messages: ['a'] }, 'an object, not a string'],
    ['messages[0].role', { messages: [{ content: 'a' }] }, 'is required'],
    ['messages[1].role', { messages: [user, { role: 'bot', content: 'a' }] }, 'must be "system" or'],
    ['messages[0].content', { messages: [{ role: 'user' }] }, 'is required'],
    ['messages[0].content', { messages: [{ role: 'user', content: null }] }, 'is required'],
    ['messages[0].content', { messages: [{ role: 'user', content: 5 }] }, 'a string or a list of text parts'],
    ['messages[0].content', { messages: [{ role: 'user', content: [] }] }, 'empty list'],
    ['messages[0].content[0]', { messages: [{ role: 'user', content: ['a'] }] }, 'must be a text part'],
    ['messages[0].content[0].type', { messages: [{ role: 'user', content: [image] }] }, 'not "image_url"'],
    [
      'messages[0].content[0].text',
      { messages: [{ role: 'user', content: [{ type: 'text' }] }] },
      'a string',
    ],
    ['messages[0].content', { messages: [{ role: 'user', contents: 'a' }] }, 'is required'],
    ['messages[1].tool_calls[0].function.arguments', { messages: [user, callingTool(5)] }, 'JSON object'],
    [
      'messages[1].tool_calls[0].type',
      { messages: [user, { ...callingTool('{}', 'custom') }] },
      '"function"',
    ],
    ['prompt', { messages, prompt: 'a' }, "unknown field 'prompt'"],
    ['max_completion_tokens', { messages, max_completion_tokens: 0 }, 'at least 1, not 0'],
    ['max_tokens', { messages, max_tokens: 3, max_completion_tokens: 4 }, 'not 4 and 3'],
    ['min_tokens', { messages, max_tokens: 4, min_tokens: 5 }, 'at most max_tokens'],
    ['logprobs', { messages, logprobs: 3 }, 'true or false, not 3'],
    ['top_logprobs', { messages, top_logprobs: 3 }, 'only with logprobs'],
    ['top_logprobs', { messages, logprobs: true, top_logprobs: 21 }, 'at most 20'],
    ['logit_bias.384', { messages, logit_bias: { 384: 1 } }, 'outside the vocabulary'],
    ['n', { messages, n: 129 }, 'at most 128'],
    [
      'truncate_prompt_tokens',
      { messages, truncate_prompt_tokens: -1 },
      'needs a number in max_completion_tokens',
    ],
    [
      'truncate_prompt_tokens',
      { messages, truncate_prompt_tokens: -1, max_tokens: -1 },
      'needs a number in max_completion_tokens',
    ],
    ['max_tokens', { messages, max_tokens: -2 }, 'at least -1'],
    ['max_completion_tokens', { messages, max_completion_tokens: 0 }, 'must be -1 or at least 1, not 0'],
    ['stream_options', { messages, stream_options: { include_usage: true } }, 'only with stream'],
    ['tools[0].type', { messages, tools: [{ type: 'web_search' }] }, 'not "web_search": tools are functions'],
    [
      'tools[0].function.name',
      { messages, tools: [{ type: 'function', function: { name: 'f g' } }] },
      'letters',
    ],
    ['tools[1].function.name', { messages, tools: [...tools, ...tools] }, "is 'f', which another tool has"],
    [
      'tools[0].function.parameters',
      { messages, tools: [{ type: 'function', function: { name: 'f', parameters: [] } }] },
      'must be an object, not a list',
    ],
    ['tool_choice', { messages, tool_choice: 'required' }, 'there are no tools'],
    ['tool_choice', { messages, tools, tool_choice: 'any' }, 'must be "none", "auto", "required"'],
    [
      'tool_choice.function.name',
      { messages, tools, tool_choice: { type: 'function', function: { name: 'g' } } },
      "is 'g', which is none of the tools: f",
    ],
    [
      'tool_choice.allowed_tools.tools[0].function.name',
      {
        messages,
        tools,
        tool_choice: {
          type: 'allowed_tools',
          allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'g' } }] },
        },
      },
      "is 'g'",
    ],
    ['functions', { messages, tools, functions: [{ name: 'f' }] }, 'older name of tools'],
    ['function_call', { messages, function_call: { name: 'f' } }, 'there are no functions'],
    ['function_call.name', { messages, functions: [{ name: 'f' }], function_call: { name: 'g' } }, "is 'g'"],
    ['response_format.type', { messages, response_format: { type: 'grammar' } }, '"json_schema"'],
    ['response_format.typ', { messages, response_format: { type: 'text', typ: 1 } }, 'unknown field'],
    [
      'response_format.json_schema.schema',
      { messages, response_format: { type: 'json_schema', json_schema: { name: 'a' } } },
      'is required',
    ],
    ['response_format.schema', { messages, response_format: { type: 'text', schema } }, 'goes with'],
    [
      'response_format',
      { messages, response_format: { type: 'json_object' }, guided_json: schema },
      'and guided_json each say what the answer must look like',
    ],
    [
      'structured_outputs',
      { messages, structured_outputs: { regex: 'a', choice: ['a'] } },
      'says twice what the answer must look like',
    ],
    ['guided_json', { messages, guided_json: '{"type": ' }, 'is no JSON'],
    ['guided_json', { messages, guided_json: '[1]' }, 'must be the text of a JSON Schema'],
    ['guided_json', { messages, guided_json: 5 }, 'must be a JSON Schema'],
    ['reasoning_effort', { messages, reasoning_effort: 'some' }, 'must be "none" or'],
    [
      'reasoning_effort',
      { messages, reasoning_effort: 'none', chat_template_kwargs: { enable_thinking: true } },
      'turns reasoning off, but chat_template_kwargs.enable_thinking turns it on',
    ],
    [
      'max_reasoning_tokens',
      { messages, thinking_token_budget: 3, max_reasoning_tokens: 4 },
      'another name of thinking_token_budget: send one of them, not 4 and 3',
    ],
    [
      'reasoning.max_tokens',
      { messages, thinking_budget: 3, reasoning: { max_tokens: 4 } },
      'another name of thinking_budget',
    ],
    ['reasoning.effort', { messages, reasoning_effort: 'low', reasoning: { effort: 'high' } }, 'send one of'],
    [
      'reasoning',
      { messages, reasoning: { effort: 'low' }, thinking: { type: 'disabled' } },
      'turns reasoning on, but thinking.type turns it off',
    ],
    ['reasoning.exclude', { messages, include_reasoning: true, reasoning: { exclude: true } }, 'is true'],
    ['reasoning.budget', { messages, reasoning: { budget: 3 } }, 'unknown field'],
    ['thinking_token_budget', { messages, thinking_token_budget: -2 }, 'at least -1'],
    ['chat_template_kwargs.messages', { messages, chat_template_kwargs: { messages: [] } }, 'by the service'],
    ['stop_token_ids[1]', { messages, stop_token_ids: [1, 384] }, 'outside the vocabulary'],
    ['repeat_penalty', { messages, repeat_penalty: 1.2, repetition_penalty: 1.1 }, 'send one of them'],
    ['echo', { messages, echo: true }, 'is not supported'],
    ['priority', { messages, priority: 1.5 }, 'integer'],
    [
      'continue_final_message',
      { messages, continue_final_message: true, add_generation_prompt: true },
      'send one of them',
    ],
    [
      'add_generation_prompt',
      { messages, add_generation_prompt: false },
      'continue_final_message: true alone',
    ],
    ['add_special_tokens', { messages, add_special_tokens: true }, 'the chat template writes'],
    [
      'include_stop_str_in_output',
      { messages, include_stop_str_in_output: true },
      '/v1/completions takes it',
    ],
    ['chat_template', { messages, chat_template: '{{ 1 }}' }, 'it is a program'],
    ['request_id', { messages, request_id: 'a' }, 'x-request-id'],
    ['max_token', { messages, max_token: 5 }, "unknown field 'max_token'"],
    ['temperature', { messages, temperature: 2.1 }, 'at most 2'],
  ])('%s: %j', async (param, body, message) => {
    const answer = await post(on.service, CHAT, body);
    expect(answer.status).toBe(400);
    expect(openAiError(answer)).toMatchObject({ param, code: 'invalid_request' });
    expect(openAiError(answer).message).toContain(message);
    expect(on.engine.numFreeSlots).toBe(1000);
  });
});
