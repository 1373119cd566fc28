import { LEAST_MATCH, type PrefixMatch } from '../pages/prefix-tree.ts';
import type { Sequence } from '../sequence.ts';

/**
 * True when one of `others` is about to compute what the sequence would else compute a second time.
 * @param match what the cache holds of it; `undefined`: it does not read the cache
 */
export function isWorthWaiting(
  { tokenIds, cacheSalt }: Sequence,
  match: PrefixMatch | undefined,
  others: readonly Sequence[],
): boolean {
  if (match === undefined) return false;
  const numWanted = match.numTokens + LEAST_MATCH;
  return others.some(
    (other) =>
      other.numComputedTokens < other.tokenIds.length - 1 &&
      other.cacheSalt === cacheSalt &&
      commonLength(other.tokenIds, tokenIds, tokenIds.length - 1) >= numWanted,
  );
}

/** How many tokens two lists begin with alike, at most `limit`. */
function commonLength(one: readonly number[], other: readonly number[], limit: number): number {
  const end = Math.min(one.length, other.length, limit);
  let length = 0;
  while (length < end && one[length] === other[length]) length++;
  return length;
}
