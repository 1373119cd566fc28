/** Tokens of a page of the KV cache; cpp/kernels.h has the same number. */
export const PAGE_TOKENS = 64;

/** Pages that so many tokens take. */
export const pagesFor = (numTokens: number): number => Math.ceil(numTokens / PAGE_TOKENS);

/** Stands in a table for a page that was given back: no token of the sequence looks so far behind any more. */
export const GONE = -1;

/** A cache that is cut into stretches of equal length, one for each sequence. */
export interface Lanes {
  readonly numLanes: number;
  /** Tokens a lane can hold. */
  readonly laneLength: number;
}

/** The pages of so many lanes, each whole. */
export function lanePages({ numLanes, laneLength }: Lanes): { numPages: number; maxStepPages: number } {
  const numPages = numLanes * pagesFor(laneLength);
  return { numPages, maxStepPages: numPages };
}

export function pagesOfLane(lane: number, laneLength: number): Int32Array {
  const count = pagesFor(laneLength);
  return Int32Array.from({ length: count }, (_, page) => lane * count + page); // [count]
}
