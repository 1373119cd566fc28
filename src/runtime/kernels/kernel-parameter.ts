import type * as tf from '@tensorflow/tfjs-core';
import { assertInvariant, EngineError } from '../../errors.ts';
import type { Parameter } from '../ops.ts';
import type { StoredRows } from '../runtime.ts';
import type { WeightFormatOf } from '../traits.ts';
import type { Handle, KernelAddon } from './kernel-addon.ts';
import type { KernelBackend } from './kernel-backend.ts';
import { messageOf } from '../../values.ts';

/**
 * How cpp/panel.h holds numbers: its `Format`, and the bits of a number with its share of scales, which are float16 but in
 * WebAssembly.
 */
const PANEL_FORMATS = {
  f32: { format: 0, bits: 32, wasmBits: 32 },
  bf16: { format: 1, bits: 16, wasmBits: 16 },
  f16: { format: 2, bits: 16, wasmBits: 16 },
  q8: { format: 3, bits: 8.5, wasmBits: 9 },
  q4: { format: 4, bits: 4.5, wasmBits: 5 },
  q4Min: { format: 5, bits: 5, wasmBits: 6 },
  q5: { format: 6, bits: 5.5, wasmBits: 6 },
  q5Min: { format: 7, bits: 6, wasmBits: 7 },
  q4K: { format: 8, bits: 4.625, wasmBits: 4.75 },
  q5K: { format: 9, bits: 5.625, wasmBits: 5.75 },
  q6K: { format: 10, bits: 6.5625, wasmBits: 6.625 },
} as const;
type PanelFormat = keyof typeof PANEL_FORMATS;

/** Formats of GGUF files whose rows panels hold without loss: `StoredFormat` of cpp/pack.h, and the panels. */
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
export function autoBytesPerWeight(
  runtime: 'native' | 'wasm',
  storedFormat: string,
  isGguf: boolean,
): number {
  const panels = isGguf ? STORED_FORMATS.get(storedFormat)?.panels : undefined;
  return PANEL_FORMATS[panels ?? 'q8'][runtime === 'wasm' ? 'wasmBits' : 'bits'] / 8;
}

/** What parameters are made with. */
export interface KernelMemory {
  readonly addon: KernelAddon;
  readonly backend: KernelBackend;
  /**
   * Where rows of files are read to, some at a time: it stays in a processor's cache until they are packed, and the next
   * ones take its place. One model is loaded at a time.
   */
  readonly chunk: Uint8Array;
}

/** A trained tensor in the addon's memory: a matrix in panels, a vector in float32. */
export class KernelParameter implements Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly handle: Handle;
  readonly tensor: tf.Tensor;

  private constructor(name: string, shape: readonly number[], handle: Handle, tensor: tf.Tensor) {
    this.name = name;
    this.shape = shape;
    this.handle = handle;
    this.tensor = tensor;
  }

  /**
   * From float32: a vector, or a matrix [out, in] in the format that `weights` asks for.
   * @throws EngineError `backend_unavailable` when the memory cannot be had
   */
  static fromValues(
    memory: KernelMemory,
    name: string,
    shape: readonly number[],
    values: Float32Array,
    weights: WeightFormatOf<'native'>,
  ): KernelParameter {
    const { addon } = memory;
    const [size = 0, depth] = shape;
    assertInvariant(shape.length === 1 || shape.length === 2, `parameter ${name} is a vector or a matrix`);
    return KernelParameter.#make(memory, name, shape, () => {
      if (depth === undefined) {
        const vector = addon.addVector(size); // [size]
        addon.writeVector(vector, values);
        return vector;
      }
      const { format } = PANEL_FORMATS[formatOf(weights)];
      const matrix = addon.addMatrix(depth, Int32Array.of(size, format)); // [size, depth] in panels
      addon.packFloats(matrix, 0, values);
      return matrix;
    });
  }

  /**
   * From rows as a file has them, each part in one of `STORED_FORMATS`, one below the other.
   * @throws EngineError `backend_unavailable` when the memory cannot be had
   */
  static async fromStored(
    memory: KernelMemory,
    name: string,
    shape: readonly [numOut: number, depth: number],
    parts: readonly StoredRows[],
  ): Promise<KernelParameter> {
    const { addon } = memory;
    const known = parts.map((part) => {
      const format = STORED_FORMATS.get(part.format);
      assertInvariant(format, `rows of ${part.format} can be held`);
      return { ...part, ...format };
    });
    const parameter = KernelParameter.#make(memory, name, shape, () => {
      const segments = known.flatMap(({ numRows, panels }) => [numRows, PANEL_FORMATS[panels].format]);
      return addon.addMatrix(shape[1], Int32Array.from(segments)); // [out, in] in panels
    });
    try {
      let row = 0;
      for (const part of known) {
        await packPart(memory, parameter.handle, row, part);
        row += part.numRows;
      }
    } catch (error) {
      parameter.tensor.dispose();
      throw error;
    }
    return parameter;
  }

  static #make(
    { addon, backend }: KernelMemory,
    name: string,
    shape: readonly number[],
    make: () => Handle,
  ): KernelParameter {
    try {
      const handle = make();
      const isMatrix = shape.length === 2;
      const size = addon.numBytesOf(handle) / 4;
      const tensor = backend.adopt(handle, [size], isMatrix ? 'int32' : 'float32'); // [words], or [size]
      return new KernelParameter(name, shape, handle, tensor);
    } catch (cause) {
      const message = `parameter ${name} [${shape.join(', ')}] does not fit: ${messageOf(cause)}; ${addon.numBytes()} bytes are in use`;
      throw new EngineError('backend_unavailable', message, { cause });
    }
  }
}

/** Puts rows as a file has them into a matrix, from `firstRow` on, some at a time. */
async function packPart(
  { addon, chunk }: KernelMemory,
  matrix: Handle,
  firstRow: number,
  { stored, numRows, numBytes, read }: StoredRows & { stored: number },
): Promise<void> {
  const rowBytes = numBytes / numRows;
  const rowsAtOnce = Math.max(1, Math.floor(chunk.length / rowBytes));
  for (let row = 0; row < numRows; row += rowsAtOnce) {
    const size = Math.min(rowsAtOnce, numRows - row) * rowBytes;
    const bytes = size <= chunk.length ? chunk.subarray(0, size) : new Uint8Array(size);
    await read(bytes, row * rowBytes);
    addon.packRows(matrix, firstRow + row, stored, bytes);
  }
}

function formatOf(weights: WeightFormatOf<'native'>): PanelFormat {
  // What a file has in floats is rounded by default: half of bfloat16's memory, and the speed of integers.
  if (weights === 'int8' || weights === 'auto') return 'q8';
  return weights;
}

/** A parameter as this runtime makes them. */
export function kernelParameter(parameter: Parameter): KernelParameter {
  assertInvariant(
    parameter instanceof KernelParameter,
    `parameter ${parameter.name} belongs to this runtime`,
  );
  return parameter;
}
