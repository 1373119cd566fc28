import { floats } from './pool';
import { Vector } from './vector';

/**
 * Turns `length` scores into e^(score - largest) in place and returns their sum. The rest of the last eight becomes
 * zero. Sums run in a fixed order over eights from the start, so they depend on the row alone.
 */
export function exponentiate(scores: usize, length: i32): f32 {
  const end = scores + floats((length + 7) & ~7);
  for (let tail = scores + floats(length); tail < end; tail += 4) f32.store(tail, -Infinity);

  let largest0 = f32x4.splat(-Infinity);
  let largest1 = largest0;
  for (let at = scores; at < end; at += 32) {
    largest0 = f32x4.pmax(largest0, v128.load(at));
    largest1 = f32x4.pmax(largest1, v128.load(at, 16));
  }
  const largest = f32x4.splat(Vector.max(f32x4.pmax(largest0, largest1)));

  let sum0 = f32x4.splat(0);
  let sum1 = f32x4.splat(0);
  for (let at = scores; at < end; at += 32) {
    const e0 = Vector.exp(f32x4.sub(v128.load(at), largest));
    const e1 = Vector.exp(f32x4.sub(v128.load(at, 16), largest));
    v128.store(at, e0);
    v128.store(at, e1, 16);
    sum0 = f32x4.add(sum0, e0);
    sum1 = f32x4.add(sum1, e1);
  }
  return Vector.sum(f32x4.add(sum0, sum1));
}
