import { ROW_CHUNK } from './kernel-ids';
import { floatArg, floats, intArg, pointerArg } from './pool';
import { rmsNormalise } from './rms-norm';

/**
 * RMSNorm of each head of queries and keys by itself; values are copied.
 * Arguments: qkv [numRows, (numHeads + 2 numKvHeads) * headDim], gain of queries, gain of keys, out, numRows, numHeads,
 * numKvHeads, headDim, epsilon.
 */
export function normHeads(job: usize, chunk: i32): void {
  const numHeads = intArg(job, 5);
  const numKvHeads = intArg(job, 6);
  const headDim = intArg(job, 7);
  const headBytes = floats(headDim);
  const rowBytes = ((numHeads + 2 * numKvHeads) as usize) * headBytes;
  const end = min(intArg(job, 4), (chunk + 1) * ROW_CHUNK);
  for (let row = chunk * ROW_CHUNK; row < end; row++) {
    let x = pointerArg(job, 0) + (row as usize) * rowBytes;
    let out = pointerArg(job, 3) + (row as usize) * rowBytes;
    for (let head = 0; head < numHeads + numKvHeads; head++, x += headBytes, out += headBytes) {
      const gain = head < numHeads ? pointerArg(job, 1) : pointerArg(job, 2);
      rmsNormalise(x, gain, out, headDim, floatArg(job, 8));
    }
    memory.copy(out, x, (numKvHeads as usize) * headBytes);
  }
}
