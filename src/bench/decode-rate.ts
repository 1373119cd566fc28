/** When tokens of one stream came: an event of a stream may bring several. */
export interface TokenEvent {
  /** On a monotonic clock. */
  atMs: number;
  numTokens: number;
}

/** Tokens that came while all streams decoded, and for how long they did. */
export interface DecodeWindow {
  numTokens: number;
  ms: number;
}

/**
 * The time in which every stream decodes: from when the last of them has its first token to when the first of them has
 * its last. Prefill and the tail with fewer streams stay out of it.
 *
 * @returns `undefined` when there is no such time: a stream has no token, or ended before another began
 */
export function decodeWindow(streams: readonly (readonly TokenEvent[])[]): DecodeWindow | undefined {
  if (streams.length === 0) return undefined;
  const startMs = Math.max(...streams.map((events) => events[0]?.atMs ?? Infinity));
  const endMs = Math.min(...streams.map((events) => events.at(-1)?.atMs ?? -Infinity));
  if (!(endMs > startMs)) return undefined;
  const inside = streams.flat().filter(({ atMs }) => atMs > startMs && atMs <= endMs);
  return { numTokens: inside.reduce((sum, { numTokens }) => sum + numTokens, 0), ms: endMs - startMs };
}
