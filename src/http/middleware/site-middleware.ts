import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { EngineError } from '../../errors.ts';
import type { AppContext, AppEnv } from '../app-env.ts';
import { callingSiteOf, type BrowserHeaders } from './calling-site.ts';

/** Refuses what other sites' pages ask, and speaks CORS with those that CORS_ORIGINS names. */
export function siteMiddleware(corsOrigins: readonly string[]): MiddlewareHandler<AppEnv> {
  // No cookie means anything here, so that credentials stay off and `*` is allowed where the browser asks.
  const answerCors = cors({
    origin: corsOrigins.includes('*') ? '*' : [...corsOrigins],
    allowMethods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
    allowHeaders: ['*', 'authorization'],
    exposeHeaders: ['*'],
    maxAge: 600,
  });
  return async (c, next) => {
    const site = callingSiteOf(c.req.method, browserHeadersOf(c), c.get('scope').authority, corsOrigins);
    if (site === 'foreign') throw foreign(c.req.header('origin'));
    c.get('scope').callingSite = site;
    const isPlainOptions =
      c.req.method === 'OPTIONS' && c.req.header('access-control-request-method') === undefined;
    return corsOrigins.length === 0 || isPlainOptions ? next() : answerCors(c, next);
  };
}

function browserHeadersOf(c: AppContext): BrowserHeaders {
  return {
    origin: c.req.header('origin'),
    site: c.req.header('sec-fetch-site'),
    mode: c.req.header('sec-fetch-mode'),
    destination: c.req.header('sec-fetch-dest'),
  };
}

function foreign(origin: string | undefined): EngineError {
  const page = origin === undefined ? "another site's pages" : `pages of ${origin.slice(0, 200)}`;
  return new EngineError(
    'forbidden',
    `${page} may not use this service, unless CORS_ORIGINS names their origin`,
    {
      param: 'origin',
    },
  );
}
