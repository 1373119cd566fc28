import type { IncomingMessage } from 'node:http';
import { isLoopbackAddress, PROXY_HEADER } from './client-address.ts';

/** Where Miniflare sends what a Worker's `env.AI` sends: `ai.remoteProxyConnectionString` of its options. */
const PATH = '/workers-binding';

const HEADER_PREFIX = 'mf-header-';
/**
 * Headers of the request itself: of its body, its connection, and of who sends it, with those that proxies add. They decide
 * what the sender may do, so no header in it changes them.
 */
const OF_THE_REQUEST =
  /^(host|origin|sec-fetch-.*|connection|upgrade|expect|content-length|transfer-encoding)$/;

const isOfTheRequest = (name: string): boolean => OF_THE_REQUEST.test(name) || PROXY_HEADER.test(name);

/**
 * Makes of a request by Miniflare the one that it stands for, in place. Miniflare sends the URL as `mf-url` and each header
 * as `mf-header-NAME`, since it would send the same to a proxy at Cloudflare. So the routes below /workers-binding answer
 * it, and whatever looks at a request before they do sees their path. The sender could have sent that request itself: it
 * gains nothing. What does not come from this machine stays as it is, and no route answers it.
 */
export function unwrapMiniflareRequest(incoming: IncomingMessage): void {
  if (incoming.url?.split('?', 1)[0] !== PATH) return;
  const url = incoming.headers['mf-url'];
  if (typeof url !== 'string' || !URL.canParse(url)) return;
  if (!isLoopbackAddress(incoming.socket.remoteAddress ?? '')) return;
  const { pathname, search } = new URL(url);
  const headers = unwrappedHeaders(incoming.rawHeaders);
  Object.assign(incoming, {
    url: `${PATH}${pathname}${search}`,
    rawHeaders: headers.flat(),
    headers: Object.fromEntries(headers),
  });
}

function unwrappedHeaders(rawHeaders: readonly string[]): [name: string, value: string][] {
  return rawHeaders.flatMap((text, index): [string, string][] => {
    if (index % 2 === 1) return [];
    const name = text.toLowerCase();
    const value = rawHeaders[index + 1] ?? '';
    if (isOfTheRequest(name)) return [[name, value]];
    const inner = name.startsWith(HEADER_PREFIX) ? name.slice(HEADER_PREFIX.length) : '';
    return inner === '' || isOfTheRequest(inner) ? [] : [[inner, value]];
  });
}
