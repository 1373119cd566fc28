import type { ChatMessage, TemplateTool } from '../renderer.ts';

/** Words of the questions that a template is asked: no template writes them by itself. */
export const WORDS = {
  question: 'tokenflare question',
  content: 'tokenflare content',
  result: 'tokenflare result',
  reasoning: 'tokenflare reasoning',
  /** Of the calls; no tool of the list has it, so that it is found where a call is. */
  name: 'tokenflare_call',
  firstKey: 'first_key',
  firstValue: 'tokenflare first',
  secondKey: 'second_key',
  secondValue: 'tokenflare second',
  /** As long as Mistral's. */
  id: 'a1b2c3d4e',
} as const;

export const LISTED_TOOL: TemplateTool = {
  type: 'function',
  function: {
    name: 'tokenflare_listed',
    description: 'listed',
    parameters: { type: 'object', properties: { a: { type: 'string', description: 'a' } }, required: ['a'] },
  },
};

export const QUESTION: ChatMessage = { role: 'user', content: WORDS.question };

const CALL = {
  id: WORDS.id,
  type: 'function',
  function: {
    name: WORDS.name,
    arguments: { [WORDS.firstKey]: WORDS.firstValue, [WORDS.secondKey]: WORDS.secondValue },
  },
};

const RESULT: ChatMessage = { role: 'tool', tool_call_id: WORDS.id, name: WORDS.name, content: WORDS.result };

/** A question, so many calls alike, and their results. */
export function callConversation(numCalls: number): ChatMessage[] {
  return [
    QUESTION,
    { role: 'assistant', content: '', tool_calls: Array.from({ length: numCalls }, () => CALL) },
    ...Array.from({ length: numCalls }, () => RESULT),
  ];
}

/** A question, its answer, and the next question. */
export const PLAIN_CONVERSATION: readonly ChatMessage[] = [
  QUESTION,
  { role: 'assistant', content: WORDS.content },
  { role: 'user', content: 'go on' },
];
