import type * as tf from '@tensorflow/tfjs-core';
import { assertInvariant, EngineError } from '../../errors.ts';
import { encodeBfloat16, encodeFloat16, fitsFloat16 } from '../half-precision.ts';
import type { Parameter } from '../ops.ts';
import type { WeightFormatOf } from '../traits.ts';
import type { GpuDevice } from './gpu-device.ts';
import { quadsOf } from './kernels/kernel.ts';
import { QUAD_BYTES, type WeightEncoding } from './kernels/weight-encoding.ts';
import type { ParameterLayout, ParameterPart } from './lower.ts';

/** How this runtime can hold matrices. */
export type GpuWeightFormat = WeightFormatOf<'webgpu'>;

/** A kernel has 65,535 workgroups across at most, and a workgroup of a product four columns. */
const MAX_PART_ROWS = 2 ** 17;

interface GpuParameterPart extends ParameterPart {
  readonly buffer: GPUBuffer;
  /** [numRows, in up to a multiple of 4] in float32, or [numRows, half of that] in packed pairs. */
  readonly tensor: tf.Tensor;
}

/**
 * A trained tensor on the device. Each row is padded by zeros to a multiple of four numbers; a matrix may be in half
 * precision, and lies in as many buffers as the device's limits ask for.
 */
export class GpuParameter implements Parameter, ParameterLayout {
  readonly name: string;
  readonly shape: readonly number[];
  readonly encoding: WeightEncoding;
  readonly parts: readonly GpuParameterPart[];
  readonly #device: GpuDevice;

  /** Throws `weights_invalid` for values that half precision cannot hold, `backend_unavailable` for too long a row. */
  constructor(
    device: GpuDevice,
    name: string,
    shape: readonly number[],
    values: Float32Array,
    format: GpuWeightFormat,
  ) {
    assertInvariant(shape.length === 1 || shape.length === 2, `parameter ${name} is a vector or a matrix`);
    const [numRows, numCols] = shape.length === 1 ? [1, shape[0] ?? 0] : [shape[0] ?? 0, shape[1] ?? 0];
    assertInvariant(
      values.length === numRows * numCols,
      `parameter ${name} [${shape.join(', ')}] has ${numRows * numCols} values`,
    );
    this.name = name;
    this.shape = shape;
    this.#device = device;
    const { encoding, words } =
      shape.length === 1 ? encode(name, values, 'f32') : encode(name, values, format);
    this.encoding = encoding;
    const numPartRows = maxPartRows(device, this, numCols);
    const parts: GpuParameterPart[] = [];
    for (let start = 0; start < numRows; start += numPartRows) {
      const count = Math.min(numPartRows, numRows - start);
      const part = words.subarray(start * numCols, (start + count) * numCols);
      parts.push({ start, numRows: count, ...upload(device, name, part, count, encoding) });
    }
    this.parts = parts;
  }

  dispose(): void {
    for (const { tensor, buffer } of this.parts) {
      tensor.dispose();
      this.#device.destroyBuffer(buffer);
    }
  }
}

/** A parameter of this runtime. */
export function gpuParameter(parameter: Parameter): GpuParameter {
  assertInvariant(parameter instanceof GpuParameter, `parameter ${parameter.name} belongs to this runtime`);
  return parameter;
}

interface Encoded {
  encoding: WeightEncoding;
  words: Float32Array | Uint16Array;
}

/** `auto` takes half precision where nothing is lost by it: for tensors that were stored so. */
function encode(name: string, values: Float32Array, format: GpuWeightFormat): Encoded {
  switch (format) {
    case 'f32':
      return { encoding: 'f32', words: values };
    case 'bf16':
      return { encoding: 'bf16', words: encodeBfloat16(values) };
    case 'f16': {
      const words = encodeFloat16(values);
      const lost = words.findIndex((word, i) => isInfinite(word) && Number.isFinite(values[i]));
      if (lost < 0) return { encoding: 'f16', words };
      throw new EngineError(
        'weights_invalid',
        `value ${lost} of ${name} is ${values[lost] ?? NaN}, and f16 ends at 65504: take WEIGHTS=f32 or bf16`,
      );
    }
    case 'auto':
      return fitsFloat16(values) ? encode(name, values, 'f16') : { encoding: 'f32', words: values };
  }
}

const isInfinite = (word: number): boolean => (word & 0x7fff) === 0x7c00;

function maxPartRows(
  device: GpuDevice,
  { name, shape, encoding }: Pick<GpuParameter, 'name' | 'shape' | 'encoding'>,
  numCols: number,
): number {
  const rowBytes = quadsOf(numCols) * QUAD_BYTES[encoding];
  const numRows = Math.floor(device.maxBufferBytes / rowBytes);
  if (numRows > 0) return Math.min(numRows, MAX_PART_ROWS);
  // The only vectors to come near are the angles of every position.
  const remedy = shape.length === 1 ? ': a shorter context (MAX_MODEL_LEN) needs fewer angles' : '';
  throw new EngineError(
    'backend_unavailable',
    `one row of ${name} has ${rowBytes} bytes, and ${device.name} binds at most ${device.maxBufferBytes}${remedy}`,
  );
}

/** The words in rows padded to quads. */
function upload(
  device: GpuDevice,
  name: string,
  words: Float32Array | Uint16Array,
  numRows: number,
  encoding: WeightEncoding,
): { buffer: GPUBuffer; tensor: tf.Tensor } {
  const numCols = words.length / numRows;
  const stride = 4 * quadsOf(numCols);
  let padded = words;
  if (stride !== numCols) {
    padded =
      words instanceof Float32Array ? new Float32Array(numRows * stride) : new Uint16Array(numRows * stride);
    for (let row = 0; row < numRows; row++) {
      padded.set(words.subarray(row * numCols, (row + 1) * numCols), row * stride);
    }
  }
  const buffer = device.createFilledBuffer(name, padded);
  const tensor =
    encoding === 'f32'
      ? device.adopt(buffer, [numRows, stride], 'float32')
      : device.adopt(buffer, [numRows, stride / 2], 'int32');
  return { buffer, tensor };
}
