import type { Access } from '../../access/access.ts';
import { KeyAccount } from '../../access/key-account.ts';
import { ANONYMOUS, type Principal } from '../../access/principal.ts';
import { TokenBudget } from '../../access/token-budget.ts';
import { EngineError } from '../../errors.ts';
import type { Metrics } from '../metrics/metrics.ts';

/** Whose rights and whose tokens work uses. */
export interface KeyHolder {
  readonly principal: Principal;
  readonly budget: TokenBudget;
}

/**
 * Does work for a key after the request that asked for it: by the rights and limits that the key has by then. It counts
 * as a request of the key.
 *
 * @param keyId undefined for work that was asked for without a key
 * @throws EngineError `unauthorized` where the key is no longer valid; as `KeyAccount.admit`; what the work throws
 */
export async function runForKey<T>(
  { keys, limits }: Pick<Access, 'keys' | 'limits'>,
  metrics: Metrics,
  keyId: string | undefined,
  work: (holder: KeyHolder) => Promise<T>,
): Promise<T> {
  if (keyId === undefined) return work({ principal: ANONYMOUS, budget: new TokenBudget() });
  const principal = await keys?.find(keyId);
  const keyName = principal?.keyName;
  if (principal === undefined || keyName === undefined) {
    throw new EngineError('unauthorized', 'the API key of this job has expired, or was revoked');
  }
  const account =
    limits === undefined || principal.limits === undefined
      ? undefined
      : new KeyAccount(limits, { keyId, keyName, limits: principal.limits }, (kind) =>
          metrics.keys.countRefusal(keyName, kind),
        );
  const budget = account?.budget ?? new TokenBudget();
  try {
    await account?.admit();
    return await work({ principal, budget });
  } finally {
    metrics.keys.countRequest(keyName, budget.numPromptTokens, budget.numGeneratedTokens);
    await account?.end();
  }
}
