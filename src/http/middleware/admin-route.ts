import { isIPv6 } from 'node:net';
import type { Principal } from '../../access/principal.ts';
import type { Config } from '../../config/config.ts';
import { EngineError } from '../../errors.ts';
import type { AppContext } from '../app-env.ts';
import type { CallingSite } from './calling-site.ts';
import { isLoopbackAddress, PROXY_HEADER } from '../edge/client-address.ts';

/** Who may use a route that takes the engine from all other clients, as BENCHMARK and ATTENTION say it. */
export type AdminRouteSetting = Config['benchmark'];

/** What tells a caller on this machine from one behind a proxy on it, or behind a page in a browser on it. */
export interface AdminRouteCaller {
  principal: Principal;
  /** Of the socket; undefined without one. */
  peer: string | undefined;
  /** TRUST_PROXY has the peer, or a header tells of a proxy. */
  isProxied: boolean;
  /** The name or address in `Host`. */
  host: string | undefined;
  httpVersion: string | undefined;
  callingSite: CallingSite;
}

/** True where the caller may use a route for admins. */
export function mayUseAdminRoute(setting: AdminRouteSetting, caller: AdminRouteCaller): boolean {
  if (setting !== 'loopback') return setting === 'on';
  return caller.principal.isAdmin || isOnThisMachine(caller);
}

/**
 * A proxy on this machine that adds no header can't be told from a client on it by its address. Two things give most of
 * them away: some pass on the name that their client called, and nginx as it comes speaks HTTP/1.0 to what is behind it.
 */
function isOnThisMachine({
  peer,
  isProxied,
  host = '',
  httpVersion,
  callingSite,
}: AdminRouteCaller): boolean {
  const callsThisMachine = isLoopbackAddress(host) || host === 'localhost' || host.endsWith('.localhost');
  return (
    peer !== undefined &&
    isLoopbackAddress(peer) &&
    callsThisMachine &&
    !isProxied &&
    httpVersion !== '1.0' &&
    callingSite === 'own'
  );
}

/**
 * Refuses callers who may not use an admin route.
 *
 * @param variable the setting's, for the message
 * @throws EngineError `forbidden`
 */
export function checkAdminRoute(c: AppContext, setting: AdminRouteSetting, variable: string): void {
  if (mayUseAdminRoute(setting, adminRouteCallerOf(c))) return;
  const remedy =
    setting === 'off'
      ? `${variable}=off switched it off`
      : 'send an admin key, or call it by localhost on the machine it runs on, through no proxy and from no ' +
        `other site's page; or set ${variable}=on`;
  throw new EngineError('forbidden', `${c.req.path} is not for you: ${remedy}`);
}

export function adminRouteCallerOf(c: AppContext): AdminRouteCaller {
  const { principal, authority, callingSite, isProxied } = c.get('scope');
  return {
    principal,
    peer: c.env.incoming?.socket.remoteAddress,
    isProxied: isProxied || [...c.req.raw.headers.keys()].some((name) => PROXY_HEADER.test(name)),
    host: authority?.name,
    httpVersion: c.env.incoming?.httpVersion,
    callingSite,
  };
}

/** Where this service listens, as its own client would call it; `undefined` without a socket. */
export function ownUrl(c: AppContext): string | undefined {
  const local = c.env.incoming?.socket.address();
  if (local === undefined || !('port' in local)) return undefined;
  const { address, port } = local;
  return `http://${isIPv6(address) ? `[${address}]` : address}:${port}`;
}
