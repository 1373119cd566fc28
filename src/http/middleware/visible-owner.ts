import { invalidField, type EngineError } from '../../errors.ts';
import type { AppContext } from '../app-env.ts';

/**
 * The owner of the requests that a client may see: the client itself. Undefined with an admin key, which sees all.
 */
export function visibleOwner(c: AppContext): string | undefined {
  const { principal, ownerId } = c.get('scope');
  return principal.isAdmin ? undefined : ownerId;
}

/** What a field asks the service to keep, for a client that it could not know again. */
export const noOwner = (param: string): EngineError =>
  invalidField(
    param,
    'needs a client that can be told from others: send an API key, or have the application name its clients (clientOf)',
  );
