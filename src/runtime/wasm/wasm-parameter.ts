import * as tf from '@tensorflow/tfjs-core';
import type { WeightFormat } from '../../config/settings.ts';
import { assertInvariant, EngineError } from '../../errors.ts';
import { fitsBfloat16 } from '../half-precision.ts';
import { PACK_BFLOAT16, PACK_WEIGHT, PANEL_WIDTH } from './assembly/kernel-ids.ts';
import type { KernelContext } from './kernels/define-kernel.ts';
import { MAX_HEAP_BYTES } from './wasm-heap.ts';
import type { Parameter } from '../ops.ts';

/** Rows of a matrix copied to the heap at a time on their way into panels. */
const STAGED_BYTES = 4 * 1024 ** 2;

/** How this runtime can hold matrices. */
export type WasmWeightFormat = Exclude<WeightFormat, 'f16'>;

/**
 * A trained tensor on the heap: a matrix in panels, float32 [out / 8, in, 8] or pairs of bfloat16 in int32
 * [out / 8, in, 4], a vector padded to a multiple of 8 by zeros.
 */
export class WasmParameter implements Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly tensor: tf.Tensor;

  /**
   * Halves a matrix in `bf16`, and in `auto` if bfloat16 holds each of its numbers: a product has the same bits then.
   * @throws EngineError `backend_unavailable` when the heap cannot hold it
   */
  constructor(
    context: KernelContext,
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
    const isHalf = format === 'bf16' || (format === 'auto' && fitsBfloat16(values));
    try {
      const info =
        depth === undefined ? padVector(context, values) : packMatrix(context, values, size, depth, isHalf);
      this.tensor = tf.engine().makeTensorFromTensorInfo(info);
    } catch (cause) {
      throw new EngineError(
        'backend_unavailable',
        `parameter ${name} [${shape.join(', ')}] does not fit: the wasm heap has ${context.heap.numBytes} bytes in ` +
          `use of ${MAX_HEAP_BYTES}`,
        { cause },
      );
    }
  }
}

/** The tensor behind a parameter of this runtime. */
export function parameterTensor(parameter: Parameter): tf.Tensor {
  assertInvariant(parameter instanceof WasmParameter, `parameter ${parameter.name} belongs to this runtime`);
  return parameter.tensor;
}

/** Whether the panels of a matrix are of bfloat16. */
export function hasBfloat16Panels({ dtype }: Pick<tf.TensorInfo, 'dtype'>): boolean {
  return dtype === 'int32';
}

function padVector({ heap }: KernelContext, values: Float32Array): tf.TensorInfo {
  const size = Math.ceil(values.length / PANEL_WIDTH) * PANEL_WIDTH;
  const info = heap.makeTensor([size]); // [size up to a multiple of 8]
  const padded = heap.float32(heap.tensorAddress(info), size);
  padded.set(values);
  padded.fill(0, values.length);
  return info;
}

/** By way of a few rows at a time on the heap, so that it never holds a matrix twice. */
function packMatrix(
  { heap, run }: KernelContext,
  values: Float32Array,
  numRows: number,
  depth: number,
  isHalf: boolean,
): tf.TensorInfo {
  const numPanels = Math.ceil(numRows / PANEL_WIDTH);
  const info = isHalf
    ? heap.makeTensor([numPanels, depth, PANEL_WIDTH / 2], 'int32') // [out / 8, in, 4]
    : heap.makeTensor([numPanels, depth, PANEL_WIDTH]); // [out / 8, in, 8]
  const panelSize = depth * PANEL_WIDTH;
  const panelBytes = panelSize * (isHalf ? 2 : 4);
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
    const panels = heap.tensorAddress(info) + panel * panelBytes;
    const kernelId = isHalf ? PACK_BFLOAT16 : PACK_WEIGHT;
    run([{ kernelId, numChunks: count, args: [staged, panels, rows.length / depth, depth] }]);
  }
  heap.free(staged);
  return info;
}
