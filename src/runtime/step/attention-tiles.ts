import type { Segment } from '../step-batch.ts';

/** Words of a tile. */
export const TILE_WORDS = 4;

/**
 * Cuts every segment into tiles of at most `tileRows` consecutive rows, which share the loads of their sequence's keys
 * and values: [first row, rows, where the sequence's pages begin among those of all, position of the first row] each, from
 * `start` on. Returns how many.
 */
export function writeAttentionTiles(
  target: Int32Array | Uint32Array,
  start: number,
  segments: readonly Segment[],
  tileRows: number,
): number {
  let at = start;
  let pageStart = 0;
  for (const { pages, rowStart, numRows, positionStart } of segments) {
    for (let row = 0; row < numRows; row += tileRows) {
      target[at++] = rowStart + row;
      target[at++] = Math.min(tileRows, numRows - row);
      target[at++] = pageStart;
      target[at++] = positionStart + row;
    }
    pageStart += pages.length;
  }
  return (at - start) / TILE_WORDS;
}
