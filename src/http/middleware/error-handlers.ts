import type { Hono, NotFoundHandler } from 'hono';
import { TrieRouter } from 'hono/router/trie-router';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { EngineError, toEngineError } from '../../errors.ts';
import type { AppContext, AppEnv } from '../app-env.ts';
import { toErrorResponse } from '../error-response.ts';
import { clip } from '../../values.ts';

/** Answers a thrown error as the route's API has it. */
export function handleError(thrown: unknown, c: AppContext): Response {
  const scope = c.get('scope');
  const error = toEngineError(thrown);
  scope.error = error;
  const { status, headers, body } = toErrorResponse(error, scope.facts, scope.id);
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

/**
 * Tells which methods a path answers to, for 405, OPTIONS and their `allow`: reads the routes that an app has now.
 * HEAD comes with GET, as Hono has it.
 */
export function allowedMethods(app: Hono<AppEnv>): (path: string) => string[] {
  const router = new TrieRouter<string>();
  const methods = new Set<string>();
  for (const { method, path } of app.routes) {
    if (method === 'ALL') continue; // middleware
    methods.add(method);
    router.add(method, path, method);
  }
  return (path) => {
    const allowed = [...methods].filter((method) => router.match(method, path)[0].length > 0);
    if (allowed.length === 0) return [];
    return [...allowed, ...(allowed.includes('GET') ? ['HEAD'] : []), 'OPTIONS'];
  };
}
