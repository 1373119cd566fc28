import type { StoredRows } from '../../src/runtime/runtime.ts';
import { BLOCK_FORMATS } from '../../src/weights/gguf/decode-blocks.ts';
import { someRows } from './matrix.ts';

/** Those of blocks. */
export const FORMATS = ['Q8_0', 'Q4_0', 'Q4_1', 'Q5_0', 'Q5_1', 'Q4_K', 'Q5_K', 'Q6_K'] as const;
/** Where a block has float16 numbers. */
const HALVES: Readonly<Record<string, readonly number[]>> = {
  Q4_1: [0, 2],
  Q5_1: [0, 2],
  Q4_K: [0, 2],
  Q5_K: [0, 2],
  Q6_K: [208],
};
/** Rows of a matrix as a file has them: random bytes, with scales that are numbers. */
export function storedRows(name: string, numOut: number, depth: number, seed: number): Uint8Array {
  const format = formatNamed(name);
  const bytes = new Uint8Array(((numOut * depth) / format.blockElements) * format.blockBytes);
  const [numbers = []] = someRows(1, bytes.length, seed);
  bytes.forEach((_, i) => (bytes[i] = Math.floor(Math.abs(numbers[i] ?? 0) * 9973) % 256));
  for (let at = 0; at < bytes.length; at += format.blockBytes) {
    // A float16 from 2^-6 to 2^-4.
    for (const half of HALVES[name] ?? [0]) bytes[at + half + 1] = 0x24 + ((bytes[at + half + 1] ?? 0) % 8);
  }
  return bytes;
}

/** As a file would give them. */
export function storedPart(format: string, numRows: number, bytes: Uint8Array): StoredRows {
  const read = (target: Uint8Array, start: number): Promise<void> => {
    target.set(bytes.subarray(start, start + target.length));
    return Promise.resolve();
  };
  return { format, numRows, numBytes: bytes.length, read };
}

export function formatNamed(name: string) {
  const format = [...BLOCK_FORMATS.values()].find((known) => known.name === name);
  if (format === undefined) throw new Error(`${name} is a format`);
  return format;
}

/** Numbers of 16 bits between 2^-7 and 4 as float16, and of as many sizes as bfloat16. */
export function storedHalves(count: number): Uint8Array {
  const halves = Uint16Array.from(
    { length: count },
    (_, i) => 0x2000 + ((i * 40_503) % 0x2400) + (i % 2) * 0x8000,
  );
  return new Uint8Array(halves.buffer);
}
