/** How kernels/panel.h holds numbers: its `Format`, and the bits of a number with its share of scales. */
export const PANEL_FORMATS = {
  f32: { format: 0, bits: 32 },
  bf16: { format: 1, bits: 16 },
  f16: { format: 2, bits: 16 },
  q8: { format: 3, bits: 8.5 },
  q4: { format: 4, bits: 4.5 },
  q4Min: { format: 5, bits: 5 },
  q5: { format: 6, bits: 5.5 },
  q5Min: { format: 7, bits: 6 },
  q4K: { format: 8, bits: 4.625 },
  q5K: { format: 9, bits: 5.625 },
  q6K: { format: 10, bits: 6.5625 },
} as const;
export type PanelFormat = keyof typeof PANEL_FORMATS;

/** Formats of GGUF files whose rows panels hold without loss: `StoredFormat` of kernels/pack.h, and the panels. */
export const STORED_FORMATS: ReadonlyMap<string, { stored: number; panels: PanelFormat }> = new Map([
  ['F16', { stored: 1, panels: 'f16' }],
  ['Q4_0', { stored: 2, panels: 'q4' }],
  ['Q4_1', { stored: 3, panels: 'q4Min' }],
  ['Q5_0', { stored: 6, panels: 'q5' }],
  ['Q5_1', { stored: 7, panels: 'q5Min' }],
  ['Q8_0', { stored: 8, panels: 'q8' }],
  ['Q4_K', { stored: 12, panels: 'q4K' }],
  ['Q5_K', { stored: 13, panels: 'q5K' }],
  ['Q6_K', { stored: 14, panels: 'q6K' }],
  ['BF16', { stored: 30, panels: 'bf16' }],
]);

/** Bytes of one weight under `WEIGHTS=auto`; `isGguf`: the file's rows can be had as they are. */
export function autoBytesPerWeight(storedFormat: string, isGguf: boolean): number {
  const panels = isGguf ? STORED_FORMATS.get(storedFormat)?.panels : undefined;
  return PANEL_FORMATS[panels ?? 'q8'].bits / 8;
}
