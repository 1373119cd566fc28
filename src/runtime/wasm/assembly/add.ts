import { POINTWISE_CHUNK } from './kernel-ids';
import { floats, intArg, pointerArg } from './pool';
import { Vector } from './vector';

/** x + y. The last vector may read past its operands, as in gelu.ts. Arguments: x, y, out, number of elements. */
export function add(job: usize, chunk: i32): void {
  const end = min(intArg(job, 3), (chunk + 1) * POINTWISE_CHUNK);
  for (let i = chunk * POINTWISE_CHUNK; i < end; i += 4) {
    const at = floats(i);
    const sum = f32x4.add(v128.load(pointerArg(job, 0) + at), v128.load(pointerArg(job, 1) + at));
    Vector.store(pointerArg(job, 2) + at, sum, end - i);
  }
}
