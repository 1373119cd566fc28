import { intArg, pointerArg } from './pool';

/** Elements of one chunk. */
const CHUNK: i32 = 16384;

/** partial[chunk] (f64) = sum of x^2 over the chunk; the length is a multiple of 4. Arguments: x, partials, length. */
export function sumSquares(job: usize, chunk: i32): void {
  const x = pointerArg(job, 0);
  const length = intArg(job, 2);
  const end = min(length, (chunk + 1) * CHUNK);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let i = chunk * CHUNK; i < end; i += 4) {
    const values = v128.load(x + <usize>i * 4);
    const first = f64x2.promote_low_f32x4(values);
    const second = f64x2.promote_low_f32x4(v128.shuffle<i64>(values, values, 1, 0));
    low = f64x2.add(low, f64x2.mul(first, first));
    high = f64x2.add(high, f64x2.mul(second, second));
  }
  const sums = f64x2.add(low, high);
  f64.store(
    pointerArg(job, 1) + <usize>chunk * 8,
    f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1),
  );
}

/**
 * AdamW (Loshchilov and Hutter 2019), in place: the decay is taken from the weight itself, not from the gradient.
 * Arguments: weight, gradient, m, v, length, hyper, decay (0 or 1); hyper [8] = learning rate, beta1, beta2, epsilon,
 * weight decay, 1 - beta1^t, 1 - beta2^t, the factor that clips the gradient.
 */
export function adamW(job: usize, chunk: i32): void {
  const weight = pointerArg(job, 0);
  const gradient = pointerArg(job, 1);
  const m = pointerArg(job, 2);
  const v = pointerArg(job, 3);
  const hyper = pointerArg(job, 5);
  const rate = v128.load32_splat(hyper);
  const beta1 = v128.load32_splat(hyper, 4);
  const beta2 = v128.load32_splat(hyper, 8);
  const epsilon = v128.load32_splat(hyper, 12);
  const decay = intArg(job, 6) != 0 ? f32.load(hyper) * f32.load(hyper, 16) : <f32>0;
  const shrink = f32x4.splat(<f32>1 - decay);
  const correction1 = v128.load32_splat(hyper, 20);
  const correction2 = v128.load32_splat(hyper, 24);
  const clip = v128.load32_splat(hyper, 28);
  const one = f32x4.splat(1);
  const rest1 = f32x4.sub(one, beta1);
  const rest2 = f32x4.sub(one, beta2);
  const end = <usize>min(intArg(job, 4), (chunk + 1) * CHUNK) * 4;
  for (let at = <usize>(chunk * CHUNK) * 4; at < end; at += 16) {
    const g = f32x4.mul(v128.load(gradient + at), clip);
    const mean = f32x4.add(f32x4.mul(beta1, v128.load(m + at)), f32x4.mul(rest1, g));
    const square = f32x4.add(f32x4.mul(beta2, v128.load(v + at)), f32x4.mul(rest2, f32x4.mul(g, g)));
    v128.store(m + at, mean);
    v128.store(v + at, square);
    const deviation = f32x4.add(f32x4.sqrt(f32x4.div(square, correction2)), epsilon);
    const step = f32x4.div(f32x4.div(mean, correction1), deviation);
    const shrunk = f32x4.mul(v128.load(weight + at), shrink);
    v128.store(weight + at, f32x4.sub(shrunk, f32x4.mul(rate, step)));
  }
}
