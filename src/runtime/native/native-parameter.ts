import { assertInvariant, EngineError } from '../../errors.ts';
import type { Parameter } from '../ops.ts';
import type { WeightFormatOf } from '../traits.ts';
import type { Handle, NativeAddon } from './native-addon.ts';

/** As `Format` of kernels/panel.h. */
export const PANEL_FORMATS = { f32: 0, bf16: 1, q8: 2, q4: 3, q4Min: 4 } as const;
export type PanelFormat = keyof typeof PANEL_FORMATS;

/** Formats of files whose rows panels hold without loss: their numbers in kernels/pack.h, and the panels. */
const STORED: Readonly<Record<string, { stored: number; panels: PanelFormat; blockBytes: number }>> = {
  Q4_0: { stored: 2, panels: 'q4', blockBytes: 18 },
  Q4_1: { stored: 3, panels: 'q4Min', blockBytes: 20 },
  Q8_0: { stored: 8, panels: 'q8', blockBytes: 34 },
};
export const STORED_FORMATS: ReadonlySet<string> = new Set(Object.keys(STORED));
/** Numbers of a block of these formats. */
const BLOCK_NUMBERS = 32;

/** A trained tensor in the addon's memory: a matrix in panels, a vector in float32. */
export class NativeParameter implements Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly handle: Handle;

  private constructor(name: string, shape: readonly number[], handle: Handle) {
    this.name = name;
    this.shape = shape;
    this.handle = handle;
  }

  /**
   * From float32: a vector, or a matrix [out, in] in the format that `weights` asks for.
   * @throws EngineError `backend_unavailable` when the memory cannot be had
   */
  static fromValues(
    addon: NativeAddon,
    name: string,
    shape: readonly number[],
    values: Float32Array,
    weights: WeightFormatOf<'native'>,
  ): NativeParameter {
    const [size = 0, depth] = shape;
    assertInvariant(shape.length === 1 || shape.length === 2, `parameter ${name} is a vector or a matrix`);
    return NativeParameter.#make(addon, name, shape, () => {
      if (depth === undefined) {
        const vector = addon.addVector(size);
        addon.writeVector(vector, values);
        return vector;
      }
      const matrix = addon.addMatrix(size, depth, PANEL_FORMATS[formatOf(weights)]);
      addon.packFloats(matrix, 0, values);
      return matrix;
    });
  }

  /**
   * From rows as a file has them, in one of `STORED_FORMATS`.
   * @throws EngineError `backend_unavailable` when the memory cannot be had
   */
  static fromStored(
    addon: NativeAddon,
    name: string,
    shape: readonly [numOut: number, depth: number],
    format: string,
    parts: readonly Uint8Array[],
  ): NativeParameter {
    const known = STORED[format];
    const [numOut, depth] = shape;
    assertInvariant(known && depth % BLOCK_NUMBERS === 0, `rows of ${format} are whole blocks`);
    const rowBytes = (depth / BLOCK_NUMBERS) * known.blockBytes;
    return NativeParameter.#make(addon, name, shape, () => {
      const matrix = addon.addMatrix(numOut, depth, PANEL_FORMATS[known.panels]);
      let row = 0;
      for (const part of parts) {
        addon.packRows(matrix, row, known.stored, part);
        row += part.length / rowBytes;
      }
      return matrix;
    });
  }

  static #make(
    addon: NativeAddon,
    name: string,
    shape: readonly number[],
    make: () => Handle,
  ): NativeParameter {
    try {
      return new NativeParameter(name, shape, make());
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `parameter ${name} [${shape.join(', ')}] does not fit: ${reason}; ${addon.numBytes()} bytes are in use`;
      throw new EngineError('backend_unavailable', message, { cause });
    }
  }
}

function formatOf(weights: WeightFormatOf<'native'>): PanelFormat {
  // What a file has in floats is rounded by default: half of bfloat16's memory, and the speed of integers.
  if (weights === 'int8' || weights === 'auto') return 'q8';
  return weights === 'bf16' ? 'bf16' : 'f32';
}

/** A parameter as this runtime makes them. */
export function nativeParameter(parameter: Parameter): NativeParameter {
  assertInvariant(parameter instanceof NativeParameter, `parameter ${parameter.name} belongs to this runtime`);
  return parameter;
}
