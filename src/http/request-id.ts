import { randomUUID } from 'node:crypto';

const CLIENT_ID = /^[A-Za-z0-9._-]{1,128}$/;
const BODY_PREFIX = 'cmpl-';

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

/** `cmpl-abc` -> `abc`; an id without the prefix stays as it is, so that both name the same request. */
export const fromBodyId = (id: string): string =>
  id.startsWith(BODY_PREFIX) ? id.slice(BODY_PREFIX.length) : id;
