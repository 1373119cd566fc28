import { ADD, POINTWISE_CHUNK } from '../assembly/kernel-ids.ts';
import type { Job } from '../job.ts';

/**
 * The shortcut connection, x + y: two times [rows, dim] -> [rows, dim].
 * @param numElements of each operand
 */
export function addJobs({ x, y, out }: { x: number; y: number; out: number }, numElements: number): Job[] {
  return [[ADD, Math.ceil(numElements / POINTWISE_CHUNK), [x, y, out, numElements]]];
}
