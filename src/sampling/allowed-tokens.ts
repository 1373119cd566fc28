/** The tokens that may be drawn next: a short list of ids in rising order, or a bit for each token of the vocabulary. */
export type AllowedTokens =
  | { readonly type: 'list'; readonly tokenIds: Int32Array }
  /** Token `id` is bit `id & 31` of word `id >> 5`. */
  | { readonly type: 'bits'; readonly bits: Uint32Array };

export function isAllowed(allowed: AllowedTokens, tokenId: number): boolean {
  if (allowed.type === 'bits') return (((allowed.bits[tokenId >> 5] ?? 0) >>> (tokenId & 31)) & 1) === 1;
  return indexOfId(allowed.tokenIds, tokenId) >= 0;
}

/** Where an id stands in a list of rising ones, by bisection; -1: nowhere. */
export function indexOfId(tokenIds: Int32Array, tokenId: number): number {
  let low = 0;
  let high = tokenIds.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const id = tokenIds[middle] ?? 0;
    if (id === tokenId) return middle;
    if (id < tokenId) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
