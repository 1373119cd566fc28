/** The tokens of a vocabulary as bytes of text. */
export interface TokenBytes {
  readonly specialTokenIds: ReadonlySet<number>;
  idToBytes(tokenId: number): Uint8Array;
}

/** Which special tokens are part of a text. */
export interface ShownTokens {
  /** Leave special tokens out of the text, as servers do; on unless turned off. */
  skipSpecialTokens?: boolean | undefined;
  /** Special tokens that are not left out. */
  shownTokenIds?: ReadonlySet<number> | undefined;
}

const NOTHING = new Uint8Array();

/** The bytes that each token adds to a text: none for a special token that is left out. */
export function shownBytes(
  vocabulary: TokenBytes,
  { skipSpecialTokens = true, shownTokenIds }: ShownTokens,
): (tokenId: number) => Uint8Array {
  const isSkipped = (tokenId: number): boolean =>
    skipSpecialTokens && vocabulary.specialTokenIds.has(tokenId) && shownTokenIds?.has(tokenId) !== true;
  return (tokenId) => (isSkipped(tokenId) ? NOTHING : vocabulary.idToBytes(tokenId));
}
