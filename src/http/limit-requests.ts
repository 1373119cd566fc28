import type { MiddlewareHandler } from 'hono';
import { KeyAccount } from '../access/key-account.ts';
import type { LimitStore } from '../access/limit-store.ts';
import { EngineError } from '../errors.ts';
import type { AppContext, AppEnv } from './app-env.ts';
import { handleError } from './error-handlers.ts';
import type { Metrics } from './metrics.ts';
import { rateLimitHeaders } from './rate-limit-headers.ts';
import type { RequestScope } from './request-scope.ts';

/** A client at its limit can still see how its requests stand, cancel them, and read on what they stream. */
const FREE_PATH = /^\/v1\/(?:requests(?:\/|$)|streams\/|responses\/(?!input_tokens$))/;

/**
 * Holds the requests of a key to its limits, says on every answer what is left of them, and counts what the key used
 * (docs/decisions/0041-limits.md).
 */
export function limitRequests(limits: LimitStore | undefined, metrics: Metrics): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const { scope } = c.var;
    const { keyId, keyName, limits: keyLimits } = scope.principal;
    if (keyId === undefined || keyName === undefined) return next();
    scope.releaseAtEnd(() => countUsage(scope, keyName, metrics));
    if (keyLimits === undefined || limits === undefined) return next();
    const account = new KeyAccount(limits, { keyId, keyName, limits: keyLimits }, (kind) =>
      metrics.keys.countRefusal(keyName, kind),
    );
    scope.budget = account.budget;
    scope.releaseAtEnd(() => void account.end());
    try {
      await open(c, account);
      await next();
    } catch (thrown) {
      c.res = handleError(thrown, c);
    }
    for (const [name, value] of Object.entries(rateLimitHeaders(account.states))) {
      c.res.headers.set(name, value);
    }
  };
}

async function open(c: AppContext, account: KeyAccount): Promise<void> {
  if (!FREE_PATH.test(c.req.path)) return account.admit();
  try {
    await account.look();
  } catch (error) {
    // What takes nothing needs no store.
    if (!(error instanceof EngineError) || error.code !== 'limits_unavailable') throw error;
  }
}

/** Of a completion what was computed of it: nothing while it waited for a lane. */
function countUsage(scope: RequestScope, keyName: string, metrics: Metrics): void {
  const { record, budget } = scope;
  if (record !== undefined) {
    const hasStarted = record.timings.queueMs !== undefined;
    budget.spend(hasStarted ? record.usage.numPromptTokens : 0, record.usage.numGeneratedTokens);
  }
  metrics.keys.countRequest(keyName, budget.numPromptTokens, budget.numGeneratedTokens);
}
