/**
 * Dense layers with int8 weights by relaxed SIMD: sixteen products an instruction, which V8 makes one of AVX-VNNI where
 * the processor has it. Rows have 7 bits, since an engine may read an eighth as a sign or not.
 */
import { INT8_QUAD_PANELS } from './kernel-ids';
import { firstPanel, multiply, Tiles } from './linear';
import { panelBytes, quadSteps } from './panels';
import { groupedTileBytes } from './quantise-groups';
import { row1x24Int8Quads, row1x8Int8Quads, tile4x8Int8Quads } from './tiles.generated';

class Int8QuadTiles extends Tiles {
  panelBytes(depth: i32): usize {
    return panelBytes(INT8_QUAD_PANELS, depth);
  }
  tileBytes(depth: i32): usize {
    return groupedTileBytes(4, depth);
  }
  row(x: usize, w: usize, depth: i32, bias: usize, to: usize, cols: i32): void {
    row1x8Int8Quads(x, w, quadSteps(depth), bias, to, cols);
  }
  wideRow(x: usize, w: usize, depth: i32, bias: usize, to: usize, cols: i32): void {
    row1x24Int8Quads(x, w, this.panelBytes(depth), quadSteps(depth), bias, to, cols);
  }
  tile(x: usize, w: usize, depth: i32, bias: usize, to: usize, stride: i32, rows: i32, cols: i32): void {
    tile4x8Int8Quads(x, w, quadSteps(depth), bias, to, stride, rows, cols);
  }
}

/** Arguments: those of `linear`, with panels of quads and rows that QUANTISE_GROUPS has made. */
export function linearInt8Quads(job: usize, chunk: i32): void {
  multiply<Int8QuadTiles>(job, chunk, firstPanel<Int8QuadTiles>(job, chunk));
}
