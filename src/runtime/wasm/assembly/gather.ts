import { Bfloat16, BFLOAT16_PANEL_STEP } from './bfloat16';
import { ROW_CHUNK } from './kernel-ids';
import { PANEL_STEP } from './linear-tiles';
import { floatArg, intArg, pointerArg, floats } from './pool';

/**
 * Token embedding plus position embedding, both read out of panels (pack.ts), so that a token embedding which is the
 * output head too is in memory once; without positions, the token embedding times a scale.
 * Arguments: tokens (panels), positions (panels; 0: none), token ids, positions of the rows, out [numRows, dim],
 * numRows, dim, scale, 1 if the tokens are bfloat16, 1 if the positions are.
 */
export function embed(job: usize, chunk: i32): void {
  const dim = intArg(job, 6);
  const areHalfTokens = intArg(job, 8) != 0;
  const areHalfPositions = intArg(job, 9) != 0;
  const end = min(intArg(job, 5), (chunk + 1) * ROW_CHUNK);
  for (let row = chunk * ROW_CHUNK; row < end; row++) {
    const index = floats(row);
    const token = rowInPanels(pointerArg(job, 0), load<i32>(pointerArg(job, 2) + index), dim, areHalfTokens);
    const out = pointerArg(job, 4) + floats(row * dim);
    if (pointerArg(job, 1)) {
      const position = rowInPanels(pointerArg(job, 1), load<i32>(pointerArg(job, 3) + index), dim, areHalfPositions);
      embedWithPosition(token, areHalfTokens, position, areHalfPositions, out, dim);
    } else {
      embedScaled(token, areHalfTokens, floatArg(job, 7), out, dim);
    }
  }
}

function embedWithPosition(token: usize, isHalf: bool, position: usize, isHalfPosition: bool, out: usize, dim: i32): void {
  const tokenStep = stepBytes(isHalf);
  const positionStep = stepBytes(isHalfPosition);
  for (const end = out + floats(dim); out < end; token += tokenStep, position += positionStep, out += 4) {
    f32.store(out, weightAt(token, isHalf) + weightAt(position, isHalfPosition));
  }
}

function embedScaled(token: usize, isHalf: bool, scale: f32, out: usize, dim: i32): void {
  const tokenStep = stepBytes(isHalf);
  for (const end = out + floats(dim); out < end; token += tokenStep, out += 4) {
    f32.store(out, weightAt(token, isHalf) * scale);
  }
}

function stepBytes(isHalf: bool): usize {
  return isHalf ? BFLOAT16_PANEL_STEP : PANEL_STEP;
}

function weightAt(address: usize, isHalf: bool): f32 {
  return isHalf ? Bfloat16.load(address) : f32.load(address);
}

/** Where the first number of a row is; the next ones are a step apart each. */
function rowInPanels(panels: usize, row: i32, dim: i32, isHalf: bool): usize {
  const panel = panels + ((row >> 3) as usize) * (dim as usize) * stepBytes(isHalf);
  return panel + (isHalf ? Bfloat16.offset(row & 7) : floats(row & 7));
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
