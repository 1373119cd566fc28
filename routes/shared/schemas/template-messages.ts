import type { ChatMessage } from '../../../src/engine/engine.ts';

/** Parts of a conversation as chat templates read them, whatever API it came by. */

/** Several texts stay parts: a template may write them differently. */
export const toContent = (texts: readonly string[]): NonNullable<ChatMessage['content']> =>
  texts.length === 1 ? (texts[0] ?? '') : texts.map((text) => ({ type: 'text', text }));

/** @param args the object, or what a model wrote in its place */
export const toToolCall = (id: string, name: string, args: unknown): object => ({
  id,
  type: 'function',
  function: { name, arguments: args },
});

/** What a model reasoned, said and called in one turn. */
interface AssistantTurn {
  readonly reasoning: readonly string[];
  readonly content: string;
  readonly toolCalls: readonly object[];
}

export const toAssistantMessage = ({ reasoning, content, toolCalls }: AssistantTurn): ChatMessage => ({
  role: 'assistant',
  content,
  ...(reasoning.length > 0 ? { reasoning_content: reasoning.join('\n') } : {}),
  ...(toolCalls.length > 0 ? { tool_calls: toolCalls } : {}),
});
