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
