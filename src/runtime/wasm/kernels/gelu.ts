import { GELU, POINTWISE_CHUNK } from '../assembly/kernel-ids.ts';
import type { Job } from '../job.ts';

/**
 * GELU in its tanh form: [rows, dim] -> [rows, dim].
 * @param numElements of x and of out
 */
export function geluJobs({ x, out }: { x: number; out: number }, numElements: number): Job[] {
  return [[GELU, Math.ceil(numElements / POINTWISE_CHUNK), [x, out, numElements]]];
}
