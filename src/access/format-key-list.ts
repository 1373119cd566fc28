import Table from 'cli-table3';
import type { StoredKey } from './key-file.ts';

/** No colours, no lines between rows. */
const PLAIN = { head: [], border: [], compact: true };

export type KeyState = 'valid' | 'expired' | 'revoked';

export function stateOf({ revokedAt, expiresAt }: StoredKey, now: number): KeyState {
  if (revokedAt !== undefined) return 'revoked';
  return expiresAt !== undefined && Date.parse(expiresAt) <= now ? 'expired' : 'valid';
}

/** `tokenflare keys list` for a terminal. */
export function formatKeyList(keys: readonly StoredKey[], now: number): string {
  const table = new Table({
    head: ['id', 'name', 'state', 'admin', 'requests/min', 'tokens/min', 'at once', 'models', 'expires'],
    style: PLAIN,
  });
  for (const key of keys) {
    const { requestsPerMinute, tokensPerMinute, concurrency } = key.limits;
    table.push([
      key.id,
      key.name,
      stateOf(key, now),
      key.isAdmin ? 'yes' : '-',
      requestsPerMinute ?? '-',
      tokensPerMinute ?? '-',
      concurrency ?? '-',
      key.models?.join(', ') ?? 'all',
      key.expiresAt ?? '-',
    ]);
  }
  return table.toString();
}
