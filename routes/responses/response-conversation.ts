import type { AppContext } from '../../src/http/app-env.ts';
import { clip } from '../../src/values.ts';
import { EngineError, invalidField } from '../../src/errors.ts';
import type { ResponseStore } from './response-store.ts';
import type { FollowedItems } from './schemas/response-generation.ts';
import type { SentItem, StoredItem } from './schemas/response-items.ts';
import type { InputTokensInput } from './schemas/response-request.ts';
import { toStoredItems } from './schemas/stored-items.ts';
import { itemsToFollow, readItem, type Turn } from './schemas/turn.ts';

interface FollowedConversation {
  /** Of the response that the request goes on from. */
  before: Turn | undefined;
  /** What the request itself adds. */
  own: StoredItem[];
  followed: FollowedItems;
}

/**
 * The conversation of a request: what is stored of the response that it goes on from, then its own input.
 *
 * @throws EngineError `invalid_request` for a response or an item that is not stored, or a conversation that is too long;
 * `payload_too_large` where references make it so
 */
export function toFollowedConversation(
  c: AppContext,
  responses: ResponseStore,
  input: Pick<InputTokensInput, 'input' | 'previous_response_id'>,
  bodyLimitBytes: number,
): FollowedConversation {
  const { ownerId, id: requestId } = c.get('scope');
  const before = previousTurn(responses, ownerId, input.previous_response_id ?? undefined);
  const items = input.input ?? [];
  const numBytesBefore = before?.total.numTextBytes ?? 0;
  const referred = readReferences(items, (id) => responses.findItem(ownerId, id), {
    numBytesBefore,
    bodyLimitBytes,
  });
  const own = toStoredItems(items, requestId, referred);
  return { before, own, followed: itemsToFollow(before, own, bodyLimitBytes) };
}

/**
 * What the references of an input stand for, by id. Each counts with all of its bytes, as if the item had been sent; none
 * is read before it is known that they are not too many, and none twice.
 *
 * @throws EngineError `invalid_request` for a reference to what is not stored, `payload_too_large`
 */
export function readReferences(
  input: string | readonly SentItem[],
  findItem: (id: string) => string | undefined,
  { numBytesBefore, bodyLimitBytes }: { numBytesBefore: number; bodyLimitBytes: number },
): Map<string, StoredItem> {
  const texts = new Map<string, string>();
  let numBytes = numBytesBefore;
  for (const [index, item] of (typeof input === 'string' ? [] : input).entries()) {
    if (item.type !== 'item_reference') continue;
    const param = `input[${index}].id`;
    const text = texts.get(item.id) ?? findItem(item.id);
    if (text === undefined) {
      throw invalidField(
        param,
        'refers to an item that is not stored: it was made with store: false, was deleted, or is too old',
      );
    }
    texts.set(item.id, text);
    numBytes += text.length;
    if (numBytes <= bodyLimitBytes) continue;
    throw new EngineError(
      'payload_too_large',
      `${param} refers to an item of ${text.length} bytes, which makes a conversation of ${numBytes} bytes of stored ` +
        `items; the limit is ${bodyLimitBytes} (BODY_LIMIT)`,
      { param },
    );
  }
  return new Map([...texts].map(([id, text]) => [id, readItem(text)]));
}

function previousTurn(responses: ResponseStore, ownerId: string, id: string | undefined): Turn | undefined {
  if (id === undefined) return undefined;
  const previous = responses.find(ownerId, id);
  if (previous !== undefined) return previous.output;
  const reason =
    responses.running(ownerId, id) === undefined
      ? 'it was made with store: false, was deleted, or is too old'
      : 'it has not ended yet';
  throw new EngineError(
    'invalid_request',
    `previous response '${clip(id)}' of yours is not stored: ${reason}`,
    {
      param: 'previous_response_id',
    },
  );
}
