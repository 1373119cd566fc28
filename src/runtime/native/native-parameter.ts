import { assertInvariant, EngineError } from '../../errors.ts';
import { fitsBfloat16 } from '../half-precision.ts';
import type { Parameter } from '../ops.ts';
import type { WeightFormatOf } from '../traits.ts';
import type { Handle, NativeAddon } from './native-addon.ts';

/** As `Format` of kernels/panel.h. */
export const PANEL_FORMATS = { f32: 0, bf16: 1, q8: 2, q4: 3, q4Min: 4 } as const;
export type PanelFormat = keyof typeof PANEL_FORMATS;

/** A trained tensor in the addon's memory: a matrix in panels, a vector in float32. */
export class NativeParameter implements Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly handle: Handle;

  /** @throws EngineError `backend_unavailable` when the memory cannot be had */
  constructor(
    addon: NativeAddon,
    name: string,
    shape: readonly number[],
    values: Float32Array,
    weights: WeightFormatOf<'native'>,
  ) {
    const [size = 0, depth] = shape;
    assertInvariant(shape.length === 1 || shape.length === 2, `parameter ${name} is a vector or a matrix`);
    this.name = name;
    this.shape = shape;
    try {
      if (depth === undefined) {
        this.handle = addon.addVector(size);
        addon.writeVector(this.handle, values);
      } else {
        this.handle = addon.addMatrix(size, depth, PANEL_FORMATS[formatOf(values, weights)]);
        addon.packFloats(this.handle, 0, values);
      }
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new EngineError(
        'backend_unavailable',
        `parameter ${name} [${shape.join(', ')}] does not fit: ${reason}`,
        { cause },
      );
    }
  }
}

function formatOf(values: Float32Array, weights: WeightFormatOf<'native'>): PanelFormat {
  if (weights === 'int8') return 'q8';
  return weights === 'bf16' || (weights === 'auto' && fitsBfloat16(values)) ? 'bf16' : 'f32';
}

/** A parameter as this runtime makes them. */
export function nativeParameter(parameter: Parameter): NativeParameter {
  assertInvariant(parameter instanceof NativeParameter, `parameter ${parameter.name} belongs to this runtime`);
  return parameter;
}
