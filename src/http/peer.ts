import { isIPv6 } from 'node:net';
import type { AppContext } from './app-env.ts';

const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;

/** True when the client is on this machine, and no proxy on it speaks for somebody else. */
export function isLoopbackClient(c: AppContext): boolean {
  const address = c.env.incoming?.socket.remoteAddress;
  const isForwarded = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].some((name) => c.req.header(name));
  return address !== undefined && LOOPBACK.test(address) && !isForwarded;
}

/** Where this service listens, as its own client would call it; `undefined` without a socket. */
export function ownUrl(c: AppContext): string | undefined {
  const local = c.env.incoming?.socket.address();
  if (local === undefined || !('port' in local)) return undefined;
  const { address, port } = local;
  return `http://${isIPv6(address) ? `[${address}]` : address}:${port}`;
}
