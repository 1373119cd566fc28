import { ROW_CHUNK } from './kernel-ids';
import { floats, intArg, pointerArg } from './pool';

/** Copies rows. Arguments: x [any, dim], indices of the rows, out [numRows, dim], numRows, dim. */
export function selectRows(job: usize, chunk: i32): void {
  const rowBytes = floats(intArg(job, 4));
  const end = min(intArg(job, 3), (chunk + 1) * ROW_CHUNK);
  for (let row = chunk * ROW_CHUNK; row < end; row++) {
    const from = load<i32>(pointerArg(job, 1) + floats(row));
    memory.copy(pointerArg(job, 2) + (row as usize) * rowBytes, pointerArg(job, 0) + (from as usize) * rowBytes, rowBytes);
  }
}
