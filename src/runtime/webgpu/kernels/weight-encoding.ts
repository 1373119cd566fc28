import type { Binding } from './kernel.ts';

/** How a matrix lies in its buffer: rows of quads of four numbers, the last one padded by zeros. */
export type WeightEncoding = 'f32' | 'f16' | 'bf16';

/** Bytes of four numbers. */
export const QUAD_BYTES: Readonly<Record<WeightEncoding, number>> = { f32: 16, f16: 8, bf16: 8 };

const QUAD_TYPES: Readonly<Record<WeightEncoding, string>> = {
  f32: 'vec4<f32>',
  f16: 'vec2<u32>',
  bf16: 'vec2<u32>',
};

const DECODE: Readonly<Record<WeightEncoding, string>> = {
  f32: 'return packed;',
  // In the core language: unlike the type f16, it needs no feature, which Dawn withholds on NVIDIA.
  f16: 'return vec4<f32>(unpack2x16float(packed.x), unpack2x16float(packed.y));',
  bf16: `return bitcast<vec4<f32>>(vec4<u32>(
    packed.x << 16u, packed.x & 0xffff0000u, packed.y << 16u, packed.y & 0xffff0000u));`,
};

export const weightBinding = (name: string, encoding: WeightEncoding): Binding => ({
  name,
  type: QUAD_TYPES[encoding],
  access: 'read',
});

/** `decode_<name>(quad)`: four numbers of the weight of that name, widened to float32. */
export function decodeFunction(name: string, encoding: WeightEncoding): string {
  return `fn decode_${name}(packed: ${QUAD_TYPES[encoding]}) -> vec4<f32> { ${DECODE[encoding]} }`;
}
