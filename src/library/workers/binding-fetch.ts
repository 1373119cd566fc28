/** How a binding reaches its upstream: `fetch` of a path, and of a `Request` or URL as the binding's own `fetch` takes it. */
export type BindingFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Where Cloudflare's class sends all it asks. */
export const BINDING_URL = 'https://workers-binding.ai';

export interface BindingOptions {
  /** Of a service that runs, such as `http://127.0.0.1:8787`. */
  readonly url: string;
  /** By default that of `TOKENFLARE_API_KEY`, where there are variables. */
  readonly apiKey?: string;
  /** `service.fetch` of `createService`, say. */
  readonly fetch?: typeof globalThis.fetch;
  /** Longest that an answer takes to begin, 60,000 by default. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/** Sends to a service what is for `BINDING_URL`. That it cannot be had is an answer, with Cloudflare's codes. */
export function bindingFetch({
  url,
  apiKey = environmentKey(),
  fetch: send = globalThis.fetch,
  timeoutMs = DEFAULT_TIMEOUT_MS,
}: BindingOptions): BindingFetch {
  const base = `${url.replace(/\/+$/, '')}/workers-binding`;
  return async (input, init = {}) => {
    const given = input instanceof Request ? new Request(input, init) : init;
    const { pathname, search } = new URL(input instanceof Request ? input.url : input);
    const headers = new Headers(given.headers);
    if (apiKey !== undefined) headers.set('authorization', `Bearer ${apiKey}`);
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(), timeoutMs);
    const signal = AbortSignal.any([...(given.signal ? [given.signal] : []), waiting.signal]);
    const { method = 'GET', body = null } = given;
    try {
      const sent = { method, headers, body, signal, redirect: 'manual' as const, ...halfDuplex(body) };
      return await send(`${base}${pathname}${search}`, sent);
    } catch (error) {
      if (given.signal?.aborted === true) throw error;
      if (waiting.signal.aborted) return fault(408, 3007, `Tokenflare gave no answer within ${timeoutMs} ms`);
      return fault(503, 7009, `Tokenflare cannot be reached at ${url}: ${causeOf(error)}`);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Node wants it said of a body that is a stream; its types do not know it. */
const halfDuplex = (body: unknown): object => (body instanceof ReadableStream ? { duplex: 'half' } : {});

const environmentKey = (): string | undefined =>
  (globalThis as { process?: NodeJS.Process }).process?.env['TOKENFLARE_API_KEY'];

const causeOf = (error: unknown): string => {
  const { message, cause } = error as { message?: string; cause?: { message?: string } };
  return cause?.message ?? message ?? String(error);
};

const fault = (status: number, internalCode: number, description: string): Response =>
  Response.json(
    {
      internalCode,
      name: 'InferenceUpstreamError',
      description,
      message: description,
      errors: [{ code: internalCode, message: description }],
    },
    { status },
  );
