import { floatArg, intArg, pointerArg } from './pool';
import { Vector } from './vector';

/** Rows of one chunk. */
const CHUNK_ROWS: i32 = 64;

/**
 * What the loss needs of each row of logits: stats [rows][3] = maximum, sum of exp(logit - maximum), logit of the
 * target. The logarithm is taken outside, in double precision. Arguments: logits, targets, stats, rows, vocab.
 */
export function crossEntropy(job: usize, chunk: i32): void {
  const targets = pointerArg(job, 1);
  const rowBytes = <usize>intArg(job, 4) * 4;
  const endRow = min(intArg(job, 3), (chunk + 1) * CHUNK_ROWS);
  for (let row = chunk * CHUNK_ROWS; row < endRow; row++) {
    const logits = pointerArg(job, 0) + <usize>row * rowBytes;
    const stats = pointerArg(job, 2) + <usize>row * 12;
    let top = v128.load(logits);
    for (let at: usize = 16; at < rowBytes; at += 16) top = f32x4.pmax(top, v128.load(logits + at));
    const max = Mathf.max(
      Mathf.max(f32x4.extract_lane(top, 0), f32x4.extract_lane(top, 1)),
      Mathf.max(f32x4.extract_lane(top, 2), f32x4.extract_lane(top, 3)),
    );
    const maxes = f32x4.splat(max);
    let sum = f32x4.splat(0);
    for (let at: usize = 0; at < rowBytes; at += 16)
      sum = f32x4.add(sum, Vector.exp(f32x4.sub(v128.load(logits + at), maxes)));
    f32.store(stats, max);
    f32.store(stats, Vector.sum(sum), 4);
    f32.store(stats, f32.load(logits + <usize>load<i32>(targets + <usize>row * 4) * 4), 8);
  }
}

/** dLogits = (softmax - one-hot target) * scale. Arguments: logits, targets, stats, dLogits, rows, vocab, scale. */
export function crossEntropyBackward(job: usize, chunk: i32): void {
  const targets = pointerArg(job, 1);
  const rowBytes = <usize>intArg(job, 5) * 4;
  const scale = floatArg(job, 6);
  const endRow = min(intArg(job, 4), (chunk + 1) * CHUNK_ROWS);
  for (let row = chunk * CHUNK_ROWS; row < endRow; row++) {
    const logits = pointerArg(job, 0) + <usize>row * rowBytes;
    const dLogits = pointerArg(job, 3) + <usize>row * rowBytes;
    const stats = pointerArg(job, 2) + <usize>row * 12;
    const maxes = v128.load32_splat(stats);
    const factor = f32x4.splat(scale / f32.load(stats, 4));
    for (let at: usize = 0; at < rowBytes; at += 16) {
      const e = Vector.exp(f32x4.sub(v128.load(logits + at), maxes));
      v128.store(dLogits + at, f32x4.mul(e, factor));
    }
    const target = dLogits + <usize>load<i32>(targets + <usize>row * 4) * 4;
    f32.store(target, f32.load(target) - scale);
  }
}
