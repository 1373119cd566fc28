import type { RowCounts } from '../step/step-recorder.ts';

/** What a recording is made for: padded rows of each kind, and the rows that attention takes at once. */
export interface Bucket extends RowCounts {
  readonly tileRows: number;
}
