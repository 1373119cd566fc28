import { createHash } from 'node:crypto';

/**
 * A file of a page: a header, and the page's bytes behind it.
 *
 *   [0, 8) TFPAGES1   [8, 40) the page's key   [40, 48) bytes of the page   [48, 80) SHA-256 of [0, 48) and the page
 *
 * The hash finds what a disk, a crash or another program did to the file. It is no signature: who may write to the folder
 * can write a page that is taken for one of ours.
 */

export const HEADER_BYTES = 80;
const HASHED_BYTES = 48;
const MAGIC = Buffer.from('TFPAGES1', 'latin1');

/** `foreign`: no page, or another one. `damaged`: not the bytes that were written. */
export type FileFault = 'truncated' | 'too long' | 'foreign' | 'damaged';

/** The header of a page's file. */
export function encodeHeader(key: Uint8Array, bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.set(key, 8);
  header.writeBigUInt64LE(BigInt(bytes.byteLength), 40);
  header.set(hashOf(header, bytes), HASHED_BYTES);
  return header;
}

/** What is wrong with the length of a file that should hold a page of so many bytes; undefined: nothing. */
export function faultOfLength(fileBytes: number, pageBytes: number): FileFault | undefined {
  if (fileBytes === HEADER_BYTES + pageBytes) return undefined;
  return fileBytes < HEADER_BYTES + pageBytes ? 'truncated' : 'too long';
}

/** What is wrong with a file that should hold the page of that key; undefined: nothing, the bytes are those of the page. */
export function faultOf(key: Uint8Array, header: Buffer, bytes: Uint8Array): FileFault | undefined {
  if (header.byteLength !== HEADER_BYTES) return 'truncated';
  const isPage = header.subarray(0, MAGIC.length).equals(MAGIC);
  if (!isPage || !header.subarray(8, 40).equals(key)) return 'foreign';
  if (header.readBigUInt64LE(40) !== BigInt(bytes.byteLength)) return 'foreign';
  return header.subarray(HASHED_BYTES).equals(hashOf(header, bytes)) ? undefined : 'damaged';
}

const hashOf = (header: Buffer, bytes: Uint8Array): Buffer =>
  createHash('sha256').update(header.subarray(0, HASHED_BYTES)).update(bytes).digest();
