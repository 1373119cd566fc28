import { assertInvariant } from '../../errors.ts';
import type { Parameter } from '../ops.ts';
import type { KvCacheShape } from '../runtime.ts';
import type { StepBatch } from '../step-batch.ts';
import type { StepOperation } from './step-recorder.ts';

/** Rows of the smallest table that tokens and positions index: whatever is beyond is no token, no position. */
export interface TableSizes {
  readonly tokens: number;
  readonly positions: number;
}

export function tableSizes(operations: readonly StepOperation[]): TableSizes {
  let [tokens, positions] = [Infinity, Infinity];
  const rowsOf = ({ shape }: Parameter): number => shape[0] ?? 0;
  for (const operation of operations) {
    if (operation.kind === 'embed') {
      tokens = Math.min(tokens, rowsOf(operation.tokens));
      if (operation.positions) positions = Math.min(positions, rowsOf(operation.positions));
    } else if (operation.kind === 'rotate') {
      positions = Math.min(positions, rowsOf(operation.rotation.table) / operation.stripes.headDim);
    }
  }
  return { tokens, positions };
}

/** Kernels do not look: an index beyond its table would read or write what belongs to another. */
export function checkBatch(batch: StepBatch, cacheShape: KvCacheShape, tables: TableSizes): void {
  for (const { lane, rowStart, numRows, positionStart } of batch.segments) {
    assertInvariant(
      lane >= 0 &&
        lane < cacheShape.numLanes &&
        positionStart >= 0 &&
        positionStart + numRows <= cacheShape.laneLength &&
        rowStart + numRows <= batch.numRows,
      `a segment of ${numRows} rows from position ${positionStart} fits lane ${lane}`,
    );
  }
  for (let row = 0; row < batch.numRows; row++) {
    const [token = -1, position = -1] = [batch.tokenIds[row], batch.positions[row]];
    assertInvariant(token >= 0 && token < tables.tokens, `token ${token} is one of ${tables.tokens}`);
    assertInvariant(
      position >= 0 && position < tables.positions,
      `position ${position} is one of ${tables.positions}`,
    );
  }
}
