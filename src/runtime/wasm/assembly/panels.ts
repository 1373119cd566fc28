/**
 * A weight W [out, in] in panels of eight outputs, one panel behind the other:
 *
 *     Float32     [in][8]                              numbers
 *     Bfloat16    [in][4]                              pairs of numbers (bfloat16.ts)
 *     Int8        8 scales as float32, [in / 2][8][2]  integers from -127 to 127; a weight is one times its scale
 *     Int8Quads   8 scales as float32, then for each group of 64 k, the last may be shorter:
 *                 8 sums of its integers as int32, [16][8][4]
 *
 * A product reads a panel straight through. Outputs that do not exist are zeros, and so is every k that fills a step.
 * A sum of a group is cut to its lower 16 bits, the upper ones are zeros: so dot_i16x8_s multiplies it.
 */
import { Bfloat16, BFLOAT16_PANEL_STEP } from './bfloat16';
import { BFLOAT16_PANELS, FLOAT32_PANELS, INT8_PANELS, PANEL_WIDTH, QUAD_GROUP } from './kernel-ids';
import { floats } from './pool';

/** Bytes that one step along the depth takes in a panel of float32. */
export const PANEL_STEP: usize = 32;
/** The same of int8: two numbers of the depth. */
export const INT8_PANEL_STEP: usize = 16;
/** The same of quads: four numbers. */
export const QUAD_PANEL_STEP: usize = 32;
/** Bytes of the sums in front of a group of quads. */
export const GROUP_SUMS: usize = 32;
/** Bytes of the scales in front of a panel of int8. */
export const PANEL_SCALES: usize = 32;

/** Steps of two that hold `depth` numbers. */
export function int8Steps(depth: i32): i32 {
  return (depth + 1) >> 1;
}

/** Steps of four. */
export function quadSteps(depth: i32): i32 {
  return (depth + 3) >> 2;
}

export function panelBytes(format: i32, depth: i32): usize {
  if (format == FLOAT32_PANELS) return (depth as usize) * PANEL_STEP;
  if (format == BFLOAT16_PANELS) return (depth as usize) * BFLOAT16_PANEL_STEP;
  if (format == INT8_PANELS) return PANEL_SCALES + (int8Steps(depth) as usize) * INT8_PANEL_STEP;
  const numGroups = ((depth + QUAD_GROUP - 1) / QUAD_GROUP) as usize;
  return PANEL_SCALES + numGroups * GROUP_SUMS + (quadSteps(depth) as usize) * QUAD_PANEL_STEP;
}

/** Where in a panel of int8 the integer of number k of output `col` lies. */
export function int8Offset(format: i32, col: i32, k: i32): usize {
  if (format == INT8_PANELS) return PANEL_SCALES + (((k >> 1) << 4) as usize) + (((col << 1) + (k & 1)) as usize);
  const step = PANEL_SCALES + ((k / QUAD_GROUP + 1) as usize) * GROUP_SUMS + (((k >> 2) << 5) as usize);
  return step + (((col << 2) + (k & 3)) as usize);
}

/** Number k of output `col` of a panel. */
export function weightAt(format: i32, panel: usize, col: i32, k: i32): f32 {
  if (format == FLOAT32_PANELS) return f32.load(panel + (k as usize) * PANEL_STEP + floats(col));
  if (format == BFLOAT16_PANELS) return Bfloat16.load(panel + (k as usize) * BFLOAT16_PANEL_STEP + Bfloat16.offset(col));
  return (load<i8>(panel + int8Offset(format, col, k)) as f32) * f32.load(panel + floats(col));
}

/** The panel of an output, and its column there is the output modulo 8. */
export function panelOf(panels: usize, format: i32, depth: i32, output: i32): usize {
  return panels + ((output / PANEL_WIDTH) as usize) * panelBytes(format, depth);
}
