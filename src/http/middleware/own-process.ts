import type { MiddlewareHandler } from 'hono';
import type { MemoryGuard } from '../../watch/memory-guard.ts';
import type { RunningRequests } from '../../watch/running-requests.ts';
import type { AppEnv } from '../app-env.ts';
import type { IdleCollector } from '../edge/idle-collector.ts';

/** What is done for a process that is the service's own, and not for a program that has the service in it. */
export interface OwnProcess {
  /** Gives the memory of a burst back. */
  collector: IdleCollector;
  /** Refuses requests before the memory ends. */
  memory: MemoryGuard;
  /** Says what runs when the process is ended since its event loop stands still. */
  requests: RunningRequests;
  /** It serves on, and tells proxies by `/ready` that it is about to drain. */
  isLeaving: boolean;
}

/**
 * Refuses requests that bring something while memory is short. Those that ask for what there is are answered, and those
 * that delete something.
 */
export const shedRequests =
  (memory: MemoryGuard): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    if (c.req.method !== 'POST') return next();
    memory.checkRoom();
    memory.enter();
    c.get('scope').releaseAtEnd(() => memory.leave());
    return next();
  };
