/** Conversions between float32 and the two 16-bit formats that weights are stored in. */

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

let float16Values: Float32Array | undefined;

/** Widens IEEE 754 binary16; exact. */
export function decodeFloat16(source: Uint16Array, target: Float32Array): void {
  float16Values ??= tabulateFloat16();
  for (let i = 0; i < source.length; i++) target[i] = float16Values[source[i] ?? 0] ?? 0;
}

/** Widens bfloat16, the upper half of a float32; exact. */
export function decodeBfloat16(source: Uint16Array, target: Float32Array): void {
  const words = new Uint32Array(target.buffer, target.byteOffset, source.length);
  for (let i = 0; i < source.length; i++) words[i] = (source[i] ?? 0) << 16;
}

/** Rounds to binary16, ties to even; beyond its range (65,504) becomes infinity. */
export function encodeFloat16(source: Float32Array): Uint16Array {
  const words = new Uint32Array(source.buffer, source.byteOffset, source.length);
  return Uint16Array.from(words, float16FromFloat32Bits);
}

/** Rounds to bfloat16, ties to even. */
export function encodeBfloat16(source: Float32Array): Uint16Array {
  const words = new Uint32Array(source.buffer, source.byteOffset, source.length);
  return Uint16Array.from(words, bfloat16FromFloat32Bits);
}

function tabulateFloat16(): Float32Array {
  return Float32Array.from({ length: 0x10000 }, (_, half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const mantissa = half & 0x3ff;
    if (exponent === 0x1f) return mantissa === 0 ? sign * Infinity : NaN;
    if (exponent === 0) return sign * mantissa * 2 ** -24;
    return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
  });
}

function float16FromFloat32Bits(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65,520 and above round to infinity
  if (magnitude < 0x38800000) {
    // Below 2^-14 a half is a multiple of 2^-24; adding 2^-1 makes float32 round to just that unit.
    bits[0] = magnitude;
    float[0] = (float[0] ?? 0) + 0.5;
    return sign | (bits[0] - 0x3f000000);
  }
  const lastKeptBit = (magnitude >>> 13) & 1;
  return sign | ((magnitude - 0x38000000 + 0xfff + lastKeptBit) >>> 13);
}

function bfloat16FromFloat32Bits(word: number): number {
  if ((word & 0x7fffffff) > 0x7f800000) return (word >>> 16) | 0x40; // NaN stays NaN
  const lastKeptBit = (word >>> 16) & 1;
  return (word + 0x7fff + lastKeptBit) >>> 16;
}
