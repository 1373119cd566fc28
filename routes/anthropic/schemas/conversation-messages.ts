import type { ChatMessage } from '../../../src/engine/engine.ts';
import { invalidField } from '../../../src/errors.ts';
import { toAssistantMessage, toContent, toToolCall } from '../../shared/schemas/template-messages.ts';
import type { InputBlock, ToolResultBlock } from './message-blocks.ts';
import type { CountTokensInput, MessageParam } from './message-request.ts';

/** A line that Claude Code puts first, and that differs in each request: it would hide every prefix from the cache. */
const BILLING_HEADER = 'x-anthropic-billing-header:';

/**
 * The messages that a template reads. The results of tools become messages of their own, in the order in which they stand
 * beside a user's text.
 *
 * @throws EngineError `invalid_request` for a block in a role that has none such, or the result of a call that there is not
 */
export function toConversationMessages({
  system,
  messages: inputs,
}: Pick<CountTokensInput, 'system' | 'messages'>): ChatMessage[] {
  const messages = toSystemMessages(system);
  const namesOfCalls = new Map<string, string>();
  for (const [index, input] of inputs.entries()) {
    const path = `messages[${index}]`;
    if (input.role === 'assistant') messages.push(readAssistantMessage(input, path, namesOfCalls));
    else addMessages(messages, input, path, namesOfCalls);
  }
  return messages;
}

function toSystemMessages(system: CountTokensInput['system']): ChatMessage[] {
  if (system === undefined || system === null) return [];
  if (typeof system === 'string') return [{ role: 'system', content: system }];
  const texts = system.map(({ text }) => text);
  if (texts[0]?.startsWith(BILLING_HEADER) === true) texts.shift();
  return texts.length === 0 ? [] : [{ role: 'system', content: toContent(texts) }];
}

/** Of a user or the system. */
function addMessages(
  messages: ChatMessage[],
  { role, content }: MessageParam,
  path: string,
  namesOfCalls: ReadonlyMap<string, string>,
): void {
  const blocks = blocksOf(content);
  let texts: string[] = [];
  const addTexts = (): void => {
    if (texts.length === 0) return;
    const last = messages.at(-1);
    // Anthropic takes messages of a user that follow each other as one; many templates refuse them.
    if (role === 'user' && last?.role === 'user')
      last.content = toContent([...textsOf(last.content), ...texts]);
    else messages.push({ role, content: toContent(texts) });
    texts = [];
  };
  for (const [index, block] of blocks.entries()) {
    const blockPath = `${path}.content[${index}]`;
    if (block.type === 'text') {
      texts.push(block.text);
    } else if (block.type === 'tool_result' && role === 'user') {
      addTexts();
      messages.push(toToolMessage(block, blockPath, namesOfCalls));
    } else {
      throw invalidField(
        `${blockPath}.type`,
        `is "${block.type}", which a message of role ${role} does not have`,
      );
    }
  }
  if (blocks.length === 0) throw invalidField(`${path}.content`, 'is an empty list');
  addTexts();
}

function toToolMessage(
  { tool_use_id: id, content, is_error: isError }: ToolResultBlock,
  path: string,
  namesOfCalls: ReadonlyMap<string, string>,
): ChatMessage {
  const name = namesOfCalls.get(id);
  if (name === undefined) throw invalidField(`${path}.tool_use_id`, 'names no tool_use before it');
  const text = typeof content === 'string' ? content : (content ?? []).map((block) => block.text).join('\n');
  // Templates know no errors.
  return { role: 'tool', tool_call_id: id, name, content: isError === true ? `Error: ${text}` : text };
}

function readAssistantMessage(
  { content }: MessageParam,
  path: string,
  namesOfCalls: Map<string, string>,
): ChatMessage {
  const texts: string[] = [];
  const reasoning: string[] = [];
  const toolCalls: object[] = [];
  for (const [index, block] of blocksOf(content).entries()) {
    switch (block.type) {
      case 'text':
        texts.push(block.text);
        break;
      case 'thinking':
        if (block.thinking !== '') reasoning.push(block.thinking);
        break;
      case 'redacted_thinking':
        break;
      case 'tool_use': {
        const { id, name, input } = block;
        namesOfCalls.set(id, name);
        toolCalls.push(toToolCall(id, name, input));
        break;
      }
      case 'tool_result':
        throw invalidField(
          `${path}.content[${index}].type`,
          'is "tool_result", which a message of role assistant does not have',
        );
    }
  }
  return toAssistantMessage({ reasoning, content: texts.join(''), toolCalls });
}

const blocksOf = (content: MessageParam['content']): readonly InputBlock[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : content;

const textsOf = (content: ChatMessage['content']): string[] =>
  typeof content === 'string' ? [content] : (content ?? []).map(({ text }) => text);
