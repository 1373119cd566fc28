import type { AppContext } from './app-env.ts';

/**
 * The owner of the requests that a client may see: the client itself. Undefined with an admin key, which sees all.
 */
export function visibleOwner(c: AppContext): string | undefined {
  const { principal, ownerId } = c.var.scope;
  return principal.isAdmin ? undefined : ownerId;
}
