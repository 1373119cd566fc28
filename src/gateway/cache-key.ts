import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { jsonPieces } from '../json-pieces.ts';

/** What an answer depends on, beside the body. */
export interface CacheSubject {
  /** Whose request it is: no other client finds the answer. */
  readonly ownerId: string;
  /** Models that its API key may use: one that loses a model loses its answers. */
  readonly models: readonly string[] | undefined;
  readonly gateway: string;
  readonly provider: string;
  readonly path: string;
  /** What else goes to a provider that is not here, its key among it. */
  readonly headers: readonly (readonly [string, string])[];
  readonly isStreamed: boolean;
}

/**
 * The key of an answer in the cache: a hash of what it depends on. In the place of the body may stand a key of the
 * client's. The order of a body's members counts, since it does in a JSON schema.
 */
export async function cacheKeyOf(
  subject: CacheSubject,
  body: unknown,
  ownKey: string | undefined,
): Promise<string> {
  const { ownerId, models, gateway, provider, path, headers, isStreamed } = subject;
  const hash = createHash('sha256');
  hash.update(
    JSON.stringify([ownerId, models ?? null, gateway, provider, path, headers, isStreamed, ownKey ?? null]),
  );
  if (ownKey !== undefined) return hash.digest('base64url');
  let isFirst = true;
  for (const piece of jsonPieces(body)) {
    // A piece takes less than a millisecond.
    if (!isFirst) await turn();
    hash.update(piece);
    isFirst = false;
  }
  return hash.digest('base64url');
}
