import { isIP, type BlockList, isIPv6 } from 'node:net';

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

/** Headers that proxies, tunnels and content delivery networks add, and clients do not. */
export const PROXY_HEADER =
  /^(?:forwarded|via|cdn-loop|x-forwarded(?:-.+)?|x-(?:real|client|original|cluster-client)-ip|true-client-ip|fastly-client-ip|cf-(?:connecting-ip|ray|visitor|ipcountry))$/;

/** The headers in which proxies name whom they speak for. */
export interface ForwardedHeaders {
  xForwardedFor: string | undefined;
  /** RFC 7239. */
  forwarded: string | undefined;
}

/** More proxies in a row than any real set-up has; entries before them are ignored. */
const MAX_HOPS = 16;

/**
 * The address of the client: of the socket's peer, or, as long as that is a trusted proxy, of the one for whom it
 * speaks. What stands further to the left was written by that one and means nothing. A list that is malformed counts
 * up to where it is. Where both headers are there, one may be the client's own that the proxy let through: they count
 * only if they agree.
 *
 * @param peer address of the socket
 */
export function clientAddressOf(peer: string, headers: ForwardedHeaders, trusted: BlockList): string {
  const address = plainAddress(peer);
  if (!isTrusted(address, trusted)) return address;
  const clients = [hopsOf(headers.xForwardedFor, parseHop), hopsOf(headers.forwarded, parseElement)]
    .filter((hops) => hops !== undefined)
    .map((hops) => firstUntrusted(address, hops, trusted));
  const [client = address] = clients;
  return clients.every((other) => other === client) ? client : address;
}

/** @param address a plain one */
export function isTrusted(address: string, trusted: BlockList): boolean {
  // A look at the rules takes a tenth of a check.
  if (trusted.rules.length === 0) return false;
  const version = isIP(address);
  return version !== 0 && trusted.check(address, version === 6 ? 'ipv6' : 'ipv4');
}

type Hop = string | undefined;

/** The nearest last. */
function hopsOf(header: string | undefined, parse: (text: string) => Hop): Hop[] | undefined {
  return header?.split(',').slice(-MAX_HOPS).map(parse);
}

function firstUntrusted(peer: string, hops: readonly Hop[], trusted: BlockList): string {
  let address = peer;
  for (const hop of hops.toReversed()) {
    if (hop === undefined || !isTrusted(address, trusted)) break;
    address = hop;
  }
  return address;
}

/** `192.0.2.7`, `192.0.2.7:4711`, `2001:db8::7`, `[2001:db8::7]:4711`. */
function parseHop(text: string): Hop {
  const trimmed = text.trim();
  const [, bracketed, dotted] = /^(?:\[([\da-f:.]+)\]|([\d.]+))(?::\d{1,5})?$/i.exec(trimmed) ?? [];
  const address = plainAddress(bracketed ?? dotted ?? trimmed);
  const version = isIP(address);
  if (version === 0) return undefined;
  // An IPv6 address can be written in many ways; URL knows the one that sockets have.
  return version === 6 ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address;
}

/** `for=192.0.2.7;proto=http`, `For="[2001:db8::7]:4711"`; no quoted string of these holds a comma. */
function parseElement(text: string): Hop {
  const [, value = ''] = /(?:^|;)\s*for=("[^"]*"|[^\s;]*)/i.exec(text) ?? [];
  return parseHop(value.replaceAll('"', ''));
}
