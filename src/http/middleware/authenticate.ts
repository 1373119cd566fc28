import type { BlockList } from 'node:net';
import type { MiddlewareHandler } from 'hono';
import type { KeyCheck, KeyRing } from '../../access/key-ring.ts';
import { EngineError } from '../../errors.ts';
import { adminRouteCallerOf, mayUseAdminRoute } from './admin-route.ts';
import type { AppContext, AppEnv } from '../app-env.ts';
import { isTrusted } from '../edge/client-address.ts';
import type { Metrics } from '../metrics/metrics.ts';

const BEARER = /^Bearer +(\S+) *$/i;

/** Where clients put keys: the OpenAI and Anthropic APIs, Cloudflare's AI Gateway, and Cloudflare's API. */
const SOURCES: readonly [header: string, form: 'bearer' | 'plain'][] = [
  ['authorization', 'bearer'],
  ['x-api-key', 'plain'],
  ['cf-aig-authorization', 'bearer'],
  ['x-auth-key', 'plain'],
];

export const CREDENTIAL_HEADERS: readonly string[] = SOURCES.map(([header]) => header);

/**
 * The keys that came with a request, in the order in which they are tried. A client may send several, since a gateway on
 * its way may want one of its own. `X-Auth-Email`, which goes with `X-Auth-Key`, says nothing that a key does not.
 */
export function readCredentials(headers: Headers): string[] {
  const texts = SOURCES.flatMap(([header, form]) => {
    const value = headers.get(header)?.trim() ?? '';
    const text = form === 'bearer' ? BEARER.exec(value)?.[1] : value;
    return text === undefined || text === '' ? [] : [text];
  });
  return [...new Set(texts)];
}

/**
 * Finds out whose request it is, and refuses those without a valid key (docs/decisions/0040-api-keys.md).
 *
 * @param scrapers networks whose clients may read the metrics without a key
 *
 * @throws EngineError `unauthorized`; `forbidden` for metrics without the rights
 */
export function authenticate(
  keys: KeyRing,
  allowsAnonymous: boolean,
  metrics: Metrics,
  scrapers: BlockList,
): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    if (isOpen(c, scrapers)) return next();
    const scope = c.get('scope');
    const check = await keys.check(readCredentials(c.req.raw.headers));
    if (check.isValid) {
      scope.principal = check.principal;
    } else if (check.refusal !== 'missing' || !allowsAnonymous) {
      metrics.keys.countRefusal(check.keyName, check.refusal);
      throw refusalOf(check);
    }
    if (scope.facts.access === 'operator' && !scope.principal.isAdmin) {
      metrics.keys.countRefusal(scope.principal.keyName, 'forbidden');
      throw new EngineError(
        'forbidden',
        'metrics are for admin keys, for this machine, and for the networks of METRICS_ALLOW',
      );
    }
    return next();
  };
}

/** A browser asks by OPTIONS, without a key, whether it may send one. */
function isOpen(c: AppContext, scrapers: BlockList): boolean {
  const { method } = c.req;
  const { address, facts } = c.get('scope');
  const { access } = facts;
  if (method === 'OPTIONS') return true;
  if (method !== 'GET' && method !== 'HEAD') return false;
  if (access !== 'operator') return access === 'open';
  return isTrusted(address, scrapers) || mayUseAdminRoute('loopback', adminRouteCallerOf(c));
}

/** What came is not repeated: it may be the key of another service. */
function refusalOf({ refusal, keyName = '' }: KeyCheck & { isValid: false }): EngineError {
  const reasons = {
    missing: 'no API key came with the request; send it as Authorization: Bearer KEY, or as x-api-key',
    unknown: 'the API key is not one of this service',
    expired: `the API key '${keyName}' has expired`,
    revoked: `the API key '${keyName}' is revoked`,
  };
  return new EngineError('unauthorized', reasons[refusal]);
}
