import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant, EngineError } from '../../errors.ts';
import { fitsBfloat16 } from '../half-precision.ts';
import type { Parameter } from '../ops.ts';
import { WASM_HEAP_BYTES, type WeightFormatOf } from '../traits.ts';
import {
  BFLOAT16_PANELS,
  FLOAT32_PANELS,
  INT8_PANELS,
  INT8_QUAD_PANELS,
  PACK_BFLOAT16,
  PACK_INT8,
  PACK_WEIGHT,
  PANEL_WIDTH,
  QUAD_GROUP,
} from './assembly/kernel-ids.ts';
import type { KernelPool } from './kernel-pool.ts';

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

/** Rows of a matrix copied to the heap at a time on their way into panels. */
const STAGED_BYTES = 4 * 1024 ** 2;

/** How this runtime can hold matrices; in quads, int8 is for the kernels of relaxed SIMD. */
export type WasmWeightFormat = WeightFormatOf<'wasm'> | 'int8-quads';

const PACK_KERNELS: Record<PanelFormat, number> = {
  [FLOAT32_PANELS]: PACK_WEIGHT,
  [BFLOAT16_PANELS]: PACK_BFLOAT16,
  [INT8_PANELS]: PACK_INT8,
  [INT8_QUAD_PANELS]: PACK_INT8,
};

/** A trained tensor on the heap: a matrix in panels, a vector in float32, padded to a multiple of 8 by zeros. */
export class WasmParameter implements Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** Of a matrix; a vector counts as float32. */
  readonly format: PanelFormat;
  readonly tensor: tf.Tensor;

  /**
   * Holds a matrix in `format`; in `auto` halves it if bfloat16 has each of its numbers: a product has the same bits then.
   * (What `WEIGHTS=auto` is on this runtime, start-runtime.ts says.)
   * @param pool its kernels pack a matrix, and its heap holds it
   * @throws EngineError `backend_unavailable` when the heap cannot hold it
   */
  constructor(
    pool: KernelPool,
    name: string,
    shape: readonly number[],
    values: Float32Array,
    format: WasmWeightFormat,
  ) {
    const [size = 0, depth] = shape;
    const numValues = size * (depth ?? 1);
    assertInvariant(shape.length === 1 || shape.length === 2, `parameter ${name} is a vector or a matrix`);
    assertInvariant(
      values.length === numValues,
      `parameter ${name} [${shape.join(', ')}] has ${numValues} values`,
    );
    this.name = name;
    this.shape = shape;
    this.format = depth === undefined ? FLOAT32_PANELS : formatOf(values, format);
    try {
      const info =
        depth === undefined ? padVector(pool, values) : packMatrix(pool, values, size, depth, this.format);
      this.tensor = tf.engine().makeTensorFromTensorInfo(info);
    } catch (cause) {
      throw new EngineError(
        'backend_unavailable',
        `parameter ${name} [${shape.join(', ')}] does not fit: the wasm heap has ${pool.heap.numBytes} bytes in ` +
          `use of ${WASM_HEAP_BYTES}`,
        { cause },
      );
    }
  }
}

/** A parameter as this runtime makes them. */
export function wasmParameter(parameter: Parameter): WasmParameter {
  assertInvariant(parameter instanceof WasmParameter, `parameter ${parameter.name} belongs to this runtime`);
  return parameter;
}

function formatOf(values: Float32Array, format: WasmWeightFormat): PanelFormat {
  if (format === 'int8') return INT8_PANELS;
  if (format === 'int8-quads') return INT8_QUAD_PANELS;
  return format === 'bf16' || (format === 'auto' && fitsBfloat16(values)) ? BFLOAT16_PANELS : FLOAT32_PANELS;
}

function padVector({ heap }: KernelPool, values: Float32Array): tf.TensorInfo {
  const size = Math.ceil(values.length / PANEL_WIDTH) * PANEL_WIDTH;
  const info = heap.makeTensor([size]); // [size up to a multiple of 8]
  const padded = heap.float32(heap.tensorAddress(info), size);
  padded.set(values);
  padded.fill(0, values.length);
  return info;
}

/** By way of a few rows at a time on the heap, so that it never holds a matrix twice. */
function packMatrix(
  pool: KernelPool,
  values: Float32Array,
  numRows: number,
  depth: number,
  format: PanelFormat,
): tf.TensorInfo {
  const { heap } = pool;
  const numPanels = Math.ceil(numRows / PANEL_WIDTH);
  const bytes = panelBytes(format, depth);
  // int32 stands for bytes of whatever kind.
  const info = heap.makeTensor([numPanels, bytes / 4], format === FLOAT32_PANELS ? 'float32' : 'int32');
  const panelSize = depth * PANEL_WIDTH;
  const panelsAtOnce = Math.min(numPanels, Math.max(1, Math.floor(STAGED_BYTES / (panelSize * 4))));
  let staged: number;
  try {
    staged = heap.malloc(panelsAtOnce * panelSize * 4);
  } catch (error) {
    tf.engine().makeTensorFromTensorInfo(info).dispose();
    throw error;
  }
  for (let panel = 0; panel < numPanels; panel += panelsAtOnce) {
    const count = Math.min(panelsAtOnce, numPanels - panel);
    const rows = values.subarray(panel * panelSize, (panel + count) * panelSize);
    heap.float32(staged, rows.length).set(rows);
    const panels = heap.tensorAddress(info) + panel * bytes;
    pool.run(PACK_KERNELS[format], count, [staged, panels, rows.length / depth, depth, format]);
  }
  heap.free(staged);
  return info;
}
