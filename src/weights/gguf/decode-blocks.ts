import { decodeFloat16, decodeBfloat16 } from '../../runtime/half-precision.ts';

/**
 * Decoders of ggml's block formats, as https://github.com/ggml-org/ggml defines them (ggml-common.h lays the blocks
 * out, ggml-quants.c dequantises). Each product of a scale and an integer is exact in float32, and each sum of two
 * such is exact in float64, so that the one rounding into the Float32Array is the rounding that float32 arithmetic
 * makes.
 */

/** Widens whole blocks into `target`, whose length is the number of their elements. */
type BlockDecoder = (blocks: Uint8Array, target: Float32Array) => void;

const halfIn = new Uint16Array(1);
const halfOut = new Float32Array(1);

function float16At(bytes: Uint8Array, at: number): number {
  halfIn[0] = byte(bytes, at) | (byte(bytes, at + 1) << 8);
  decodeFloat16(halfIn, halfOut);
  return halfOut[0] ?? 0;
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

/** A byte as a signed number. */
function int8(bytes: Uint8Array, at: number): number {
  return (byte(bytes, at) << 24) >> 24;
}

/** Elements of a block of the formats without a K, and of one with it. */
const SMALL_BLOCK = 32;
const K_BLOCK = 256;

/** A scale, then 32 signed bytes. */
function decodeQ8Zero(blocks: Uint8Array, target: Float32Array): void {
  for (let out = 0, at = 0; out < target.length; out += SMALL_BLOCK, at += 34) {
    const scale = float16At(blocks, at);
    for (let i = 0; i < SMALL_BLOCK; i++) target[out + i] = scale * int8(blocks, at + 2 + i);
  }
}

/** A scale, [a minimum,] [the 32 fifth bits,] then nibbles: the low ones are elements 0 to 15, the high ones 16 to 31. */
function nibbleDecoder(format: { hasMinimum: boolean; hasFifthBits: boolean }): BlockDecoder {
  const { hasMinimum, hasFifthBits } = format;
  const bitsAt = hasMinimum ? 4 : 2;
  const nibblesAt = bitsAt + (hasFifthBits ? 4 : 0);
  const blockBytes = nibblesAt + 16;
  const zeroPoint = hasMinimum ? 0 : hasFifthBits ? 16 : 8;
  return (blocks, target) => {
    for (let out = 0, at = 0; out < target.length; out += SMALL_BLOCK, at += blockBytes) {
      const scale = float16At(blocks, at);
      // -0 leaves every sum as it is, the sign of a zero included.
      const minimum = hasMinimum ? float16At(blocks, at + 2) : -0;
      for (let i = 0; i < SMALL_BLOCK; i++) {
        const pair = byte(blocks, at + nibblesAt + (i & 15));
        const nibble = i < 16 ? pair & 15 : pair >> 4;
        const fifthBit = hasFifthBits ? (byte(blocks, at + bitsAt + (i >> 3)) >> (i & 7)) & 1 : 0;
        target[out + i] = scale * ((nibble | (fifthBit << 4)) - zeroPoint) + minimum;
      }
    }
  };
}

const decodeQ4Zero = nibbleDecoder({ hasMinimum: false, hasFifthBits: false });
const decodeQ4One = nibbleDecoder({ hasMinimum: true, hasFifthBits: false });
const decodeQ5Zero = nibbleDecoder({ hasMinimum: false, hasFifthBits: true });
const decodeQ5One = nibbleDecoder({ hasMinimum: true, hasFifthBits: true });

/** The six-bit scale and minimum of sub-block `index` of eight, packed into twelve bytes at `at`. */
function scaleAndMinimum(blocks: Uint8Array, at: number, index: number): [scale: number, minimum: number] {
  const low = byte(blocks, at + (index & 3));
  const middle = byte(blocks, at + 4 + (index & 3));
  if (index < 4) return [low & 63, middle & 63];
  const high = byte(blocks, at + 4 + index);
  return [(high & 15) | ((low >> 2) & 48), (high >> 4) | ((middle >> 2) & 48)];
}

/**
 * Two float16 (of the scales, of the minimums), eight packed pairs of scale and minimum, [256 fifth bits,] 128 bytes of
 * nibbles: of each 32 bytes the low nibbles are one sub-block, the high ones the next.
 */
function kNibbleDecoder(hasFifthBits: boolean): BlockDecoder {
  const bitsAt = 16;
  const nibblesAt = bitsAt + (hasFifthBits ? 32 : 0);
  const blockBytes = nibblesAt + 128;
  return (blocks, target) => {
    for (let out = 0, at = 0; out < target.length; out += K_BLOCK, at += blockBytes) {
      const scaleOfScales = float16At(blocks, at);
      const scaleOfMinimums = float16At(blocks, at + 2);
      for (let sub = 0; sub < 8; sub++) {
        const [scaleBits, minimumBits] = scaleAndMinimum(blocks, at + 4, sub);
        const scale = scaleOfScales * scaleBits;
        const minimum = scaleOfMinimums * minimumBits;
        for (let i = 0; i < 32; i++) {
          const pair = byte(blocks, at + nibblesAt + 32 * (sub >> 1) + i);
          const nibble = sub & 1 ? pair >> 4 : pair & 15;
          const fifthBit = hasFifthBits ? (byte(blocks, at + bitsAt + i) >> sub) & 1 : 0;
          target[out + 32 * sub + i] = scale * (nibble | (fifthBit << 4)) - minimum;
        }
      }
    }
  };
}

const decodeQ4K = kNibbleDecoder(false);
const decodeQ5K = kNibbleDecoder(true);

/**
 * 128 bytes of low nibbles, 64 bytes of high bit pairs, sixteen signed scales of sixteen elements each, a float16. Each
 * half of the block has 64 nibble bytes (low nibbles first) and 32 bytes of bit pairs.
 */
function decodeQ6K(blocks: Uint8Array, target: Float32Array): void {
  for (let out = 0, at = 0; out < target.length; out += K_BLOCK, at += 210) {
    const scaleOfScales = float16At(blocks, at + 208);
    for (let i = 0; i < K_BLOCK; i++) {
      const half = i >> 7;
      const pair = byte(blocks, at + 64 * half + (i & 63));
      const nibble = i & 64 ? pair >> 4 : pair & 15;
      const highBits = (byte(blocks, at + 128 + 32 * half + (i & 31)) >> (2 * ((i >> 5) & 3))) & 3;
      const scale = scaleOfScales * int8(blocks, at + 192 + (i >> 4));
      target[out + i] = scale * ((nibble | (highBits << 4)) - 32);
    }
  }
}

/** How a tensor's numbers lie in a GGUF file. */
export interface BlockFormat {
  readonly name: string;
  /** Elements of one block; a row is a whole number of blocks. */
  readonly blockElements: number;
  readonly blockBytes: number;
  readonly decode: BlockDecoder;
}

/** The formats that can be read, by ggml's number of them (`enum ggml_type` in ggml.h). */
export const BLOCK_FORMATS: ReadonlyMap<number, BlockFormat> = new Map([
  [0, format('F32', 1, 4, (bytes, target) => bytesOf(target).set(bytes))],
  [1, format('F16', 1, 2, (bytes, target) => decodeFloat16(halvesOf(bytes), target))],
  [30, format('BF16', 1, 2, (bytes, target) => decodeBfloat16(halvesOf(bytes), target))],
  [2, format('Q4_0', 32, 18, decodeQ4Zero)],
  [3, format('Q4_1', 32, 20, decodeQ4One)],
  [6, format('Q5_0', 32, 22, decodeQ5Zero)],
  [7, format('Q5_1', 32, 24, decodeQ5One)],
  [8, format('Q8_0', 32, 34, decodeQ8Zero)],
  [12, format('Q4_K', 256, 144, decodeQ4K)],
  [13, format('Q5_K', 256, 176, decodeQ5K)],
  [14, format('Q6_K', 256, 210, decodeQ6K)],
]);

function format(name: string, blockElements: number, blockBytes: number, decode: BlockDecoder): BlockFormat {
  return { name, blockElements, blockBytes, decode };
}

function bytesOf(target: Float32Array): Uint8Array {
  return new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
}

/** The bytes as 16-bit words; copied, since a view needs an even offset. */
function halvesOf(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(new Uint8Array(bytes).buffer);
}
