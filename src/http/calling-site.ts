import { cors } from 'hono/cors';
import type { MiddlewareHandler } from 'hono';
import { EngineError } from '../errors.ts';
import type { AppContext, AppEnv } from './app-env.ts';
import { authorityOf, parseAuthority, type Authority } from './authority.ts';

/** `own`: a page of this service, or no page at all; `allowed`: one that CORS_ORIGINS names; `foreign`: any other. */
export type CallingSite = 'own' | 'allowed' | 'foreign';

/** What a browser says of the page behind a request, which no page can change; absent from other clients. */
export interface BrowserHeaders {
  origin: string | undefined;
  /** `Sec-Fetch-Site`, `-Mode` and `-Dest`, which browsers send over https and to this machine. */
  site: string | undefined;
  mode: string | undefined;
  destination: string | undefined;
}

const DEFAULT_PORTS: Record<string, string> = { http: '80', https: '443' };

/**
 * Whose page makes a request. A page of this service has the `Host` of the request in its origin: another site that
 * got hold of that name was refused by it (allowed-host.ts).
 */
export function callingSiteOf(
  method: string,
  { origin, site, mode, destination }: BrowserHeaders,
  authority: Authority | undefined,
  corsOrigins: readonly string[],
): CallingSite {
  const allowed = corsOrigins.includes('*') ? 'allowed' : 'foreign';
  if (origin !== undefined) {
    if (site === 'same-origin' || isOriginOf(origin, authority)) return 'own';
    return corsOrigins.includes(origin.toLowerCase()) ? 'allowed' : allowed;
  }
  if (site !== 'cross-site' && site !== 'same-site') return 'own';
  // A link that was clicked: the page it was on does not see the answer.
  const isRead = method === 'GET' || method === 'HEAD';
  return isRead && mode === 'navigate' && destination === 'document' ? 'own' : allowed;
}

/** The scheme is left out: behind a proxy that ends TLS it is not the one that the page has. */
function isOriginOf(origin: string, authority: Authority | undefined): boolean {
  const [, scheme = '', host = ''] = /^(https?):\/\/(.+)$/i.exec(origin) ?? [];
  const own = parseAuthority(host);
  if (own === undefined || authority === undefined) return false;
  const defaultPort = DEFAULT_PORTS[scheme.toLowerCase()] ?? '';
  return own.name === authority.name && (own.port || defaultPort) === (authority.port || defaultPort);
}

/** Refuses what other sites' pages ask, and speaks CORS with those that CORS_ORIGINS names. */
export function siteMiddleware(corsOrigins: readonly string[]): MiddlewareHandler<AppEnv> {
  // No cookie means anything here, so that credentials stay off and `*` is allowed where the browser asks.
  const answerCors = cors({
    origin: corsOrigins.includes('*') ? '*' : [...corsOrigins],
    allowMethods: ['GET', 'HEAD', 'POST', 'DELETE'],
    allowHeaders: ['*', 'authorization'],
    exposeHeaders: ['*'],
    maxAge: 600,
  });
  return async (c, next) => {
    const site = callingSiteOf(c.req.method, browserHeadersOf(c), authorityOf(c.req.url), corsOrigins);
    if (site === 'foreign') throw foreign(c.req.header('origin'));
    c.var.scope.callingSite = site;
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
