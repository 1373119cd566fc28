import type { ChatMessage } from '../../../src/engine/engine.ts';
import { invalidField } from '../../../src/errors.ts';
import { toAssistantMessage, toContent, toToolCall } from '../../shared/schemas/template-messages.ts';
import { readToolArguments } from '../../shared/schemas/tools.ts';
import type { StoredItem } from './response-items.ts';

/** A turn of the model while its items are put together. */
interface OpenTurn {
  reasoning: string[];
  content: string | undefined;
  toolCalls: object[];
}

/**
 * The messages that a template reads, of the items of a conversation: what the model reasoned, said and called in one turn
 * is one message.
 *
 * @param numBefore items that come from earlier responses; the request's own input begins after them
 * @throws EngineError `invalid_request` for the result of a call that there is not
 */
export function toConversationMessages(
  instructions: string | undefined,
  items: readonly StoredItem[],
  numBefore: number,
): ChatMessage[] {
  const messages: ChatMessage[] = [];
  const namesOfCalls = new Map<string, string>();
  const readArguments = onceForEach(({ arguments: text }: CallItem) => readToolArguments(text));
  let turn: OpenTurn | undefined;
  const closeTurn = (): void => {
    if (turn !== undefined) messages.push(toAssistantMessage({ ...turn, content: turn.content ?? '' }));
    turn = undefined;
  };
  if (instructions !== undefined) messages.push({ role: 'system', content: instructions });
  for (const [index, item] of items.entries()) {
    if (item.type === 'function_call_output') {
      closeTurn();
      const name = namesOfCalls.get(item.call_id);
      if (name === undefined) {
        throw invalidField(`input[${index - numBefore}].call_id`, 'names no function_call before it');
      }
      messages.push({ role: 'tool', tool_call_id: item.call_id, name, content: item.output });
    } else if (item.type === 'message' && item.role !== 'assistant') {
      closeTurn();
      messages.push({ role: item.role, content: toContent(item.content.map(textOf)) });
    } else {
      if (turn === undefined || beginsTurn(item, turn)) {
        closeTurn();
        turn = { reasoning: [], content: undefined, toolCalls: [] };
      }
      addToTurn(turn, item, readArguments);
      if (item.type === 'function_call') namesOfCalls.set(item.call_id, item.name);
    }
  }
  closeTurn();
  return messages;
}

type AssistantItem = Exclude<StoredItem, { type: 'function_call_output' }>;
type CallItem = Extract<StoredItem, { type: 'function_call' }>;

/**
 * A turn is reasoning, text and calls, each of which may be left out. Behind a call that has no result yet, a model may
 * have gone on with text: that is the same turn, and the results follow it.
 */
function beginsTurn(item: AssistantItem, { content, toolCalls }: OpenTurn): boolean {
  return item.type !== 'function_call' && content !== undefined && toolCalls.length === 0;
}

function addToTurn(
  turn: OpenTurn,
  item: AssistantItem,
  readArguments: (item: CallItem) => ReturnType<typeof readToolArguments>,
): void {
  if (item.type === 'reasoning') {
    const parts = item.content.length > 0 ? item.content : item.summary;
    turn.reasoning.push(...parts.map(({ text }) => text));
  } else if (item.type === 'message') {
    turn.content = (turn.content ?? '') + item.content.map(textOf).join('');
  } else {
    turn.toolCalls.push(toToolCall(item.call_id, item.name, readArguments(item)));
  }
}

/** Several references may stand for one item, which is read once. */
function onceForEach<Item extends object, Result>(read: (item: Item) => Result): (item: Item) => Result {
  const results = new Map<Item, Result>();
  return (item) => {
    const result = results.get(item) ?? read(item);
    results.set(item, result);
    return result;
  };
}

type Part = Extract<StoredItem, { type: 'message' }>['content'][number];

const textOf = (part: Part): string => (part.type === 'refusal' ? part.refusal : part.text);
