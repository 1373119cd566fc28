import { assertInvariant } from '../../errors.ts';
import { BFLOAT16_PANELS, FLOAT32_PANELS, INT8_PANELS, PANEL_WIDTH } from './assembly/kernel-ids.ts';

/** How the panels of a matrix are held: assembly/panels.ts. */
export type PanelFormat = typeof FLOAT32_PANELS | typeof BFLOAT16_PANELS | typeof INT8_PANELS;

/** Bytes of eight outputs of a matrix [out, depth]; as `panelBytes` of assembly/panels.ts. */
export function panelBytes(format: PanelFormat, depth: number): number {
  switch (format) {
    case FLOAT32_PANELS:
      return depth * PANEL_WIDTH * 4;
    case BFLOAT16_PANELS:
      return depth * PANEL_WIDTH * 2;
    case INT8_PANELS:
      return PANEL_WIDTH * 4 + Math.ceil(depth / 2) * 2 * PANEL_WIDTH;
  }
}

/** A format as a tfjs kernel gets it, among its attributes. */
export function panelFormat(format: number): PanelFormat {
  assertInvariant(
    format === FLOAT32_PANELS || format === BFLOAT16_PANELS || format === INT8_PANELS,
    `${format} is a format of panels`,
  );
  return format;
}
