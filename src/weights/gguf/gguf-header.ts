import type { gguf } from '@huggingface/gguf';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { EngineError } from '../../errors.ts';
import { checkGgufTensors } from './check-gguf-tensors.ts';
import { readFully } from '../read-fully.ts';
import type { TensorEntry } from '../tensor-source.ts';

/** A key's value with its type, as @huggingface/gguf reports it: the types are GGUF's own numbers. */
interface TypedValue {
  readonly value: unknown;
  readonly type: number;
  /** Of a list's elements. */
  readonly subType?: number;
}

const STRING = 8;
const LIST = 9;
const METADATA_BYTES: ReadonlyMap<number, number> = new Map([
  [0, 1], // uint8
  [1, 1], // int8
  [2, 2], // uint16
  [3, 2], // int16
  [4, 4], // uint32
  [5, 4], // int32
  [6, 4], // float32
  [7, 1], // bool
  [10, 8], // uint64
  [11, 8], // int64
  [12, 8], // float64
]);

/**
 * The bytes that keys and values take in a GGUF file of version 2 or 3. The parser cuts a string that lies across the
 * end of a range it fetched, and drops what is no UTF-8, in silence: then this is not the size they had.
 * @returns undefined for a list of lists, which no model has
 */
function metadataBytes(pairs: Iterable<readonly [key: string, TypedValue]>): number | undefined {
  let total = 0;
  for (const [key, { value, type, subType }] of pairs) {
    const bytes = type === LIST && Array.isArray(value) ? listBytes(value, subType) : valueBytes(value, type);
    if (bytes === undefined) return undefined;
    total += 8 + Buffer.byteLength(key) + 4 + bytes;
  }
  return total;
}

function listBytes(values: readonly unknown[], subType = LIST): number | undefined {
  let total = 12;
  for (const value of values) {
    const bytes = valueBytes(value, subType);
    if (bytes === undefined) return undefined;
    total += bytes;
  }
  return total;
}

function valueBytes(value: unknown, type: number): number | undefined {
  return type === STRING ? 8 + Buffer.byteLength(String(value)) : METADATA_BYTES.get(type);
}

/** The bytes of a number or a truth value; 0 for any other type. */
function fixedBytes(type: number | undefined): number {
  return METADATA_BYTES.get(type ?? LIST) ?? 0;
}

export interface GgufHeader {
  /** The file's key-value pairs; a 64-bit integer is a bigint. */
  readonly metadata: ReadonlyMap<string, unknown>;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** Where the tensors' data begins in the file. */
  readonly dataStart: number;
}

const FIXED_BYTES = 24;
const MAGIC = 'GGUF';
const VERSIONS = [2, 3];
/**
 * The parser asks for the header in ranges of 2 MB, and reads a list again from its start for each range it takes. Eight
 * hold the largest vocabularies, some 12 MB with their merges, and keep a hostile header to seconds.
 */
const MAX_RANGES = 8;
/** A tensor's entry has at least a name's length, a count of dimensions, a type and an offset. */
const MIN_TENSOR_BYTES = 24;
/** A pair has at least a key's length, a type and a byte. */
const MIN_PAIR_BYTES = 13;
export const MAX_TENSORS = 100_000;
const MAX_PAIRS = 10_000;
/** What the parser adds to the file's own keys. */
const PARSER_KEYS = ['version', 'tensor_count', 'kv_count'];
const MAX_ALIGNMENT = 1 << 16;

/** A model path that names a GGUF file and not a directory. */
export function isGgufPath(path: string): boolean {
  return path.toLowerCase().endsWith('.gguf');
}

/**
 * Reads the header of a GGUF file (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md) by @huggingface/gguf, and
 * checks round it what that leaves open: counts that the file cannot hold are refused before anything is allocated for
 * them, the header ends within the file, and the tensors lie within the data, apart from each other.
 * @throws EngineError `weights_invalid` naming the file and what is wrong
 */
export async function readGgufHeader(path: string): Promise<GgufHeader> {
  // Loaded when first needed: a service of safetensors does not wait for it.
  const { gguf } = await import('@huggingface/gguf');
  const file = await openRegularFile(path);
  try {
    return await parseHeader(file, gguf);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('weights_invalid', `${path}: ${reason}`, { cause });
  } finally {
    await file.close();
  }
}

async function openRegularFile(path: string): Promise<FileHandle> {
  try {
    // Asked first: to open a pipe waits for its writer, for good perhaps.
    if ((await stat(path)).isFile()) return await open(path, 'r');
  } catch (cause) {
    throw new EngineError('weights_invalid', `cannot open ${path}: ${String(cause)}`, { cause });
  }
  throw new EngineError('weights_invalid', `cannot open ${path}: it is not a file`);
}

async function parseHeader(file: FileHandle, parse: typeof gguf): Promise<GgufHeader> {
  const { size } = await file.stat();
  await checkFixedPart(file, size);
  // Its way to read local files pads them with zeros; by `fetch` each range is ours to give, and to refuse.
  const parsed = await parse('https://localhost/', {
    fetch: rangesOf(file, size),
    typedMetadata: true,
  });
  const [pairsEnd, headerEnd] = parsed.tensorInfoByteRange;
  if (headerEnd > size)
    throw invalid(`the header runs to byte ${headerEnd} of a file of ${size}; is it cut?`);
  const pairs = await readPairs(file, parsed.typedMetadata, pairsEnd);
  const metadata = new Map(Object.entries(pairs).map(([key, { value }]) => [key, value]));
  const alignment = alignmentOf(metadata);
  const dataStart = Math.ceil(headerEnd / alignment) * alignment;
  const dataBytes = Math.max(0, size - dataStart);
  return { metadata, tensors: checkGgufTensors(parsed.tensorInfos, dataBytes, alignment), dataStart };
}

