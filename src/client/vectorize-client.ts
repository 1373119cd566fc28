import { EngineError } from '../errors.ts';
import { fieldOf } from '../values.ts';
import { parse, unreachable, type Asked } from './post-json.ts';

/** There are no accounts in a service: any id is as good. */
const BASE = '/client/v4/accounts/local/vectorize/v2/indexes';

/** A body, with its type. */
export interface VectorizeBody {
  readonly type: string;
  readonly content: string;
}

export const jsonBody = (value: object): VectorizeBody => ({
  type: 'application/json',
  content: JSON.stringify(value),
});

/**
 * Asks a service by Cloudflare's REST API of Vectorize.
 *
 * @param path behind the one of all indexes, such as `/my-index/info`
 * @returns what the envelope holds
 * @throws EngineError with what the service said; `backend_failure` where it cannot be reached
 */
export async function askVectorize(
  service: Asked,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: VectorizeBody,
): Promise<unknown> {
  const init = {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': body.type }, body: body.content }),
  };
  const response = await service.fetch(BASE + path, init).catch((cause: unknown) => {
    throw unreachable(service.where, cause);
  });
  const text = await response.text();
  const answer = parse(text);
  if (response.ok && fieldOf(answer, 'success') === true) return fieldOf(answer, 'result');
  const errors = fieldOf(answer, 'errors');
  const message = fieldOf(Array.isArray(errors) ? (errors[0] as unknown) : undefined, 'message');
  throw new EngineError(
    response.status < 500 && typeof message === 'string' ? 'invalid_request' : 'backend_failure',
    typeof message === 'string'
      ? message
      : `${service.where} answered ${response.status}: ${text.slice(0, 500)}`,
    { retryable: false },
  );
}
