import { describe, expect, it } from 'vitest';
import type { ResponseBody } from '../../routes/responses/schemas/response-body.ts';
import type { ResponseEvent } from '../../routes/responses/schemas/response-events.ts';
import { TRANSCRIPT_TEMPLATE } from '../support/chat-model.ts';
import { post, postOk, postStream, type StreamedAnswer } from '../support/http-client.ts';
import { useScriptedService } from '../support/scripted-service.ts';

/** What OpenAI's Responses API reads, and refuses. */

const PATH = '/v1/responses';
const MODEL = '@test/tiny-gpt2';
const TEXT = ' runs past the old mill';

const on = useScriptedService({
  template: TRANSCRIPT_TEMPLATE,
  model: { contextLength: 1024 },
  script: { text: TEXT },
});
const create = (body: object): Promise<ResponseBody> => postOk(on.service, PATH, body);
const stream = (body: object): Promise<StreamedAnswer<ResponseEvent>> => postStream(on.service, PATH, body);

describe('POST /v1/responses', () => {
  it('reads items: instructions, roles, parts, calls with their results, reasoning', async () => {
    await create({
      instructions: 'I',
      input: [
        { role: 'developer', content: 'D' },
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Q' }] },
        { type: 'reasoning', id: 'rs_1', summary: [], content: [{ type: 'reasoning_text', text: 'R' }] },
        { role: 'assistant', content: [{ type: 'output_text', text: 'T', annotations: [] }] },
        { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"a": 1}' },
        { type: 'function_call', call_id: 'c2', name: 'g', arguments: 'no JSON' },
        { type: 'function_call_output', call_id: 'c1', output: 'one' },
        { type: 'function_call_output', call_id: 'c2', output: [{ type: 'input_text', text: 'two' }] },
        { role: 'assistant', content: [{ type: 'refusal', refusal: 'No' }] },
        { role: 'user', content: 'Z' },
      ],
    });
    // The template knows no tools, so calls and results are told in words.
    const calls =
      '{"tool_calls": [{"name": "f", "arguments": {"a":1}}, {"name": "g", "arguments": no JSON}]}';
    const results = 'The result of f:\none\n\nThe result of g:\ntwo';
    expect(on.lastPrompt()).toBe(`s:I\nd:D\nu:Q\na:T\n${calls}(R)\nu:${results}\na:No\nu:Z\na:`);
  });

  it('takes the request of a coding agent, with tools of other types and reasoning without its text', async () => {
    const { events } = await stream({
      model: MODEL,
      instructions: 'I',
      input: [
        { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'D' }] },
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Q' }] },
        { type: 'reasoning', summary: [], content: null, encrypted_content: null },
        { type: 'function_call', name: 'shell', arguments: '{"command":["ls"]}', call_id: 'call_1' },
        { type: 'function_call_output', call_id: 'call_1', output: 'a' },
      ],
      tools: [
        {
          type: 'function',
          name: 'shell',
          description: 'Runs it',
          strict: false,
          parameters: {
            type: 'object',
            properties: { command: { type: 'array', items: { type: 'string' } } },
          },
        },
        { type: 'custom', name: 'apply_patch', format: { type: 'grammar', syntax: 'lark', definition: 'x' } },
        { type: 'web_search', external_web_access: false },
      ],
      tool_choice: 'auto',
      parallel_tool_calls: false,
      reasoning: { effort: 'medium', summary: 'auto' },
      store: false,
      include: ['reasoning.encrypted_content'],
      prompt_cache_key: 'k',
      client_metadata: { a: 'b' },
      access_programs: { daybreak: 'none' },
      background_options: { completion_window: 'soonest' },
      image: { detail: 'low' },
    });
    const call = '{"tool_calls": [{"name": "shell", "arguments": {"command":["ls"]}}]}';
    expect(on.lastPrompt()).toContain(`\nd:D\nu:Q\na:${call}\nu:The result of shell:\na\na:`);
    expect(on.lastPrompt()).toMatch(/^s:I\n\n.*Runs it/s);
    expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: { prompt_cache_key: 'k' } });
  });

  it.each([
    [{ input: 'a', background: true }, 'background'],
    [{ input: 'a', conversation: 'conv_1' }, 'conversation'],
    [{ input: 'a', prompt: { id: 'p' } }, 'prompt'],
    [{ input: 'a', modalities: ['audio'] }, 'modalities'],
    [{}, 'input'],
    [{ input: 5 }, 'input'],
    [
      { input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'x' }] }] },
      'input[0].content[0].type',
    ],
    [{ input: [{ role: 'user', content: [{ type: 'input_text' }] }] }, 'input[0].content[0].text'],
    [{ input: [{ role: 'robot', content: 'a' }] }, 'input[0].role'],
    [{ input: [{ type: 'local_shell_call' }] }, 'input[0].type'],
    [{ input: [{ type: 'item_reference', id: 'msg_x_0' }] }, 'input[0].id'],
    [{ input: [{ type: 'function_call_output', call_id: 'c', output: '' }] }, 'input[0].call_id'],
    [{ input: 'a', tools: [{ type: 'function', name: 'a b' }] }, 'tools[0].name'],
    [{ input: 'a', tools: [{ type: 'function', name: 'f', extra: 1 }] }, 'tools[0].extra'],
    [{ input: 'a', tool_choice: 'required' }, 'tool_choice'],
    [{ input: 'a', tool_choice: { type: 'function', name: 'f' } }, 'tool_choice.name'],
    [{ input: 'a', tool_choice: { type: 'web_search' } }, 'tool_choice.type'],
    [{ input: 'a', text: { format: { type: 'xml' } } }, 'text.format.type'],
    [{ input: 'a', reasoning: { effort: 'extreme' } }, 'reasoning.effort'],
    [{ input: 'a', truncation: 'auto' }, 'truncation'],
    [{ input: 'a', previous_response_id: 'resp_none' }, 'previous_response_id'],
    [{ input: 'a', max_output_tokens: 5000 }, 'max_output_tokens'],
  ])('refuses %j, naming the field', async (body, param) => {
    const answer = await post(on.service, PATH, body);
    expect(answer.status, answer.text).toBe(400);
    expect(answer.json).toMatchObject({ error: { param } });
    expect(answer.text).not.toMatch(/Invalid input|messages|\bmax_tokens/);
    expect(on.engine.numFreeSlots).toBe(1000);
  });
});
