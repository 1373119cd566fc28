import {
  BFLOAT16_PANELS,
  FLOAT32_PANELS,
  INT8_PANELS,
  INT8_QUAD_PANELS,
  PANEL_WIDTH,
  QUAD_GROUP,
} from './assembly/kernel-ids.ts';

/** How the panels of a matrix are held: assembly/panels.ts. */
export type PanelFormat =
  typeof FLOAT32_PANELS | typeof BFLOAT16_PANELS | typeof INT8_PANELS | typeof INT8_QUAD_PANELS;

const SCALE_BYTES = 4;

/** Bytes of eight outputs of a matrix [out, depth]; as `panelBytes` of assembly/panels.ts. */
export function panelBytes(format: PanelFormat, depth: number): number {
  switch (format) {
    case FLOAT32_PANELS:
      return depth * PANEL_WIDTH * 4;
    case BFLOAT16_PANELS:
      return depth * PANEL_WIDTH * 2;
    case INT8_PANELS:
      return PANEL_WIDTH * (SCALE_BYTES + Math.ceil(depth / 2) * 2);
    case INT8_QUAD_PANELS:
      return PANEL_WIDTH * (SCALE_BYTES + 4 * Math.ceil(depth / QUAD_GROUP) + Math.ceil(depth / 4) * 4);
  }
}
