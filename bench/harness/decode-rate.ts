/** When tokens of one stream came: an event of a stream may bring several. */
export interface TokenEvent {
  /** On a monotonic clock. */
  atMs: number;
  numTokens: number;
}

/** Tokens that streams got while all of them decoded, and for how long they did. */
export interface DecodeWindow {
  /** Not whole: what the rates of the streams come to in this time. */
  numTokens: number;
  ms: number;
}

/**
 * The time in which every stream decodes: from when the last of them has its first token to when the first of them has
 * its last. Prefill and the tail with fewer streams stay out of it. The tokens of a step reach one stream some
 * milliseconds before another, so that counting them between two such times would cut a step apart: a stream's rate is
 * that between its own first and last event in this time.
 *
 * @returns `undefined` when there is no such time: a stream has no token, or ended before another began, or got less than
 * two events in it
 */
export function decodeWindow(streams: readonly (readonly TokenEvent[])[]): DecodeWindow | undefined {
  if (streams.length === 0) return undefined;
  const startMs = Math.max(...streams.map((events) => events[0]?.atMs ?? Infinity));
  const endMs = Math.min(...streams.map((events) => events.at(-1)?.atMs ?? -Infinity));
  if (!(endMs > startMs)) return undefined;
  let perMs = 0;
  for (const events of streams) {
    const rate = rateOf(events.filter(({ atMs }) => atMs >= startMs && atMs <= endMs));
    if (rate === undefined) return undefined;
    perMs += rate;
  }
  return { numTokens: perMs * (endMs - startMs), ms: endMs - startMs };
}

/** Tokens a millisecond behind the first event. */
function rateOf([first, ...others]: readonly TokenEvent[]): number | undefined {
  const last = others.at(-1);
  if (first === undefined || last === undefined || last.atMs === first.atMs) return undefined;
  return others.reduce((sum, { numTokens }) => sum + numTokens, 0) / (last.atMs - first.atMs);
}
