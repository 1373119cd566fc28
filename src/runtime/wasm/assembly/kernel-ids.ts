/**
 * The numbers and sizes that both sides of a job must agree on: this file is read by the AssemblyScript compiler and
 * by TypeScript alike.
 */
export const FILL = 0;
export const PACK_WEIGHT = 1;
export const PACK_ROWS = 2;
export const LINEAR = 3;
export const STORE_KEYS_VALUES = 4;
export const ATTENTION = 5;
export const LAYER_NORM = 6;
export const GELU = 7;
export const ADD = 8;
export const EMBED = 9;
export const SELECT_ROWS = 10;
export const RMS_NORM = 11;
export const NORM_HEADS = 12;
export const ROTATE = 13;
export const GATE = 14;
export const PACK_BFLOAT16 = 15;
export const LINEAR_BFLOAT16 = 16;
export const PACK_INT8 = 17;
export const QUANTISE_ROWS = 18;
export const LINEAR_INT8 = 19;
export const QUANTISE_GROUPS = 20;
export const LINEAR_INT8_QUADS = 21;
export const STORE_KEYS_VALUES_INT8 = 22;
export const ATTENTION_INT8 = 23;
export const TOP_LOGITS_PARTS = 24;
export const TOP_LOGITS_MERGE = 25;

/** Rows of a weight that lie side by side in a panel; also the tokens in a panel of keys. */
export const PANEL_WIDTH = 8;
/** Elements of a chunk of GELU or ADD. */
export const POINTWISE_CHUNK = 8192;
/** Rows of a chunk of the norms, ROTATE, EMBED and SELECT_ROWS. */
export const ROW_CHUNK = 8;
/** Most query rows of an attention tile; four of them share every load of keys and values. */
export const TILE_ROWS = 4;
/** Bytes of an attention tile: row, number of rows, lane, position of the first row, as i32. */
export const TILE_BYTES = 16;
/** Tokens whose weights share a scale in attention over int8: a multiple of PANEL_WIDTH. */
export const WEIGHT_BLOCK = 64;
/** Bytes in front of the tiles of a step, which begin with their number as i32. */
export const TILES_HEADER_BYTES = 16;
/** Logits of a row that TOP_LOGITS_PARTS takes at a time: as many stretches as the next number says. */
export const TOP_PART = 4096;
export const TOP_STRETCHES = 64;
/** Logits of which only the largest is kept at first (top-logits.ts). */
export const TOP_STRETCH = 64;
/** Bytes of the line that says whether a slot is taken (slots.ts): of the cache, so that threads do not share one. */
export const SLOT_LINE_BYTES = 64;

/** How the panels of a weight are held: panels.ts. */
export const FLOAT32_PANELS = 0;
export const BFLOAT16_PANELS = 1;
export const INT8_PANELS = 2;
export const INT8_QUAD_PANELS = 3;
/** Numbers of a row that share a scale in products of quads: a multiple of 4. */
export const QUAD_GROUP = 64;
