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
  const halves = new Uint16Array(words.length);
  // `Uint16Array.from` takes 25 times as long.
  for (let i = 0; i < words.length; i++) halves[i] = float16FromFloat32Bits(words[i] ?? 0);
  return halves;
}

/** Whether binary16 holds every value exactly: then nothing is lost by it. NaN and infinity do not count as held. */
export function fitsFloat16(source: Float32Array): boolean {
  const words = new Uint32Array(source.buffer, source.byteOffset, source.length);
  for (let i = 0; i < words.length; i++) {
    const magnitude = (words[i] ?? 0) & 0x7fffffff;
    if (magnitude === 0) continue;
    if (magnitude >= 0x38800000 && magnitude < 0x47800000) {
      if ((magnitude & 0x1fff) !== 0) return false;
    } else if (magnitude >= 0x47800000 || !Number.isInteger((source[i] ?? 0) * 2 ** 24)) {
      return false;
    }
  }
  return true;
}

/** Rounds to bfloat16, ties to even. */
export function encodeBfloat16(source: Float32Array): Uint16Array {
  const words = new Uint32Array(source.buffer, source.byteOffset, source.length);
  const halves = new Uint16Array(words.length);
  for (let i = 0; i < words.length; i++) halves[i] = bfloat16FromFloat32Bits(words[i] ?? 0);
  return halves;
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
