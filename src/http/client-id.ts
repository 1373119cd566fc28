import { createHmac, randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { AppContext } from './app-env.ts';

/** New with each process: ids tell clients apart, and tell nobody their keys. */
const SECRET = randomBytes(32);
const IPV4_IN_IPV6 = /^::ffff:(?=\d+\.)/;

/**
 * Tells clients apart, who share the service equally (docs/decisions/0025-fair-among-clients.md): by address and by the
 * Authorization header, which nobody checks here. Headers in which a proxy names its client are not looked at, since
 * anybody can write them.
 */
export function clientIdOf(c: AppContext): string {
  const network = networkOf(c.env.incoming?.socket.remoteAddress ?? '');
  const key = c.req.header('authorization') ?? '';
  return createHmac('sha256', SECRET).update(`${network} ${key}`).digest('base64url').slice(0, 16);
}

/** What one host may choose freely in an IPv6 address is left out: RFC 4291 gives it the last 64 bits. */
export function networkOf(address: string): string {
  const plain = address.replace(IPV4_IN_IPV6, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = (plain.split('%')[0] ?? '').split('::');
  const groups = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = new Array<string>(Math.max(8 - groups.length - last.length, 0)).fill('0');
  const whole = [...groups, ...(tail === undefined ? [] : zeros), ...last];
  return whole.slice(0, 4).join(':');
}
