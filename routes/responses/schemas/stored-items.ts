import { assertInvariant } from '../../../src/errors.ts';
import type { InputPart, ItemStatus, SentItem, StoredItem } from './response-items.ts';

type StoredMessage = Extract<StoredItem, { type: 'message' }>;
type StoredPart = StoredMessage['content'][number];

/** How the ids of items begin, by what they are. */
const ID_PREFIXES = {
  message: 'msg',
  function_call: 'fc',
  function_call_output: 'fco',
  reasoning: 'rs',
} as const;

/** `msg_<request>_<position>`: the id says which response an item belongs to. */
export const toItemId = (type: StoredItem['type'], requestId: string, position: number | string): string =>
  `${ID_PREFIXES[type]}_${requestId}_${position}`;

/** Where an item is in the response that its id names. */
export interface ItemPosition {
  readonly requestId: string;
  readonly of: 'input' | 'output';
  readonly index: number;
}

/** Undefined where an id has not the form of one of ours. */
export function positionOfItem(itemId: string): ItemPosition | undefined {
  const [, requestId, inInput, index] = /^(?:msg|fc|fco|rs)_(.+)_(in)?(\d+)$/.exec(itemId) ?? [];
  if (requestId === undefined || index === undefined) return undefined;
  return { requestId, of: inInput === undefined ? 'output' : 'input', index: Number(index) };
}

/**
 * The input of a request as the items of a conversation, each with an id.
 *
 * @param referred what the references of the input stand for, by id
 */
export function toStoredItems(
  input: string | readonly SentItem[],
  requestId: string,
  referred: ReadonlyMap<string, StoredItem> = new Map(),
): StoredItem[] {
  const items: readonly SentItem[] =
    typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : input;
  return items.map((item, index) => {
    if (item.type === 'item_reference') {
      const found = referred.get(item.id);
      assertInvariant(found !== undefined, 'references are looked up before they are put in place');
      return found;
    }
    const id = item.id ?? toItemId(item.type, requestId, `in${index}`);
    return toStoredItem(item, id, item.status ?? 'completed');
  });
}

function toStoredItem(
  item: Exclude<SentItem, { type: 'item_reference' }>,
  id: string,
  status: ItemStatus,
): StoredItem {
  switch (item.type) {
    case 'message': {
      const { type, role, content } = item;
      return { type, id, role, status, content: toStoredParts(content, role) };
    }
    case 'function_call': {
      const { type, call_id, name, arguments: text } = item;
      return { type, id, call_id, name, arguments: text, status };
    }
    case 'function_call_output': {
      const { type, call_id, output } = item;
      const text = typeof output === 'string' ? output : output.map((part) => part.text).join('\n');
      return { type, id, call_id, output: text, status };
    }
    case 'reasoning': {
      const { type, summary, content } = item;
      return { type, id, status, summary: summary ?? [], content: content ?? [] };
    }
  }
}

function toStoredParts(content: string | readonly InputPart[], role: StoredMessage['role']): StoredPart[] {
  if (typeof content === 'string') return [toStoredText(content, role)];
  return content.map((part) =>
    part.type === 'refusal' ? { type: part.type, refusal: part.refusal } : toStoredText(part.text, role),
  );
}

const toStoredText = (text: string, role: StoredMessage['role']): StoredPart =>
  role === 'assistant' ? { type: 'output_text', text, annotations: [] } : { type: 'input_text', text };
