/**
 * Element by element. The last vector may read a few bytes past its operands, which every buffer of this runtime
 * allows for (WasmHeap), and writes none.
 */
import { Curve } from './curve';
import { POINTWISE_CHUNK } from './kernel-ids';
import { floatArg, intArg, pointerArg, floats } from './pool';
import { Vector } from './vector';

/** GELU in its tanh form. Arguments: x, out, number of elements. */
export function gelu(job: usize, chunk: i32): void {
  const length = intArg(job, 2);
  const end = min(length, (chunk + 1) * POINTWISE_CHUNK);
  for (let i = chunk * POINTWISE_CHUNK; i < end; i += 4) {
    const at = floats(i);
    const x = v128.load(pointerArg(job, 0) + at);
    Vector.store(pointerArg(job, 1) + at, Curve.gelu(x), end - i);
  }
}

/** x + y. Arguments: x, y, out, number of elements. */
export function add(job: usize, chunk: i32): void {
  const end = min(intArg(job, 3), (chunk + 1) * POINTWISE_CHUNK);
  for (let i = chunk * POINTWISE_CHUNK; i < end; i += 4) {
    const at = floats(i);
    const sum = f32x4.add(v128.load(pointerArg(job, 0) + at), v128.load(pointerArg(job, 1) + at));
    Vector.store(pointerArg(job, 2) + at, sum, end - i);
  }
}

/** value + chunk: the smallest kernel there is, for tests of the pool. Arguments: out, length, chunk length, value. */
export function fill(job: usize, chunk: i32): void {
  const out = pointerArg(job, 0);
  const chunkLength = intArg(job, 2);
  const end = min(intArg(job, 1), (chunk + 1) * chunkLength);
  for (let i = chunk * chunkLength; i < end; i++) {
    f32.store(out + floats(i), floatArg(job, 3) + (chunk as f32));
  }
}
