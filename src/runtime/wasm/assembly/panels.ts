/**
 * A weight W [out, in] in panels of eight outputs, one panel behind the other:
 *
 *     Float32     [in][8]                              numbers
 *     Bfloat16    [in][4]                              pairs of numbers (bfloat16.ts)
 *     Int8        8 scales as float32, [in / 2][8][2]  integers from -127 to 127; a weight is one times its scale
 *
 * A product reads a panel straight through. Outputs that do not exist are zeros, and so is the last k of an odd depth.
 */
import { Bfloat16, BFLOAT16_PANEL_STEP } from './bfloat16';
import { BFLOAT16_PANELS, FLOAT32_PANELS, PANEL_WIDTH } from './kernel-ids';
import { floats } from './pool';

/** Bytes that one step along the depth takes in a panel of float32. */
export const PANEL_STEP: usize = 32;
/** The same of int8: two numbers of the depth. */
export const INT8_PANEL_STEP: usize = 16;
/** Bytes of the scales in front of a panel of int8. */
export const PANEL_SCALES: usize = 32;

/** Steps of two that hold `depth` numbers. */
export function int8Steps(depth: i32): i32 {
  return (depth + 1) >> 1;
}

export function panelBytes(format: i32, depth: i32): usize {
  if (format == FLOAT32_PANELS) return (depth as usize) * PANEL_STEP;
  if (format == BFLOAT16_PANELS) return (depth as usize) * BFLOAT16_PANEL_STEP;
  return PANEL_SCALES + (int8Steps(depth) as usize) * INT8_PANEL_STEP;
}

/** Number k of output `col` of a panel. */
export function weightAt(format: i32, panel: usize, col: i32, k: i32): f32 {
  if (format == FLOAT32_PANELS) return f32.load(panel + (k as usize) * PANEL_STEP + floats(col));
  if (format == BFLOAT16_PANELS) return Bfloat16.load(panel + (k as usize) * BFLOAT16_PANEL_STEP + Bfloat16.offset(col));
  const step = panel + PANEL_SCALES + ((k >> 1) as usize) * INT8_PANEL_STEP;
  const weight = load<i8>(step + (((col << 1) + (k & 1)) as usize));
  return (weight as f32) * f32.load(panel + floats(col));
}

/** The panel of an output, and its column there is the output modulo 8. */
export function panelOf(panels: usize, format: i32, depth: i32, output: i32): usize {
  return panels + ((output / PANEL_WIDTH) as usize) * panelBytes(format, depth);
}
