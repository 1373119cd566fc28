import { TILE_ROWS, TILES_HEADER_BYTES } from './assembly/kernel-ids.ts';
import { writeAttentionTiles, TILE_WORDS } from '../step/attention-tiles.ts';
import type { RowCounts } from '../step/step-recorder.ts';
import type { StepBatch } from '../step-batch.ts';
import type { Arena } from './arena.ts';
import type { WasmHeap } from './wasm-heap.ts';

const HEADER_WORDS = TILES_HEADER_BYTES / 4;

/** Where the jobs of a recorded step find what differs from step to step. */
export interface StepInputs {
  readonly tokenIds: number; // [rows] as i32
  readonly positionIds: number; // [rows] as i32
  readonly logitRows: number; // [logitRows] as i32
  readonly tiles: number; // their number, then [tiles][4] as i32 (assembly/attention.ts)
}

export function reserveStepInputs(arena: Arena, { step, logit }: RowCounts): StepInputs {
  return {
    tokenIds: arena.reserve('token ids', 4 * step),
    positionIds: arena.reserve('position ids', 4 * step),
    logitRows: arena.reserve('logit rows', 4 * Math.max(1, logit)),
    tiles: arena.reserve('attention tiles', 4 * (HEADER_WORDS + TILE_WORDS * step)),
  };
}

export function writeStepInputs(heap: WasmHeap, inputs: StepInputs, batch: StepBatch): void {
  const { numRows, numLogitRows, tokenIds, positions, logitRows, segments } = batch;
  heap.int32(inputs.tokenIds, numRows).set(tokenIds.subarray(0, numRows));
  heap.int32(inputs.positionIds, numRows).set(positions.subarray(0, numRows));
  heap.int32(inputs.logitRows, numLogitRows).set(logitRows.subarray(0, numLogitRows));
  const tiles = heap.int32(inputs.tiles, HEADER_WORDS + TILE_WORDS * numRows);
  tiles[0] = writeAttentionTiles(tiles, HEADER_WORDS, segments, TILE_ROWS);
}
