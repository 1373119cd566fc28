import { ROW_CHUNK } from './kernel-ids';
import { floats, intArg, pointerArg } from './pool';
import { Vector } from './vector';

/**
 * Rotary positions (Su et al. 2021): turns each pair (a, b) of each head of queries and keys by its row's angle, to
 * (a cos - b sin, a sin + b cos); values are copied.
 * Arguments: qkv [numRows, (numHeads + 2 numKvHeads) * headDim], table [positions][cosines, sines of headDim / 2 pairs],
 * positions of the rows, out, numRows, numHeads, numKvHeads, headDim, 1 if a pair lies side by side (0: headDim / 2
 * apart).
 */
export function rotate(job: usize, chunk: i32): void {
  const numTurned = intArg(job, 5) + intArg(job, 6);
  const headDim = intArg(job, 7);
  const headBytes = floats(headDim);
  const valueBytes = (intArg(job, 6) as usize) * headBytes;
  const rowBytes = (numTurned as usize) * headBytes + valueBytes;
  const areNeighbours = intArg(job, 8) == 1;
  const end = min(intArg(job, 4), (chunk + 1) * ROW_CHUNK);
  for (let row = chunk * ROW_CHUNK; row < end; row++) {
    const turns = pointerArg(job, 1) + floats(load<i32>(pointerArg(job, 2) + floats(row)) * headDim);
    let x = pointerArg(job, 0) + (row as usize) * rowBytes;
    let out = pointerArg(job, 3) + (row as usize) * rowBytes;
    for (let head = 0; head < numTurned; head++, x += headBytes, out += headBytes) {
      if (areNeighbours) turnNeighbours(x, turns, headDim >> 1, out);
      else turnHalves(x, turns, headDim >> 1, out);
    }
    memory.copy(out, x, valueBytes);
  }
}

/** Pair i is x[i] and x[numPairs + i]. */
function turnHalves(x: usize, cosines: usize, numPairs: i32, out: usize): void {
  const half = floats(numPairs);
  for (let i = 0; i < numPairs; i += 4) {
    const at = floats(i);
    const a = v128.load(x + at);
    const b = v128.load(x + half + at);
    const cos = v128.load(cosines + at);
    const sin = v128.load(cosines + half + at);
    Vector.store(out + at, f32x4.sub(f32x4.mul(a, cos), f32x4.mul(b, sin)), numPairs - i);
    Vector.store(out + half + at, f32x4.add(f32x4.mul(a, sin), f32x4.mul(b, cos)), numPairs - i);
  }
}

/**
 * Pair i is x[2 i] and x[2 i + 1]. Reads up to six numbers past a head: the values behind the keys are at least two of
 * them, and four more may be read past a buffer.
 */
function turnNeighbours(x: usize, cosines: usize, numPairs: i32, out: usize): void {
  const sines = cosines + floats(numPairs);
  for (let i = 0; i < numPairs; i += 4) {
    const pairs = x + floats(2 * i);
    const low = v128.load(pairs);
    const high = v128.load(pairs, 16);
    const a = v128.shuffle<f32>(low, high, 0, 2, 4, 6);
    const b = v128.shuffle<f32>(low, high, 1, 3, 5, 7);
    const cos = v128.load(cosines + floats(i));
    const sin = v128.load(sines + floats(i));
    const turnedA = f32x4.sub(f32x4.mul(a, cos), f32x4.mul(b, sin));
    const turnedB = f32x4.add(f32x4.mul(a, sin), f32x4.mul(b, cos));
    const count = 2 * (numPairs - i);
    Vector.store(out + floats(2 * i), v128.shuffle<f32>(turnedA, turnedB, 0, 4, 1, 5), count);
    Vector.store(out + floats(2 * i + 4), v128.shuffle<f32>(turnedA, turnedB, 2, 6, 3, 7), count - 4);
  }
}
