import { ERROR_CODES, EngineError, type ErrorCode } from '../errors.ts';
import { fieldOf } from '../values.ts';

/** A service to ask: one elsewhere over HTTP, or one in this process. */
export interface Asked {
  /** Where it answers, for people: an address, or the runtime in this process. */
  readonly where: string;
  /** @param path from the root of the service on, such as `/v1/models` */
  fetch(path: string, init: RequestInit): Promise<Response>;
}

/**
 * Sends a JSON body and returns the answer, which is one of success.
 *
 * @throws EngineError as the service told it, or `backend_failure` where it cannot be reached; what the signal was
 * aborted with
 */
export async function postJson(
  service: Asked,
  path: string,
  body: object,
  signal?: AbortSignal,
): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify(body), signal: signal ?? null };
  const response = await service.fetch(path, init).catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw unreachable(service.where, cause);
  });
  if (response.ok) return response;
  throw refusal(`${service.where} answered ${response.status}`, await response.text());
}

/**
 * An error that a service told, in a body or in a frame of a stream.
 * @param said what there is to say where the text is no error of OpenAI's form
 */
export function refusal(said: string, text: string): EngineError {
  const error = fieldOf(parse(text), 'error');
  const [message, code, param] = ['message', 'code', 'param'].map((name) => fieldOf(error, name));
  return new EngineError(
    isErrorCode(code) ? code : 'backend_failure',
    typeof message === 'string' ? message : `${said}: ${text.slice(0, 500)}`,
    isErrorCode(code) ? (typeof param === 'string' ? { param } : {}) : { retryable: false },
  );
}

export function unreachable(where: string, cause: unknown): EngineError {
  const reasons = [cause, cause instanceof Error ? cause.cause : undefined].filter(
    (error): error is Error => error instanceof Error && error.message !== '',
  );
  const reason = reasons.map(({ message }) => message).join(': ');
  return new EngineError('backend_failure', `${where} cannot be reached: ${reason}`, { cause });
}

/** The value of a JSON text; undefined for any other text. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isErrorCode = (code: unknown): code is ErrorCode => (ERROR_CODES as readonly unknown[]).includes(code);
