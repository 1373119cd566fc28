import type { AccountState } from '../access/limit-store.ts';

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
