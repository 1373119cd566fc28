/** Tokens of a page of the KV cache; cpp/kernels.h has the same number. */
export const PAGE_TOKENS = 64;

/** Pages that so many tokens take. */
export const pagesFor = (numTokens: number): number => Math.ceil(numTokens / PAGE_TOKENS);

/** Stands in a table for a page that was given back: no token of the sequence looks so far behind any more. */
export const GONE = -1;

/** The first pages of a cache, for a sequence that has it alone. */
export const firstPages = (numTokens: number): Int32Array =>
  Int32Array.from({ length: pagesFor(numTokens) }, (_, page) => page); // [pages]
