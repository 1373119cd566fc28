import { describe, expect, it } from 'vitest';
import {
  decodeBfloat16,
  decodeFloat16,
  encodeBfloat16,
  encodeFloat16,
  fitsFloat16,
} from '../../../src/runtime/half-precision.ts';

const EVERY_WORD = Uint16Array.from({ length: 0x10000 }, (_, word) => word);

function decodeAll(decode: (source: Uint16Array, target: Float32Array) => void): Float32Array {
  const values = new Float32Array(EVERY_WORD.length);
  decode(EVERY_WORD, values);
  return values;
}

const FORMATS = [
  // Widest finite value, smallest normal and smallest subnormal of each format, from its definition.
  {
    name: 'float16',
    decode: decodeFloat16,
    encode: encodeFloat16,
    numMantissaBits: 10,
    max: 65504,
    minNormal: 2 ** -14,
  },
  {
    name: 'bfloat16',
    decode: decodeBfloat16,
    encode: encodeBfloat16,
    numMantissaBits: 7,
    max: (2 - 2 ** -7) * 2 ** 127,
    minNormal: 2 ** -126,
  },
];

describe.each(FORMATS)('$name', ({ decode, encode, numMantissaBits, max, minNormal }) => {
  const values = decodeAll(decode);

  it('keeps every one of the 65,536 words through both directions, NaN as NaN', () => {
    const back = encode(values);
    const changed = EVERY_WORD.filter((word) => back[word] !== word && !Number.isNaN(values[word]));
    expect([...changed]).toEqual([]);
    expect(decodeNaNs(encode, decode).every(Number.isNaN)).toBe(true);
  });

  it('has the range of its definition', () => {
    const finite = values.filter(Number.isFinite);
    expect(finite.reduce((largest, value) => Math.max(largest, value), 0)).toBe(max);
    expect(values[1 << numMantissaBits]).toBe(minNormal);
    expect(values[1]).toBe(minNormal * 2 ** -numMantissaBits);
    expect(Object.is(values[0x8000], -0)).toBe(true);
  });

  it('rounds what lies between two neighbours to the nearer, and a tie to the even one', () => {
    const wrong: number[] = [];
    for (let word = 0; (values[word + 1] ?? Infinity) < Infinity; word += 7) {
      const [low = 0, high = 0] = [values[word], values[word + 1]];
      const middle = low + (high - low) / 2;
      const [nearLow = 0, tie = 0, nearHigh = 0] = encode(
        Float32Array.of(low + (high - low) / 4, middle, low + ((high - low) * 3) / 4),
      );
      const even = word % 2 === 0 ? word : word + 1;
      // Below float32's own smallest subnormal there is nothing between two bfloat16 to test.
      if (Math.fround(middle) !== middle) continue;
      if (nearLow !== word || tie !== even || nearHigh !== word + 1) wrong.push(word);
    }
    expect(wrong).toEqual([]);
  });

  it('keeps signs and turns what is too large into infinity', () => {
    const [negative = 0, overflow = 0, infinite = 0] = encode(Float32Array.of(-1, 3.4e38, -Infinity));
    expect(values[negative]).toBe(-1);
    expect(values[overflow]).toBe(Infinity);
    expect(values[infinite]).toBe(-Infinity);
  });
});

describe('fitsFloat16', () => {
  it('holds of exactly the values that come back as they were', () => {
    const floats: number[] = [];
    const bits = new Uint32Array(1);
    const float = new Float32Array(bits.buffer);
    // All exponents, with mantissas that end above, at and below the last bit of a half.
    for (let exponent = 0; exponent < 0x100; exponent++) {
      for (const mantissa of [0, 1, 0x1000, 0x2000, 0x4000, 0x200000, 0x400000, 0x7fe000, 0x7fffff]) {
        for (const sign of [0, 0x80000000]) {
          bits[0] = (sign | (exponent << 23) | mantissa) >>> 0;
          floats.push(float[0] ?? 0);
        }
      }
    }
    const wrong = floats.filter((value) => {
      const source = Float32Array.of(value);
      const back = new Float32Array(1);
      decodeFloat16(encodeFloat16(source), back);
      return fitsFloat16(source) !== (Number.isFinite(value) && back[0] === value);
    });
    expect(wrong).toEqual([]);
    expect(floats.filter((value) => fitsFloat16(Float32Array.of(value))).length).toBeGreaterThan(100);
  });
});

function decodeNaNs(
  encode: (source: Float32Array) => Uint16Array,
  decode: (source: Uint16Array, target: Float32Array) => void,
): Float32Array {
  const nans = new Float32Array(Uint32Array.of(0x7f800001, 0x7fc00000, 0xffffffff, 0xff800001).buffer);
  const back = new Float32Array(nans.length);
  decode(encode(nans), back);
  return back;
}
