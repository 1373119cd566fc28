import { intArg, pointerArg } from './pool';

/** Rows of one chunk of the forward pass. */
const CHUNK_ROWS: i32 = 64;
/** Columns of one chunk of the backward pass: two rows may name the same token, so rows cannot be shared out. */
const CHUNK_COLS: i32 = 32;

/** out [rows, dim] = token[id] + position[p]. Arguments: token, position, ids, positions, out, rows, dim. */
export function embed(job: usize, chunk: i32): void {
  const ids = pointerArg(job, 2);
  const positions = pointerArg(job, 3);
  const rowBytes = <usize>intArg(job, 6) * 4;
  const endRow = min(intArg(job, 5), (chunk + 1) * CHUNK_ROWS);
  for (let row = chunk * CHUNK_ROWS; row < endRow; row++) {
    const token = pointerArg(job, 0) + <usize>load<i32>(ids + <usize>row * 4) * rowBytes;
    const position = pointerArg(job, 1) + <usize>load<i32>(positions + <usize>row * 4) * rowBytes;
    const out = pointerArg(job, 4) + <usize>row * rowBytes;
    for (let at: usize = 0; at < rowBytes; at += 16)
      v128.store(out + at, f32x4.add(v128.load(token + at), v128.load(position + at)));
  }
}

/** out [size, dim] = zeros, then out[index[row]] += dY[row]. Arguments: dY, indices, out, rows, dim, size. */
export function scatterAddRows(job: usize, chunk: i32): void {
  const indices = pointerArg(job, 1);
  const numRows = intArg(job, 3);
  const dim = intArg(job, 4);
  const rowBytes = <usize>dim * 4;
  const start = <usize>(chunk * CHUNK_COLS) * 4;
  const end = <usize>min(dim, (chunk + 1) * CHUNK_COLS) * 4;
  for (let row = 0; row < intArg(job, 5); row++)
    memory.fill(pointerArg(job, 2) + <usize>row * rowBytes + start, 0, end - start);
  for (let row = 0; row < numRows; row++) {
    const from = pointerArg(job, 0) + <usize>row * rowBytes;
    const to = pointerArg(job, 2) + <usize>load<i32>(indices + <usize>row * 4) * rowBytes;
    for (let at = start; at < end; at += 16)
      v128.store(to + at, f32x4.add(v128.load(to + at), v128.load(from + at)));
  }
}
