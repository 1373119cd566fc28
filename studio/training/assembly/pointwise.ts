import { floatArg, intArg, pointerArg } from './pool';
import { Vector } from './vector';
import { Dropout } from './dropout';

/** Elements of one chunk; lengths are multiples of 4, chunks are this long but for the last. */
const CHUNK: i32 = 16384;

function chunkEnd(chunk: i32, length: i32): usize {
  return <usize>min(length, (chunk + 1) * CHUNK) * 4;
}

function chunkStart(chunk: i32): usize {
  return <usize>(chunk * CHUNK) * 4;
}

/** out = a + b. Arguments: a, b, out, length. */
export function add(job: usize, chunk: i32): void {
  const a = pointerArg(job, 0);
  const b = pointerArg(job, 1);
  const out = pointerArg(job, 2);
  const end = chunkEnd(chunk, intArg(job, 3));
  for (let at = chunkStart(chunk); at < end; at += 16)
    v128.store(out + at, f32x4.add(v128.load(a + at), v128.load(b + at)));
}

/** out = x / (1 - p) where the counter's hash lets x live, else 0. Arguments: x, out, length, seed, threshold, scale. */
export function dropout(job: usize, chunk: i32): void {
  const x = pointerArg(job, 0);
  const out = pointerArg(job, 1);
  const end = chunkEnd(chunk, intArg(job, 2));
  const seed = intArg(job, 3);
  const threshold = intArg(job, 4);
  const scale = f32x4.splat(floatArg(job, 5));
  const four = i32x4.splat(4);
  let index = i32x4.add(i32x4.splat(chunk * CHUNK), i32x4(0, 1, 2, 3));
  for (let at = chunkStart(chunk); at < end; at += 16) {
    const kept = v128.and(v128.load(x + at), Dropout.keepMask(index, seed, threshold));
    v128.store(out + at, f32x4.mul(kept, scale));
    index = i32x4.add(index, four);
  }
}

/** GELU, tanh form, as x * sigmoid(2u) with u = sqrt(2 / pi) (x + 0.044715 x^3). Arguments: x, out, length. */
export function gelu(job: usize, chunk: i32): void {
  const source = pointerArg(job, 0);
  const out = pointerArg(job, 1);
  const end = chunkEnd(chunk, intArg(job, 2));
  const one = f32x4.splat(1);
  for (let at = chunkStart(chunk); at < end; at += 16) {
    const x = v128.load(source + at);
    const cubic = f32x4.add(f32x4.mul(f32x4.mul(x, x), f32x4.splat(0.044715)), one);
    const minus2u = f32x4.mul(f32x4.mul(x, cubic), f32x4.splat(-1.5957691216));
    v128.store(out + at, f32x4.div(x, f32x4.add(one, Vector.exp(minus2u))));
  }
}

/** dX = dY (s + x s (1 - s) 2u'), s = sigmoid(2u). Arguments: x, dY, dX, length. */
export function geluBackward(job: usize, chunk: i32): void {
  const source = pointerArg(job, 0);
  const gradient = pointerArg(job, 1);
  const out = pointerArg(job, 2);
  const end = chunkEnd(chunk, intArg(job, 3));
  const one = f32x4.splat(1);
  for (let at = chunkStart(chunk); at < end; at += 16) {
    const x = v128.load(source + at);
    const square = f32x4.mul(f32x4.mul(x, x), f32x4.splat(0.044715));
    const minus2u = f32x4.mul(f32x4.mul(x, f32x4.add(square, one)), f32x4.splat(-1.5957691216));
    const s = f32x4.div(one, f32x4.add(one, Vector.exp(minus2u)));
    const slope = f32x4.mul(f32x4.splat(1.5957691216), f32x4.add(one, f32x4.mul(f32x4.splat(3), square)));
    const rise = f32x4.mul(f32x4.mul(x, slope), f32x4.sub(one, s));
    const derivative = f32x4.mul(s, f32x4.add(one, rise));
    v128.store(out + at, f32x4.mul(v128.load(gradient + at), derivative));
  }
}
