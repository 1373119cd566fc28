import { ROW_CHUNK } from './kernel-ids';
import { floatArg, intArg, pointerArg, floats } from './pool';

/**
 * Token embedding plus position embedding, both read out of panels (pack.ts), so that a token embedding which is the
 * output head too is in memory once; without positions, the token embedding times a scale.
 * Arguments: tokens (panels), positions (panels; 0: none), token ids, positions of the rows, out [numRows, dim],
 * numRows, dim, scale.
 */
export function embed(job: usize, chunk: i32): void {
  const dim = intArg(job, 6);
  const end = min(intArg(job, 5), (chunk + 1) * ROW_CHUNK);
  for (let row = chunk * ROW_CHUNK; row < end; row++) {
    const index = floats(row);
    const token = rowInPanels(pointerArg(job, 0), load<i32>(pointerArg(job, 2) + index), dim);
    const out = pointerArg(job, 4) + floats(row * dim);
    if (pointerArg(job, 1)) {
      const position = rowInPanels(pointerArg(job, 1), load<i32>(pointerArg(job, 3) + index), dim);
      embedWithPosition(token, position, out, dim);
    } else {
      embedScaled(token, floatArg(job, 7), out, dim);
    }
  }
}

function embedWithPosition(token: usize, position: usize, out: usize, dim: i32): void {
  for (const end = out + floats(dim); out < end; token += 32, position += 32, out += 4) {
    f32.store(out, f32.load(token) + f32.load(position));
  }
}

function embedScaled(token: usize, scale: f32, out: usize, dim: i32): void {
  for (const end = out + floats(dim); out < end; token += 32, out += 4) f32.store(out, f32.load(token) * scale);
}

function rowInPanels(panels: usize, row: i32, dim: i32): usize {
  return panels + floats((row & ~7) * dim + (row & 7));
}

/** Copies rows. Arguments: x [any, dim], indices of the rows, out [numRows, dim], numRows, dim. */
export function selectRows(job: usize, chunk: i32): void {
  const rowBytes = floats(intArg(job, 4));
  const end = min(intArg(job, 3), (chunk + 1) * ROW_CHUNK);
  for (let row = chunk * ROW_CHUNK; row < end; row++) {
    const from = load<i32>(pointerArg(job, 1) + floats(row));
    memory.copy(pointerArg(job, 2) + (row as usize) * rowBytes, pointerArg(job, 0) + (from as usize) * rowBytes, rowBytes);
  }
}
