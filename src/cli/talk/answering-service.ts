import { EngineError } from '../../errors.ts';

/** A service that answers a command: one elsewhere over HTTP, or one in this process. */
export interface AnsweringService {
  /** The model that answers, as requests name it. */
  readonly modelId: string;
  /** Where it answers, for people: an address, or the runtime in this process. */
  readonly place: string;
  /** @param path from the root of the service on, such as `/v1/models` */
  fetch(path: string, init: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

/** What is read of a model in the list of `GET /v1/models`. */
export interface ListedModel {
  readonly id: string;
  readonly is_default?: boolean;
}

/**
 * Sends a JSON body and returns the answer, which is one of success.
 * @throws EngineError with the service's message, or why it cannot be reached; what the signal was aborted with
 */
export async function postJson(
  service: Pick<AnsweringService, 'fetch' | 'place'>,
  path: string,
  body: object,
  signal: AbortSignal,
): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify(body), signal };
  const response = await service.fetch(path, init).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw unreachable(service.place, cause);
  });
  if (response.ok) return response;
  throw refusal(`${service.place} answered ${response.status}`, await response.text());
}

/** The models of a service. @throws as `postJson` */
export async function listModels(
  service: Pick<AnsweringService, 'fetch' | 'place'>,
  signal: AbortSignal,
): Promise<readonly ListedModel[]> {
  const response = await service.fetch('/v1/models', { signal }).catch((cause: unknown) => {
    throw unreachable(service.place, cause);
  });
  const text = await response.text();
  if (!response.ok) throw refusal(`${service.place} answered ${response.status}`, text);
  const { data } = (parse(text) ?? {}) as { data?: readonly ListedModel[] };
  if (Array.isArray(data)) return data as readonly ListedModel[];
  throw new EngineError('backend_failure', `${service.place}/v1/models is no list of models`);
}

/**
 * An error that a service told, in a body or in a frame of a stream.
 * @param said what there is to say where the text is no error of OpenAI's form
 */
export function refusal(said: string, text: string): EngineError {
  const { error } = (parse(text) ?? {}) as { error?: { message?: unknown } };
  const message = typeof error?.message === 'string' ? error.message : `${said}: ${text.slice(0, 500)}`;
  return new EngineError('backend_failure', message, { retryable: false });
}

function unreachable(place: string, cause: unknown): EngineError {
  const reasons = [cause, cause instanceof Error ? cause.cause : undefined].filter(
    (error): error is Error => error instanceof Error && error.message !== '',
  );
  const reason = reasons.map(({ message }) => message).join(': ');
  return new EngineError('backend_failure', `${place} cannot be reached: ${reason}`, { cause });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
