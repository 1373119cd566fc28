import { ROW_CHUNK } from './kernel-ids';
import { panelOf, weightAt } from './panels';
import { floatArg, intArg, pointerArg, floats } from './pool';

/**
 * Token embedding plus position embedding, both read out of panels (panels.ts), so that a token embedding which is the
 * output head too is in memory once; without positions, the token embedding times a scale.
 * Arguments: tokens (panels), positions (panels; 0: none), token ids, positions of the rows, out [numRows, dim],
 * numRows, dim, scale, format of the tokens, format of the positions.
 */
export function embed(job: usize, chunk: i32): void {
  const dim = intArg(job, 6);
  const positions = pointerArg(job, 1);
  const end = min(intArg(job, 5), (chunk + 1) * ROW_CHUNK);
  for (let row = chunk * ROW_CHUNK; row < end; row++) {
    const index = floats(row);
    const out = pointerArg(job, 4) + floats(row * dim);
    const tokenId = load<i32>(pointerArg(job, 2) + index);
    writeRow(pointerArg(job, 0), intArg(job, 8), tokenId, dim, positions ? 1 : floatArg(job, 7), out);
    if (positions) addRow(positions, intArg(job, 9), load<i32>(pointerArg(job, 3) + index), dim, out);
  }
}

function writeRow(panels: usize, format: i32, row: i32, dim: i32, scale: f32, out: usize): void {
  const panel = panelOf(panels, format, dim, row);
  for (let k = 0; k < dim; k++, out += 4) f32.store(out, weightAt(format, panel, row & 7, k) * scale);
}

function addRow(panels: usize, format: i32, row: i32, dim: i32, out: usize): void {
  const panel = panelOf(panels, format, dim, row);
  for (let k = 0; k < dim; k++, out += 4) f32.store(out, f32.load(out) + weightAt(format, panel, row & 7, k));
}
