import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { unwrapMiniflareRequest } from '../../../../src/http/edge/miniflare-request.ts';

const URL_OF_RUN = 'https://workers-binding.ai/run?version=3&userInputs=%7B%7D';

/** What is read and written of a request. */
function unwrapped(remoteAddress: string, rawHeaders: string[], url = '/workers-binding') {
  const headers = Object.fromEntries(
    rawHeaders.flatMap((name, index) =>
      index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1]] as const] : [],
    ),
  );
  const incoming = { url, rawHeaders, headers, socket: { remoteAddress } };
  unwrapMiniflareRequest(incoming as unknown as IncomingMessage);
  return incoming;
}

it.each(['127.0.0.1', '::1', '::ffff:127.0.0.1'])('a request from %s is unwrapped', (address) => {
  const raw = [
    'Host',
    'a',
    'MF-URL',
    URL_OF_RUN,
    'MF-Header-X-Y',
    '1',
    'Accept',
    '*/*',
    'Content-Length',
    '2',
  ];
  expect(unwrapped(address, raw)).toMatchObject({
    url: '/workers-binding/run?version=3&userInputs=%7B%7D',
    rawHeaders: ['host', 'a', 'x-y', '1', 'content-length', '2'],
    headers: { host: 'a', 'x-y': '1', 'content-length': '2' },
  });
});

it.each([
  ['another machine', '192.0.2.7', '/workers-binding'],
  ['a socket that is gone', '', '/workers-binding'],
  ['another path', '127.0.0.1', '/v1/models'],
  ['a path below', '127.0.0.1', '/workers-binding/run'],
])('one of %s stays as it is', (_, address, url) => {
  const raw = ['Host', 'a', 'MF-URL', URL_OF_RUN, 'MF-Header-X-Y', '1'];
  expect(unwrapped(address, raw, url)).toMatchObject({ url, rawHeaders: raw });
});

it.each([
  ...['Host', 'Origin', 'Sec-Fetch-Site', 'Content-Length', 'Transfer-Encoding'],
  // Who has one of these comes through a proxy, and is not on this machine for all that the service knows.
  ...['Forwarded', 'Via', 'CDN-Loop', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Real-IP', 'X-Client-IP'],
  ...['True-Client-IP', 'Fastly-Client-IP', 'CF-Connecting-IP', 'CF-Ray'],
])('no header in it is its %s', (name) => {
  const raw = ['MF-URL', URL_OF_RUN, `MF-Header-${name}`, 'inner', name, 'outer'];
  expect(unwrapped('::1', raw).headers).toEqual({ [name.toLowerCase()]: 'outer' });
});

it('headers of a gateway in it are those of the request that it stands for', () => {
  const raw = ['MF-URL', URL_OF_RUN, 'MF-Header-CF-AIG-Cache-TTL', '60'];
  expect(unwrapped('::1', raw).headers).toEqual({ 'cf-aig-cache-ttl': '60' });
});
