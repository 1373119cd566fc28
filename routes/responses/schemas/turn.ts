import { heldBytes, packText, unpackText } from '../../../src/held-bytes.ts';
import { invalidField } from '../../../src/errors.ts';
import { MAX_MESSAGES } from '../../shared/schemas/bounds.ts';
import type { FollowedItems } from './response-generation.ts';
import type { StoredItem } from './response-items.ts';

/** What one request and its response add to a conversation, and the turn that they follow. */
export interface Turn {
  readonly before: Turn | undefined;
  /** JSON of each item, by `packText`. */
  readonly items: readonly string[];
  /** What it takes in memory, without the turns before it. */
  readonly numBytes: number;
  /** Of all items up to its last. */
  readonly total: ConversationSize;
}

interface ConversationSize {
  readonly numTurns: number;
  readonly numItems: number;
  /** Of their JSON. */
  readonly numTextBytes: number;
}

const NO_TURNS: ConversationSize = { numTurns: 0, numItems: 0, numTextBytes: 0 };

/** What the store of responses notes of a turn. */
const NOTE_BYTES = 48;

export function toTurn(before: Turn | undefined, values: readonly StoredItem[]): Turn {
  const items = values.map((item) => packText(JSON.stringify(item)));
  const { numTurns, numItems, numTextBytes } = before?.total ?? NO_TURNS;
  const total: ConversationSize = {
    numTurns: numTurns + 1,
    numItems: numItems + items.length,
    numTextBytes: items.reduce((sum, { length }) => sum + length, numTextBytes),
  };
  const fields = { before: null, items, numBytes: 0, total };
  return { before, items, numBytes: NOTE_BYTES + heldBytes(fields), total };
}

/** An item of a turn. */
export const readItem = (text: string): StoredItem => JSON.parse(unpackText(text)) as StoredItem;

/** Whether a text is the JSON of the item of an id: within a text of its own, a quote has a backslash before it. */
export const hasId = (text: string, id: string): boolean =>
  text.includes(packText(`"id":${JSON.stringify(id)}`));

/** The JSON of all items up to a turn, the oldest first. */
export function itemsUntil(turn: Turn | undefined): string[] {
  const turns: (readonly string[])[] = [];
  for (let one = turn; one !== undefined; one = one.before) turns.push(one.items);
  return turns.reverse().flat();
}

/**
 * The conversation that an input goes on with. It is no longer than one that is sent as a whole could be.
 *
 * @param bodyLimitBytes most bytes of a request's body
 * @throws EngineError `invalid_request` for one that has become too long
 */
export function itemsToFollow(
  before: Turn | undefined,
  input: readonly StoredItem[],
  bodyLimitBytes: number,
): FollowedItems {
  const { numTurns, numItems: numBefore, numTextBytes } = before?.total ?? NO_TURNS;
  if (numBefore + input.length > MAX_MESSAGES) {
    throw invalidField(
      before === undefined ? 'input' : 'previous_response_id',
      `makes a conversation of ${numBefore + input.length} items; at most ${MAX_MESSAGES} are taken`,
    );
  }
  // A turn may be without items, and is walked over all the same.
  if (numTurns > MAX_MESSAGES) {
    throw invalidField(
      'previous_response_id',
      `names the end of ${numTurns} turns; at most ${MAX_MESSAGES} are taken`,
    );
  }
  if (numTextBytes > bodyLimitBytes) {
    throw invalidField(
      'previous_response_id',
      `names a conversation of ${numTextBytes} bytes, which is longer than a body may be (${bodyLimitBytes} bytes, BODY_LIMIT)`,
    );
  }
  return { items: [...itemsUntil(before).map(readItem), ...input], numBefore };
}
