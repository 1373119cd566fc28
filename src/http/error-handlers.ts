import type { NotFoundHandler } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { clip } from '../clip.ts';
import { EngineError, toEngineError } from '../errors.ts';
import type { AppContext, AppEnv } from './app-env.ts';
import { toErrorResponse, type ApiFamily } from './error-response.ts';

const WORKERS_AI_PATH = /^\/(?:ai|client\/v4)(?:\/|$)/;
/** Below Cloudflare's base, but OpenAI's API. */
const OPENAI_PATH = /^(?:\/client\/v4\/accounts\/[^/]+)?\/ai\/v1(?:\/|$)/;

const ANTHROPIC_PATH = /^\/v1\/messages(?:\/|$)/;

/** Which API a path belongs to, whether or not a route answers to it. */
export function familyOf(path: string): ApiFamily {
  if (ANTHROPIC_PATH.test(path)) return 'anthropic';
  return WORKERS_AI_PATH.test(path) && !OPENAI_PATH.test(path) ? 'workers-ai' : 'openai';
}

/** The headers that name a request: `x-request-id`, and the one that Anthropic's clients read. */
export const requestIdHeaders = (requestId: string, path: string): Record<string, string> => ({
  'x-request-id': requestId,
  ...(familyOf(path) === 'anthropic' ? { 'request-id': requestId } : {}),
});

/** Answers a thrown error in the envelope of the route's family. */
export function handleError(thrown: unknown, c: AppContext): Response {
  const { scope } = c.var;
  const error = toEngineError(thrown);
  scope.error = error;
  const { status, headers, body } = toErrorResponse(error, familyOf(c.req.path), scope.id);
  // What is left of a refused body is not worth reading.
  if (error.code === 'payload_too_large') headers['connection'] = 'close';
  return c.json(body, status as ContentfulStatusCode, headers);
}

/** No route: 404, or 405 and OPTIONS where the path answers to other methods. */
export function handleNotFound(allowedMethods: (path: string) => string[]): NotFoundHandler<AppEnv> {
  return (c) => {
    const { method, path: fullPath } = c.req;
    const path = clip(fullPath);
    const allowed = allowedMethods(fullPath);
    if (allowed.length === 0) throw new EngineError('not_found', `there is no route ${method} ${path}`);
    c.header('allow', allowed.join(', '));
    if (method === 'OPTIONS') return c.body(null, 204);
    throw new EngineError('method_not_allowed', `${path} answers to ${allowed.join(', ')}, not to ${method}`);
  };
}
