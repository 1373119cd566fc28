import { describe, expect, it } from 'vitest';
import { parseInput } from '../../../routes/shared/schemas/parse-input.ts';
import { isJsonFormat } from '../../../routes/workers-ai/schemas/workers-ai-format.ts';
import { toTextGeneration, workersAiRequestSchema } from '../../../routes/workers-ai/schemas/workers-ai.ts';
import {
  isConversation,
  type Conversation,
  type GenerationRequest,
} from '../../../src/generation/generation-request.ts';

const USER = { role: 'user', content: 'a' };
const PARAMETERS = { type: 'object', properties: { city: { type: 'string' } } };

const requestOf = (fields: Record<string, unknown>): GenerationRequest =>
  toTextGeneration(parseInput(workersAiRequestSchema, { messages: [USER], ...fields }), 1000, true);

function conversationOf(fields: Record<string, unknown>): Conversation {
  const { input } = requestOf(fields);
  if (!isConversation(input)) throw new Error('it is no conversation');
  return input;
}

describe('tools', () => {
  it('come in both forms, and with the field that they came from', () => {
    const asked = conversationOf({
      tools: [
        { name: 'flat', description: 'A tool', parameters: PARAMETERS },
        { type: 'function', function: { name: 'nested', parameters: PARAMETERS, strict: true } },
        { type: 'function', function: { name: 'bare' } },
      ],
    });
    expect(asked.tools).toEqual([
      { name: 'flat', description: 'A tool', parameters: PARAMETERS, param: 'tools[0]' },
      { name: 'nested', parameters: PARAMETERS, strict: true, param: 'tools[1].function' },
      { name: 'bare', param: 'tools[2].function' },
    ]);
    expect(asked.toolChoice).toEqual({ type: 'auto' });
    expect(asked.allowsParallelCalls).toBe(true);
  });

  const tools = [{ name: 'f' }];
  it.each([
    ['none', { type: 'none' }],
    ['required', { type: 'required' }],
    [
      { type: 'function', function: { name: 'f' } },
      { type: 'named', name: 'f' },
    ],
    [null, { type: 'auto' }],
  ])('are chosen by %j', (choice, expected) => {
    expect(conversationOf({ tools, tool_choice: choice }).toolChoice).toEqual(expected);
  });

  it.each([
    [{ tools: [{}] }, /^tools\[0\]\.name is required/],
    [{ tools: [{ type: 'function' }] }, /^tools\[0\]\.name is required/],
    [{ tools: [{ name: 'f' }, { name: 'f' }] }, /^tools\[1\]\.name is 'f', which another tool has/],
    [{ tools: [{ name: 'f', function: { name: 'f' } }] }, /^tools\[0\]\.function stands beside/],
    [{ tools: [{ name: 'f', parameters: [] }] }, /^tools\[0\]\.parameters must be an object, not a list/],
    [{ tool_choice: 'required' }, /^tool_choice calls a tool, but there are no tools/],
    [
      { tools, tool_choice: { type: 'function', function: { name: 'g' } } },
      /^tool_choice\.function\.name is 'g', which is none of the tools: f/,
    ],
  ])('are refused: %j', (fields, message) => {
    expect(() => requestOf(fields)).toThrow(message);
  });
});

describe('the format of the text', () => {
  const schema = { type: 'object', properties: {} };
  const jsonSchema = (param: string): object => ({ type: 'jsonSchema', schema, param });
  it.each([
    [{}, undefined, false],
    [{ response_format: { type: 'text' } }, undefined, false],
    [{ response_format: { type: 'json_object' } }, { type: 'jsonObject' }, true],
    [
      { response_format: { type: 'json_schema', json_schema: schema } },
      jsonSchema('response_format.json_schema'),
      true,
    ],
    [
      { response_format: { type: 'json_schema', json_schema: { name: 'a', schema, strict: true } } },
      jsonSchema('response_format.json_schema.schema'),
      true,
    ],
    [{ guided_json: schema, response_format: { type: 'text' } }, jsonSchema('guided_json'), true],
    [{ guided_regex: 'a+' }, { type: 'regex', pattern: 'a+', param: 'guided_regex' }, false],
    [
      { guided_grammar: 'root ::= "a"' },
      { type: 'ebnf', text: 'root ::= "a"', param: 'guided_grammar' },
      false,
    ],
    [
      { guided_choice: ['yes', 'no'] },
      {
        type: 'choice',
        items: [
          { type: 'literal', text: 'yes' },
          { type: 'literal', text: 'no' },
        ],
      },
      false,
    ],
  ])('%j', (fields, grammar, isJson) => {
    const { format } = requestOf(fields);
    expect(format).toEqual(grammar);
    expect(isJsonFormat(format)).toBe(isJson);
  });

  it('holds for a prompt that is taken as it is', () => {
    const input = parseInput(workersAiRequestSchema, {
      prompt: 'a',
      raw: true,
      response_format: { type: 'json_object' },
    });
    expect(toTextGeneration(input, 1000, true)).toMatchObject({
      input: { prompts: ['a'] },
      format: { type: 'jsonObject' },
    });
  });
});

describe('reasoning', () => {
  it.each([
    [{}, undefined, {}],
    [{ reasoning_effort: null }, false, {}],
    [{ reasoning_effort: 'none' }, false, {}],
    [{ reasoning_effort: 'low' }, true, { reasoning_effort: 'low' }],
    [{ chat_template_kwargs: { enable_thinking: false } }, false, { enable_thinking: false }],
    [
      { reasoning_effort: 'high', chat_template_kwargs: { enable_thinking: false, a: [1] } },
      false,
      { reasoning_effort: 'high', enable_thinking: false, a: [1] },
    ],
  ])('%j', (fields, isEnabled, templateArguments) => {
    const asked = conversationOf(fields);
    expect(asked.reasoning.isEnabled).toBe(isEnabled);
    expect(asked.templateArguments).toEqual(templateArguments);
  });
});

describe('messages', () => {
  it('are taken as clients send them back', () => {
    const { messages } = conversationOf({
      messages: [
        USER,
        {
          role: 'assistant',
          content: '',
          reasoning: 'I ask.',
          parsed: null,
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' }, index: 0 },
            { name: 'g', arguments: { b: 2 } },
            { name: 'h', arguments: '' },
          ],
        },
        { role: 'tool', name: 'f', tool_call_id: 'c1', content: '5', extra: true },
      ],
    });
    expect(messages).toEqual([
      USER,
      {
        role: 'assistant',
        content: '',
        reasoning_content: 'I ask.',
        tool_calls: [
          { id: 'c1', type: 'function', function: { name: 'f', arguments: { a: 1 } } },
          expect.objectContaining({ function: { name: 'g', arguments: { b: 2 } } }) as object,
          expect.objectContaining({ function: { name: 'h', arguments: {} } }) as object,
        ],
      },
      { role: 'tool', name: 'f', tool_call_id: 'c1', content: '5' },
    ]);
  });

  it('are refused where a call has no name', () => {
    const messages = [{ role: 'assistant', content: '', tool_calls: [{ arguments: {} }] }];
    expect(() => requestOf({ messages })).toThrow(/^messages\[0\]\.tool_calls\[0\]\.name is required/);
  });
});
