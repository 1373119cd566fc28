import type { SegmentInput } from '../../src/runtime/build-step-batch.ts';
import { pagesFor } from '../../src/pages.ts';
import type { KvCacheShape } from '../../src/runtime/runtime.ts';

/** Seats for tests to which it does not matter which pages a sequence has: each is a stretch of the cache. */

/** Tokens of the sequence in a seat. */
export type SeatSegment = Omit<SegmentInput, 'pages'> & { readonly seat: number };

/** A cache that is cut into stretches of equal length, one for each sequence. */
export interface Seats {
  readonly numSeats: number;
  /** Tokens a seat can hold. */
  readonly seatLength: number;
}

/** The pages of so many seats, each whole. */
export function seatPages({ numSeats, seatLength }: Seats): { numPages: number; maxStepPages: number } {
  const numPages = numSeats * pagesFor(seatLength);
  return { numPages, maxStepPages: numPages };
}

export function pagesOfSeat(seat: number, seatLength: number): Int32Array {
  const count = pagesFor(seatLength);
  return Int32Array.from({ length: count }, (_, page) => seat * count + page); // [count]
}

type HeadShape = Omit<KvCacheShape, 'numPages' | 'maxStepPages'>;

/** A cache with the pages of so many seats. */
export const seatShape = ({ numSeats, seatLength, ...heads }: HeadShape & Seats): KvCacheShape => ({
  ...heads,
  ...seatPages({ numSeats, seatLength }),
});

/** The pages of a sequence in a seat. */
export const inSeat = (seat: number, seatLength: number): { pages: Int32Array } => ({
  pages: pagesOfSeat(seat, seatLength), // [pages]
});

/** Segments of sequences in seats, as a step takes them. */
export const inPages = (segments: readonly SeatSegment[], seatLength: number): SegmentInput[] =>
  segments.map(({ seat, ...segment }) => ({ ...segment, ...inSeat(seat, seatLength) }));
