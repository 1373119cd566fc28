import { randomUUID } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { EngineError } from '../../errors.ts';
import { ownedId } from '../../fairness/client-id.ts';
import type { AppEnv } from '../app-env.ts';

const CLIENT_ID = /^[A-Za-z0-9._-]{1,128}$/;
const BODY_PREFIX = 'cmpl-';
const CHAT_BODY_PREFIX = 'chatcmpl-';
const RESPONSE_PREFIX = 'resp_';
const MESSAGE_PREFIX = 'msg_';
/** What stands before the request's id in the bodies of all APIs: OpenAI's completions and responses, Anthropic's messages. */
const BODY_PREFIXES = [CHAT_BODY_PREFIX, BODY_PREFIX, RESPONSE_PREFIX, MESSAGE_PREFIX];

/** The id of a request: the client's own `x-request-id` when it is well formed, else a new one that cannot be guessed. */
export function chooseRequestId(chosenId: string | undefined): string {
  const id = chosenId !== undefined && CLIENT_ID.test(chosenId) ? fromBodyId(chosenId) : '';
  return id === '' ? randomUUID() : id;
}

/**
 * Refuses a request under an id that another request of the same owner runs under, in an app of its own. The ids of other
 * owners play no part (docs/decisions/0087-what-log-and-ids-tell.md): a client could learn which they use, and
 * take them. So it comes after the API key is checked, which decides whose the request is.
 */
export function freeIdMiddleware(): MiddlewareHandler<AppEnv> {
  const running = new Set<string>();
  return async (c, next) => {
    const scope = c.get('scope');
    const { id, ownerId } = scope;
    const key = ownedId(id, ownerId);
    if (running.has(key)) {
      // What this one is called in the log must not be what the other is.
      scope.id = randomUUID();
      throw new EngineError(
        'conflict',
        `a request of yours with x-request-id '${id}' is running; choose another, or leave it out`,
        { param: 'x-request-id', retryable: true },
      );
    }
    running.add(key);
    scope.releaseAtEnd(() => running.delete(key));
    return next();
  };
}

/** `abc` -> `cmpl-abc`: the id in the body of a completion. */
export const toBodyId = (requestId: string): string => BODY_PREFIX + requestId;

/** `abc` -> `chatcmpl-abc`: the same of a chat completion. */
export const toChatBodyId = (requestId: string): string => CHAT_BODY_PREFIX + requestId;

/** `abc` -> `resp_abc`: the same of a response. */
export const toResponseId = (requestId: string): string => RESPONSE_PREFIX + requestId;

/** `abc` -> `msg_abc`: the same of a message. */
export const toMessageId = (requestId: string): string => MESSAGE_PREFIX + requestId;

/**
 * `cmpl-abc`, `chatcmpl-abc`, `resp_abc`, `msg_abc` -> `abc`; an id without a prefix stays as it is, so that all name the
 * same request.
 */
export function fromBodyId(id: string): string {
  const prefix = BODY_PREFIXES.find((candidate) => id.startsWith(candidate)) ?? '';
  return id.slice(prefix.length);
}
