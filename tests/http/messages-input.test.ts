import type Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import type { MessageBody } from '../../routes/anthropic/schemas/message-body.ts';
import { TRANSCRIPT_TEMPLATE } from '../support/chat-model.ts';
import { post, postOk } from '../support/http-client.ts';
import { useScriptedService } from '../support/scripted-service.ts';

/** What Anthropic's messages read, and refuse. */

const PATH = '/v1/messages';
const TEXT = ' runs past the old mill';
const HELLO: Anthropic.MessageParam[] = [{ role: 'user', content: 'The river' }];

const on = useScriptedService({
  template: TRANSCRIPT_TEMPLATE,
  model: { contextLength: 1024 },
  script: { text: TEXT },
});
const OPEN = [...HELLO, { role: 'assistant', content: 'It runs' }];
const COUNT = `${PATH}/count_tokens`;
const create = (body: object): Promise<MessageBody> =>
  postOk(on.service, PATH, { max_tokens: 50, messages: HELLO, ...body });

describe('POST /v1/messages', () => {
  it('reads blocks: thinking, calls, results beside text, system messages where they stand', async () => {
    await create({
      system: [{ type: 'text', text: 'S', cache_control: { type: 'ephemeral' } }],
      messages: [
        { role: 'user', content: 'Q' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'R', signature: 'x' },
            { type: 'redacted_thinking', data: 'y' },
            { type: 'text', text: 'T', citations: null },
            { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 }, caller: { type: 'direct' } },
            { type: 'tool_use', id: 'toolu_2', name: 'g', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'toolu_1', content: 'one' },
            {
              type: 'tool_result',
              tool_use_id: 'toolu_2',
              content: [{ type: 'text', text: 'two' }],
              is_error: true,
            },
            { type: 'text', text: 'U' },
          ],
        },
        { role: 'system', content: 'V' },
        { role: 'user', content: 'W' },
      ],
    });
    // The template knows no tools, so calls and results are told in words.
    const calls = '{"tool_calls": [{"name": "f", "arguments": {"a":1}}, {"name": "g", "arguments": {}}]}';
    const results = 'The result of f:\none\n\nThe result of g:\nError: two\n\nU';
    expect(on.lastPrompt()).toBe(`s:S\nu:Q\na:T\n${calls}(R)\nu:${results}\ns:V\nu:W\na:`);
  });

  it('takes messages of a user that follow each other as one', async () => {
    await create({ messages: [...HELLO, { role: 'user', content: 'and the mill' }] });
    expect(on.lastPrompt()).toBe('u:The river\nand the mill\na:');
  });

  it('leaves out the line of Claude Code that differs in each request, so that the prompt begins the same', async () => {
    const system = (hash: string): unknown => [
      { type: 'text', text: `x-anthropic-billing-header: cc_version=2.1; cch=${hash};` },
      { type: 'text', text: 'Be brief' },
    ];
    await create({ system: system('abc') });
    const first = on.lastPrompt();
    await create({ system: system('def') });
    expect(on.lastPrompt()).toBe(first);
    expect(first).toBe('s:Be brief\nu:The river\na:');
    await create({ system: [{ type: 'text', text: 'x-anthropic-billing-header: a' }] });
    expect(on.lastPrompt()).toBe('u:The river\na:');
  });

  it('takes null as if the field were left out, as vLLM does: LlamaIndex sends tool_choice so', async () => {
    const conversation = {
      system: null,
      tools: null,
      tool_choice: null,
      thinking: null,
      output_config: null,
    };
    const sampling = { temperature: null, top_p: null, top_k: null, seed: null, stop_sequences: null };
    const { content } = await create({ ...conversation, ...sampling, stream: null, timeout_ms: null });
    expect(on.lastPrompt()).toBe('u:The river\na:');
    expect(content).toEqual([{ type: 'text', text: TEXT }]);
    await postOk(on.service, COUNT, { messages: HELLO, ...conversation });
    const call = { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} };
    await create({
      messages: [
        ...HELLO,
        { role: 'assistant', content: [{ type: 'thinking', thinking: 'R', signature: null }, call] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: null }] },
      ],
      tools: [{ name: 'f', description: null, input_schema: { type: 'object' }, strict: null }],
      tool_choice: { type: 'auto', disable_parallel_tool_use: null },
    });
    expect(on.lastPrompt()).toContain('The result of f:\n');
  });

  it('answers in a format by its older name, too, as LiteLLM sends it', async () => {
    const schema = { type: 'object', properties: { a: { type: 'boolean' } }, required: ['a'] };
    const format = { type: 'json_schema', schema };
    const asked = [{ output_format: format }, { output_config: { format } }];
    for (const body of [...asked, { ...asked[0], ...asked[1] }]) {
      await post(on.service, PATH, { max_tokens: 50, messages: HELLO, ...body });
      expect(on.engine.requests.at(-1)?.grammar).toBeDefined();
      await postOk(on.service, COUNT, { messages: HELLO, ...body });
    }
  });

  it('goes on with a last message of the assistant, which its count has, too', async () => {
    const { content } = await create({ messages: OPEN });
    expect(on.lastPrompt()).toBe('u:The river\na:It runs');
    expect(content).toMatchObject([{ type: 'text', text: TEXT }]);
    const { input_tokens: numTokens } = await postOk<{ input_tokens: number }>(on.service, COUNT, {
      messages: OPEN,
    });
    expect(numTokens).toBe(on.engine.requests.at(-1)?.prompts[0]?.length);
  });

  /** The keyword is not enforced, so it is refused where the schema is held to. */
  const REFUSED_TOOL = {
    name: 'f',
    input_schema: { type: 'object', properties: { a: { not: { type: 'string' } } } },
  };
  const image = { type: 'image', source: { type: 'url', url: 'x' } };
  it.each([
    [{ max_tokens: undefined }, 'max_tokens'],
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ messages: [] }, 'messages'],
    [{ messages: [{ role: 'user', content: [image] }] }, 'messages[0].content[0].type must be "text"'],
    [{ messages: [{ role: 'user', content: [] }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
    [{ messages: [{ role: 'tool', content: 'a' }] }, 'messages[0].role'],
    [
      {
        messages: [
          ...HELLO,
          { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'f', input: {} }] },
        ],
      },
      'messages[1].content',
    ],
    [{ messages: OPEN, max_tokens: 2000, thinking: { type: 'enabled', budget_tokens: 1024 } }, 'thinking'],
    [{ messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'x' }] }] }, 'tool_use_id'],
    [
      { messages: [{ role: 'user', content: [{ type: 'thinking', thinking: 'x' }] }] },
      'messages[0].content[0].type',
    ],
    [{ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'tools[0].type'],
    [{ tool_choice: { type: 'any' } }, 'tool_choice'],
    [{ tools: [REFUSED_TOOL], tool_choice: { type: 'any' } }, 'tools[0].input_schema.properties.a'],
    [{ tools: [{ ...REFUSED_TOOL, strict: true }] }, 'tools[0].input_schema.properties.a'],
    [{ tool_choice: { type: 'tool', name: 'f' } }, 'tool_choice.name'],
    [{ thinking: { type: 'enabled', budget_tokens: 50 } }, 'thinking.budget_tokens'],
    [{ output_config: { format: { type: 'xml' } } }, 'output_config.format.type'],
    [{ output_format: { type: 'xml' } }, 'output_format.type'],
    [
      {
        output_format: { type: 'json_schema', schema: {} },
        output_config: { format: { type: 'json_schema', schema: { type: 'object' } } },
      },
      'output_config.format and output_format each say',
    ],
    [{ container: 'c' }, 'container'],
    [{ nonsense: 1 }, 'nonsense'],
  ])('refuses %j, naming the field', async (body, words) => {
    const answer = await post(on.service, PATH, { max_tokens: 50, messages: HELLO, ...body });
    expect(answer.status, answer.text).toBe(400);
    const { error } = answer.json as { error: { type: string; message: string } };
    expect(error.type).toBe('invalid_request_error');
    expect(error.message).toContain(words);
    expect(on.engine.numFreeSlots).toBe(1000);
  });

  it('tells of a prompt that is too long in words that agents look for', async () => {
    const { status, text } = await post(on.service, PATH, {
      max_tokens: 5,
      messages: [{ role: 'user', content: 'a b '.repeat(4000) }],
    });
    expect(status).toBe(400);
    expect(text).toContain('"prompt is too long: ');
    expect(text).not.toContain('truncate_prompt_tokens');
  });
});