/** Magic, version and the two counts, before a parser acts on them. */
async function checkFixedPart(file: FileHandle, size: number): Promise<void> {
  if (size < FIXED_BYTES) throw invalid(`${size} bytes are too few for a GGUF file`);
  const bytes = Buffer.alloc(FIXED_BYTES);
  await readFully(file, bytes, 0);
  if (bytes.toString('latin1', 0, 4) !== MAGIC)
    throw invalid('not a GGUF file: it does not begin with "GGUF"');
  const version = bytes.readUInt32LE(4);
  if (!VERSIONS.includes(version)) {
    const bigEndian = VERSIONS.includes(bytes.readUInt32BE(4)) ? ', big-endian,' : '';
    throw invalid(
      `version ${bigEndian === '' ? version : bytes.readUInt32BE(4)}${bigEndian} is not supported; ` +
        `supported: ${VERSIONS.join(', ')}, little-endian`,
    );
  }
  const numTensors = bytes.readBigUInt64LE(8);
  const numPairs = bytes.readBigUInt64LE(16);
  if (numTensors > MAX_TENSORS || numPairs > MAX_PAIRS) {
    throw invalid(
      `the header claims ${numTensors} tensors and ${numPairs} keys; at most ${MAX_TENSORS} and ${MAX_PAIRS} are read`,
    );
  }
  const leastBytes = FIXED_BYTES + Number(numTensors) * MIN_TENSOR_BYTES + Number(numPairs) * MIN_PAIR_BYTES;
  if (leastBytes > size) {
    throw invalid(
      `the header claims ${numTensors} tensors and ${numPairs} keys, which a file of ${size} bytes cannot hold`,
    );
  }
}

/** The file's own pairs, with nothing lost of them. */
async function readPairs(
  file: FileHandle,
  typed: Readonly<Record<string, TypedValue>>,
  pairsEnd: number,
): Promise<Record<string, TypedValue>> {
  const pairs = Object.fromEntries(Object.entries(typed).filter(([key]) => !PARSER_KEYS.includes(key)));
  const isWhole = (): boolean => metadataBytes(Object.entries(pairs)) === pairsEnd - FIXED_BYTES;
  if (isWhole()) return pairs;
  const bytes = Buffer.alloc(pairsEnd - FIXED_BYTES);
  await readFully(file, bytes, FIXED_BYTES);
  restoreTexts(pairs, bytes);
  if (isWhole()) return pairs;
  throw invalid(
    'its metadata cannot be read whole: a key is used twice, a list holds lists, or a string is no UTF-8',
  );
}

/** A `fetch` that answers range requests from the file: one empty range after the end, and then no more. */
function rangesOf(file: FileHandle, size: number): typeof fetch {
  let numRanges = 0;
  let pastEnd = false;
  return async (_, init) => {
    const range = new Headers(init?.headers).get('range') ?? '';
    const [, first = '', last = ''] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
    const start = Math.min(Number(first), size);
    if (pastEnd) throw invalid(`the header runs past the file's ${size} bytes; is it cut?`);
    if (++numRanges > MAX_RANGES) throw invalid(`the header is longer than ${start} bytes`);
    pastEnd = start === size;
    const bytes = new Uint8Array(Math.min(Number(last) + 1, size) - start);
    await readFully(file, bytes, start);
    return new Response(bytes);
  };
}

function alignmentOf(metadata: ReadonlyMap<string, unknown>): number {
  const alignment = metadata.get('general.alignment') ?? 32;
  const isPowerOfTwo = typeof alignment === 'number' && alignment > 0 && (alignment & (alignment - 1)) === 0;
  if (!isPowerOfTwo || alignment > MAX_ALIGNMENT) {
    throw invalid(
      `general.alignment is ${typeof alignment === 'number' ? alignment : 'no number'}; it must be a power of two up to ${MAX_ALIGNMENT}`,
    );
  }
  return alignment;
}

function invalid(problem: string): EngineError {
  return new EngineError('weights_invalid', problem);
}

/**
 * Reads the texts of a file's metadata again. The parser (0.4) takes a byte order mark off a text's start, so that of
 * Gemma's vocabulary the token "\uFEFF" comes out empty and "\uFEFFusing" as a second "using"; and it cuts a text that
 * lies across the end of a range it fetched.
 *
 * @param metadata what the parser read of the pairs, by key, in the file's order; mended in place
 * @param bytes the pairs as they lie in the file
 */
function restoreTexts(metadata: Record<string, TypedValue>, bytes: Buffer): void {
  let offset = 0;
  const nextText = (): string => {
    if (offset + 8 > bytes.length) return '';
    const start = offset + 8;
    offset = start + Number(bytes.readBigUInt64LE(offset));
    return bytes.toString('utf8', start, offset);
  };
  for (const [key, typed] of Object.entries(metadata)) {
    const { value, type, subType } = typed;
    // Where keys are used twice, or are numbers, the order is not the file's.
    if (nextText() !== key) return;
    offset += 4;
    if (type === STRING) {
      metadata[key] = { ...typed, value: nextText() };
    } else if (type === LIST && Array.isArray(value)) {
      offset += 12;
      if (subType === STRING) value.forEach((_, i) => (value[i] = nextText()));
      else offset += value.length * fixedBytes(subType);
    } else {
      offset += fixedBytes(type);
    }
  }
}
