import type { SegmentInput } from '../../src/runtime/build-step-batch.ts';
import { pagesFor } from '../../src/pages.ts';
import type { KvCacheShape } from '../../src/runtime/runtime.ts';

/** Lanes for tests to which it does not matter which pages a sequence has: each is a stretch of the cache. */

/** Tokens of the sequence in a lane. */
export type LaneSegment = Omit<SegmentInput, 'pages'> & { readonly lane: number };

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

type HeadShape = Omit<KvCacheShape, 'numPages' | 'maxStepPages'>;

/** A cache with the pages of so many lanes. */
export const laneShape = ({ numLanes, laneLength, ...heads }: HeadShape & Lanes): KvCacheShape => ({
  ...heads,
  ...lanePages({ numLanes, laneLength }),
});

/** The pages of a sequence in a lane. */
export const inLane = (lane: number, laneLength: number): { pages: Int32Array } => ({
  pages: pagesOfLane(lane, laneLength), // [pages]
});

/** Segments of sequences in lanes, as a step takes them. */
export const inPages = (segments: readonly LaneSegment[], laneLength: number): SegmentInput[] =>
  segments.map(({ lane, ...segment }) => ({ ...segment, ...inLane(lane, laneLength) }));
