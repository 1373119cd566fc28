import type { MiddlewareHandler } from 'hono';
import { KeyAccount } from '../../access/key-account.ts';
import type { AccountState, LimitStore } from '../../access/limit-store.ts';
import { EngineError } from '../../errors.ts';
import type { AppContext, AppEnv } from '../app-env.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { handleError } from './error-handlers.ts';
import { usedTokens } from './inner-request.ts';
import type { RequestScope } from '../request-scope.ts';

/**
 * Holds the requests of a key to its limits, says on every answer what is left of them, and counts what the key used
 * (docs/decisions/0041-limits.md).
 */
export function limitRequests(limits: LimitStore | undefined, metrics: Metrics): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const scope = c.get('scope');
    const { keyId, keyName, limits: keyLimits } = scope.principal;
    if (keyId === undefined || keyName === undefined) return next();
    scope.releaseAtEnd(() => countUsage(scope, keyName, metrics));
    if (keyLimits === undefined || limits === undefined) return next();
    const account = new KeyAccount(limits, { keyId, keyName, limits: keyLimits }, (kind) =>
      metrics.keys.countRefusal(keyName, kind),
    );
    scope.budget = account.budget;
    scope.takeRequest = () => account.takeRequest();
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
  if (c.get('scope').facts.isUnlimited !== true) return account.admit();
  try {
    await account.look();
  } catch (error) {
    // What takes nothing needs no store.
    if (!(error instanceof EngineError) || error.code !== 'limits_unavailable') throw error;
  }
}

function countUsage(scope: RequestScope, keyName: string, metrics: Metrics): void {
  const { record, budget } = scope;
  if (record !== undefined) budget.spend(...usedTokens(record));
  metrics.keys.countRequest(keyName, budget.numPromptTokens, budget.numGeneratedTokens);
}

/** OpenAI's headers of the accounts that a key has, as they stand. */
export function rateLimitHeaders(
  accounts: Readonly<Partial<Record<'requests' | 'tokens', AccountState>>>,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of ['requests', 'tokens'] as const) {
    const account = accounts[name];
    if (account === undefined) continue;
    headers[`x-ratelimit-limit-${name}`] = String(account.limit);
    headers[`x-ratelimit-remaining-${name}`] = String(account.remaining);
    headers[`x-ratelimit-reset-${name}`] = formatDuration(account.resetMs);
  }
  return headers;
}

/** As OpenAI writes them: `250ms`, `8.64s`, `1m0s`. */
export function formatDuration(durationMs: number): string {
  const wholeMs = Math.ceil(durationMs);
  if (wholeMs < 1000) return wholeMs === 0 ? '0s' : `${wholeMs}ms`;
  const minutes = Math.floor(wholeMs / 60_000);
  const seconds = (wholeMs % 60_000) / 1000;
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds}s`;
}
