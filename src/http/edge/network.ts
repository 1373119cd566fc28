import { isIP, isIPv6 } from 'node:net';

const IPV4_IN_IPV6 = /^::ffff:(?=\d+\.)/i;

/** `::ffff:192.0.2.7` -> `192.0.2.7`, `fe80::1%eth0` -> `fe80::1`. */
export const plainAddress = (address: string): string =>
  address.replace(IPV4_IN_IPV6, '').replace(/%.*$/, '').toLowerCase();

export function isLoopbackAddress(address: string): boolean {
  const plain = plainAddress(address);
  return isIP(plain) !== 0 && /^127\.|^::1$/.test(plain);
}

/** What one host may choose freely in an IPv6 address is left out: RFC 4291 gives it the last 64 bits. */
export function networkOf(address: string): string {
  const plain = plainAddress(address);
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = new Array<string>(Math.max(8 - groups.length - last.length, 0)).fill('0');
  const whole = [...groups, ...(tail === undefined ? [] : zeros), ...last];
  return whole.slice(0, 4).join(':');
}
