import type { TokenEvent } from './decode-rate.ts';

/**
 * What each token after the first event's took, in milliseconds: one that brings several tokens, of steps that were
 * reported together, took its gap for all of them.
 */
export function tokenGapsMs(events: readonly TokenEvent[]): number[] {
  return events.slice(1).flatMap(({ atMs, numTokens }, index) => {
    const gapMs = (atMs - (events[index]?.atMs ?? NaN)) / numTokens;
    return Array.from({ length: numTokens }, () => gapMs);
  });
}
