import { isIP } from 'node:net';
import type { MiddlewareHandler } from 'hono';
import { EngineError } from '../../errors.ts';
import type { AppEnv } from '../app-env.ts';
import type { Authority } from '../edge/authority.ts';

/**
 * True where a request may call the service by that name. A page can make its own name lead to this machine (DNS
 * rebinding) and is then of the same origin, but the name it sends stays its own.
 *
 * @param allowedHosts ALLOWED_HOSTS: names with or without a port, or `*`
 */
export function isAllowedHost(authority: Authority | undefined, allowedHosts: readonly string[]): boolean {
  if (allowedHosts.includes('*')) return true;
  if (authority === undefined) return false;
  const { name, port } = authority;
  return (
    isIP(name) !== 0 ||
    isLocalName(name) ||
    [name, `${name}:${port}`].some((one) => allowedHosts.includes(one))
  );
}

/** RFC 6761: these names never leave the machine. */
const isLocalName = (name: string): boolean => name === 'localhost' || name.endsWith('.localhost');

/** Refuses requests that are meant for another host. */
export function hostMiddleware(allowedHosts: readonly string[]): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const { authority } = c.get('scope');
    if (isAllowedHost(authority, allowedHosts)) return next();
    const name = authority?.name.slice(0, 200) ?? 'what it names';
    throw new EngineError(
      'misdirected_request',
      `this service is not called ${name}; call it by its address or localhost, or name it in ALLOWED_HOSTS`,
      { param: 'host' },
    );
  };
}
