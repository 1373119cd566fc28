import { invalidField } from '../../../src/errors.ts';
import { MAX_MESSAGES } from '../../shared/schemas/bounds.ts';
import type { Conversation } from './response-demand.ts';
import type { StoredItem } from './response-items.ts';

/** What one request and its response add to a conversation, and the turn that they follow. */
export interface Turn {
  readonly before: Turn | undefined;
  readonly items: readonly StoredItem[];
  /** Of the items, as they lie in memory. */
  readonly numBytes: number;
}

export const toTurn = (before: Turn | undefined, items: readonly StoredItem[]): Turn => ({
  before,
  items,
  numBytes: numBytesOf(items),
});

/** All items up to a turn, the oldest first. */
export function itemsUntil(turn: Turn | undefined): StoredItem[] {
  const turns: (readonly StoredItem[])[] = [];
  for (let one = turn; one !== undefined; one = one.before) turns.push(one.items);
  return turns.reverse().flat();
}

/**
 * The conversation that an input goes on with. It is no longer than one that is sent as a whole could be.
 *
 * @param bodyLimitBytes most bytes of a request's body
 * @throws EngineError `invalid_request` for one that has become too long
 */
export function toConversation(
  before: Turn | undefined,
  input: readonly StoredItem[],
  bodyLimitBytes: number,
): Conversation {
  let numBefore = 0;
  let numBytes = 0;
  for (let turn = before; turn !== undefined; turn = turn.before) {
    numBefore += turn.items.length;
    numBytes += turn.numBytes;
  }
  if (numBefore + input.length > MAX_MESSAGES) {
    throw invalidField(
      before === undefined ? 'input' : 'previous_response_id',
      `makes a conversation of ${numBefore + input.length} items; at most ${MAX_MESSAGES} are taken`,
    );
  }
  // A character of a body's takes two bytes in memory.
  if (numBytes > 2 * bodyLimitBytes) {
    throw invalidField(
      'previous_response_id',
      `names a conversation that is longer than a body may be (${bodyLimitBytes} bytes, BODY_LIMIT)`,
    );
  }
  return { items: [...itemsUntil(before), ...input], numBefore };
}

/** What a value takes in memory, about: two bytes a character, and something for each object and field. */
export function numBytesOf(value: unknown): number {
  if (typeof value === 'string') return 16 + 2 * value.length;
  if (typeof value !== 'object' || value === null) return 8;
  let numBytes = 32;
  for (const key in value) numBytes += 8 + numBytesOf(Reflect.get(value, key));
  return numBytes;
}
