import { describe, expect, it } from 'vitest';
import type { ChatBody } from '../../routes/openai/schemas/chat.ts';
import { openAiError } from '../support/error-bodies.ts';
import { post, type Answer } from '../support/http-client.ts';
import { publishedTemplate } from '../support/published-templates.ts';
import { useScriptedService, type ScriptedService } from '../support/scripted-service.ts';

const USER = { role: 'user', content: 'The river' };
const saying = (content: string, more: object = {}): object => ({ role: 'assistant', content, ...more });
const TOOLS = [{ type: 'function', function: { name: 'f' } }];

const goOn = (on: ScriptedService, messages: readonly object[], more: object = {}): Promise<Answer> =>
  post(on.service, '/v1/chat/completions', { messages, continue_final_message: true, ...more });

const messageOf = ({ json }: Answer): ChatBody['choices'][number]['message'] | undefined =>
  (json as ChatBody).choices[0]?.message;

describe('continue_final_message', () => {
  const on = useScriptedService({ template: publishedTemplate('smollm2'), model: { contextLength: 1024 } });

  it('goes on with the last message, and answers what is new', async () => {
    const answer = await goOn(on, [USER, saying('It runs')], { add_generation_prompt: false });
    expect(answer.status, answer.text).toBe(200);
    expect(on.lastPrompt()).toMatch(
      /<\|im_start\|>user\nThe river<\|im_end\|>\n<\|im_start\|>assistant\nIt runs$/,
    );
    expect(messageOf(answer)?.content).toBe(' runs past the old mill and down to the sea');
  });

  it('is what the render route shows, too', async () => {
    const body = { messages: [USER, saying('It runs')], continue_final_message: true };
    const { json } = await post(on.service, '/v1/chat/completions/render', body);
    const { token_ids: tokenIds } = json as { token_ids: number[] };
    expect(on.engine.ownTokenizer.decode([...tokenIds])).toMatch(/It runs$/);
  });

  it.each([
    ['messages[0].role', [USER], {}, "must be 'assistant'"],
    [
      'messages[1].tool_calls',
      [USER, saying('', { tool_calls: [{ id: 'c', function: { name: 'f', arguments: '{}' } }] })],
      {},
      'ends the message',
    ],
    ['tool_choice', [USER, saying('a')], { tools: TOOLS, tool_choice: 'required' }, 'must be auto or none'],
    ['tools', [USER, saying('a')], { tools: TOOLS }, 'no format of its own'],
  ])('is refused: %s', async (param, messages, more, message) => {
    const answer = await goOn(on, messages, more);
    expect(answer.status, answer.text).toBe(400);
    expect(openAiError(answer)).toMatchObject({ param, code: 'invalid_request' });
    expect(openAiError(answer).message).toContain(message);
  });
});

describe('continue_final_message of a model that reasons', () => {
  const on = useScriptedService({
    template: publishedTemplate('qwen3'),
    model: { contextLength: 1024 },
    script: { text: ' well</think>\n\nDone' },
  });

  it.each([
    ['in the midst of its reasoning', '<think>\nHm', { reasoning_content: 'well', content: 'Done' }],
    ['behind its reasoning', '<think>\nHm\n</think>\n\nIt', { content: ' well</think>\n\nDone' }],
    ['without reasoning', 'It', { content: ' well</think>\n\nDone' }],
  ])('goes on %s', async (_, content, message) => {
    const answer = await goOn(on, [USER, saying(content)]);
    expect(answer.status, answer.text).toBe(200);
    expect(on.lastPrompt().endsWith(content.slice(-2))).toBe(true);
    const { reasoning_content: reasoning, content: said } = messageOf(answer) ?? {};
    expect({
      ...(reasoning === undefined ? {} : { reasoning_content: reasoning.trim() }),
      content: said,
    }).toEqual(message);
  });

  it('adds nothing behind what is said where there is to be no reasoning', async () => {
    await goOn(on, [USER, saying('It')], { enable_thinking: false });
    expect(on.lastPrompt()).toMatch(/It$/);
  });
});
