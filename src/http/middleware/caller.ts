import type { Caller } from '../../engine/caller.ts';
import type { AppContext } from '../app-env.ts';

/** Who makes a request, as the engine's client half asks it. */
export function callerOf(c: AppContext): Caller {
  const { id, clientId, ownerId, budget } = c.var.scope;
  return { id, clientId, ownerId, budget, gone: c.req.raw.signal };
}
