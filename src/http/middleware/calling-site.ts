import { parseAuthority, type Authority } from '../edge/authority.ts';

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
