import type { AppContext } from '../../src/http/app-env.ts';
import { clip } from '../../src/clip.ts';
import { EngineError } from '../../src/errors.ts';
import type { ResponseStore } from './response-store.ts';
import type { Conversation } from './schemas/response-demand.ts';
import type { StoredItem } from './schemas/response-items.ts';
import type { InputTokensInput } from './schemas/response-request.ts';
import { toStoredItems } from './schemas/stored-items.ts';
import { toConversation, type Turn } from './schemas/turn.ts';

/** What the Responses API calls the fields of a chat completion. */
export const RESPONSE_FIELD_NAMES: ReadonlyMap<string, string> = new Map([
  ['messages', 'input'],
  ['max_tokens', 'max_output_tokens'],
  ['truncate_prompt_tokens', 'truncation'],
]);

interface FollowedConversation {
  /** Of the response that the request goes on from. */
  before: Turn | undefined;
  /** What the request itself adds. */
  own: StoredItem[];
  conversation: Conversation;
}

/**
 * The conversation of a request: what is stored of the response that it goes on from, then its own input.
 *
 * @throws EngineError `invalid_request` for a response or an item that is not stored, or a conversation that is too long
 */
export function toFollowedConversation(
  c: AppContext,
  responses: ResponseStore,
  input: Pick<InputTokensInput, 'input' | 'previous_response_id'>,
  bodyLimitBytes: number,
): FollowedConversation {
  const { ownerId, id: requestId } = c.var.scope;
  const before = previousTurn(responses, ownerId, input.previous_response_id ?? undefined);
  const own = toStoredItems(input.input ?? [], requestId, (id) => responses.findItem(ownerId, id));
  return { before, own, conversation: toConversation(before, own, bodyLimitBytes) };
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
