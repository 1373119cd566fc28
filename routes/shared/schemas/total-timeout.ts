/** Longest that a request may take, in milliseconds, its model's load included. */
export const totalTimeoutMs = (askedMs: number | null | undefined, requestTimeoutMs: number): number =>
  Math.min(askedMs ?? requestTimeoutMs, requestTimeoutMs);
