import { Curve } from './curve';
import { POINTWISE_CHUNK } from './kernel-ids';
import { floats, intArg, pointerArg } from './pool';
import { Vector } from './vector';

/**
 * GELU in its tanh form. The last vector may read a few bytes past its operands, which every buffer of this runtime
 * allows for (WasmHeap), and writes none.
 * Arguments: x, out, number of elements.
 */
export function gelu(job: usize, chunk: i32): void {
  const length = intArg(job, 2);
  const end = min(length, (chunk + 1) * POINTWISE_CHUNK);
  for (let i = chunk * POINTWISE_CHUNK; i < end; i += 4) {
    const at = floats(i);
    const x = v128.load(pointerArg(job, 0) + at);
    Vector.store(pointerArg(job, 1) + at, Curve.gelu(x), end - i);
  }
}
