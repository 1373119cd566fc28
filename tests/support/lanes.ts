import type { LaneSegment } from '../../src/engine/worker/model-runner.ts';
import type { SegmentInput } from '../../src/runtime/build-step-batch.ts';
import { lanePages, type Lanes, pagesOfLane } from '../../src/runtime/pages.ts';
import type { KvCacheShape } from '../../src/runtime/runtime.ts';

/** Lanes for tests to which it does not matter which pages a sequence has. */

export type { LaneSegment };

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
