import type { HeadStripes, Rotation } from '../../ops.ts';
import { ROTATE, ROW_CHUNK } from '../assembly/kernel-ids.ts';
import type { Job } from '../job.ts';

interface RotateOperands {
  readonly qkv: number;
  readonly table: number;
  readonly positionIds: number;
  readonly out: number;
}

/**
 * Turns the heads of queries and keys by their row's position, values as they are:
 * qkv [rows, (numHeads + 2 numKvHeads) * headDim], table [positions * headDim], positionIds [rows] -> as qkv.
 */
export function rotateJobs(
  { qkv, table, positionIds, out }: RotateOperands,
  { numHeads, numKvHeads, headDim }: HeadStripes,
  { numRows, pairing }: { numRows: number; pairing: Rotation['pairing'] },
): Job[] {
  const areNeighbours = Number(pairing === 'neighbours');
  const args = [qkv, table, positionIds, out, numRows, numHeads, numKvHeads, headDim, areNeighbours];
  return [[ROTATE, Math.ceil(numRows / ROW_CHUNK), args]];
}
