import { randomUUID } from 'node:crypto';

const CLIENT_ID = /^[A-Za-z0-9._-]{1,128}$/;
const BODY_PREFIX = 'cmpl-';
const CHAT_BODY_PREFIX = 'chatcmpl-';

/**
 * The id of a request: the client's own `x-request-id` when it is well formed and no running request has it, else a
 * new one.
 */
export function chooseRequestId(clientId: string | undefined, isInFlight: (id: string) => boolean): string {
  if (clientId !== undefined && CLIENT_ID.test(clientId)) {
    const id = fromBodyId(clientId);
    if (id !== '' && !isInFlight(id)) return id;
  }
  return randomUUID();
}

/** `abc` -> `cmpl-abc`: the id in the body of a completion. */
export const toBodyId = (requestId: string): string => BODY_PREFIX + requestId;

/** `abc` -> `chatcmpl-abc`: the same of a chat completion. */
export const toChatBodyId = (requestId: string): string => CHAT_BODY_PREFIX + requestId;

/** `cmpl-abc`, `chatcmpl-abc` -> `abc`; an id without a prefix stays as it is, so that all name the same request. */
export function fromBodyId(id: string): string {
  const prefix = [CHAT_BODY_PREFIX, BODY_PREFIX].find((candidate) => id.startsWith(candidate)) ?? '';
  return id.slice(prefix.length);
}
