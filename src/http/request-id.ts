import { randomUUID } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { EngineError } from '../errors.ts';
import type { AppEnv } from './app-env.ts';

const CLIENT_ID = /^[A-Za-z0-9._-]{1,128}$/;
const BODY_PREFIX = 'cmpl-';
const CHAT_BODY_PREFIX = 'chatcmpl-';
const RESPONSE_PREFIX = 'resp_';
const MESSAGE_PREFIX = 'msg_';
/** What stands before the request's id in the bodies of all APIs: OpenAI's completions and responses, Anthropic's messages. */
const BODY_PREFIXES = [CHAT_BODY_PREFIX, BODY_PREFIX, RESPONSE_PREFIX, MESSAGE_PREFIX];

export interface RequestId {
  id: string;
  /** The id that the client chose and a running request has: this one must not run under it. */
  takenId?: string;
}

/** The id of a request: the client's own `x-request-id` when it is well formed and free, else a new one. */
export function chooseRequestId(
  chosenId: string | undefined,
  isInFlight: (id: string) => boolean,
): RequestId {
  const id = chosenId !== undefined && CLIENT_ID.test(chosenId) ? fromBodyId(chosenId) : '';
  if (id === '') return { id: randomUUID() };
  return isInFlight(id) ? { id: randomUUID(), takenId: id } : { id };
}

/** Refuses a request under an id that a running one has, of any client. */
export const freeIdMiddleware: MiddlewareHandler<AppEnv> = async (c, next) => {
  const { takenId } = c.var.scope;
  if (takenId === undefined) return next();
  throw new EngineError(
    'conflict',
    `a request with x-request-id '${takenId}' is running; choose another, or leave it out`,
    { param: 'x-request-id', retryable: true },
  );
};

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
