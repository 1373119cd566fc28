import { apiKey, keyIsWanted } from './api-key.ts';
import { errorOfResponse, ServiceError } from './service-error.ts';

export interface RequestOptions {
  /** Sent as JSON by POST; a GET without it. */
  body?: unknown;
  method?: 'GET' | 'POST' | 'DELETE';
  signal?: AbortSignal;
  headers?: Readonly<Record<string, string>>;
}

/**
 * Calls the service that the page came from.
 *
 * @param path relative to the page, without a slash before it, since an application may serve it below a path of its own
 * @throws ServiceError; the browser's `AbortError` where the signal ended it
 */
export async function request(path: string, options: RequestOptions = {}): Promise<Response> {
  const { body, method = body === undefined ? 'GET' : 'POST', signal } = options;
  const headers = new Headers(options.headers);
  if (body !== undefined) headers.set('content-type', 'application/json');
  if (apiKey.get() !== '') headers.set('authorization', `Bearer ${apiKey.get()}`);
  const init: RequestInit = { method, headers };
  if (body !== undefined) init.body = JSON.stringify(body);
  if (signal !== undefined) init.signal = signal;
  const response = await fetch(new URL(path, document.baseURI), init).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new ServiceError('the service cannot be reached', {
      status: 0,
      code: 'unreachable',
      requestId: undefined,
    });
  });
  if (response.ok) return response;
  const error = await errorOfResponse(response);
  if (error.status === 401) keyIsWanted.set(true);
  throw error;
}

/** @throws as `request` */
export async function requestJson<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const response = await request(path, options);
  return (await response.json()) as T;
}
