import { decodeBfloat16, decodeFloat16 } from '../../runtime/half-precision.ts';
import {
  decodeQ4K,
  decodeQ4One,
  decodeQ4Zero,
  decodeQ5K,
  decodeQ5One,
  decodeQ5Zero,
  decodeQ6K,
  decodeQ8Zero,
  type BlockDecoder,
} from './decode-blocks.ts';

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
