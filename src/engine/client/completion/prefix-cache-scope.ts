import type { CompletionRequest } from '../../engine.ts';

/** Whose prompts share keys and values: `client`: those of one owner; `all`: those of all clients. */
export type PrefixCacheScope = 'client' | 'all';

/**
 * The salt under which the cache keeps a request's prompts: two requests share keys and values exactly if it is the
 * same. What a request found there is told to its client, token by token (vLLM's CVE-2025-46570 had to time it), so that
 * one who shares with others can guess their prompts.
 */
export function scopedCacheSalt(
  scope: PrefixCacheScope,
  { ownerId, cacheSalt }: Pick<CompletionRequest, 'ownerId' | 'cacheSalt'>,
): string | undefined {
  if (scope === 'all') return cacheSalt;
  // A list, since both are texts that may hold anything; an owner's id does not begin as one.
  return cacheSalt === undefined ? ownerId : JSON.stringify([ownerId, cacheSalt]);
}
