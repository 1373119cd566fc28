import { EngineError } from '../errors.ts';
import type { InSlices } from '../process/in-slices.ts';
import { isRecord } from '../values.ts';
import { FAULT, upsertFault, vectorFault } from './faults.ts';
import { LIMITS } from './limits.ts';
import type { GivenVector } from './vector-types.ts';

/** A batch of vectors as bytes, a JSON object on each line. */
export interface Batch {
  readonly bytes: Uint8Array;
  readonly maxVectors: number;
  /** Lines that cannot be read are left out; else one of them is the end of the batch. */
  readonly discardsUnreadable: boolean;
}

const NEWLINE = 0x0a;
/** Far above what 1536 numbers, 10 KiB of metadata and the names of fields take. */
const MAX_LINE_BYTES = 2 ** 18;
const MAX_LEVELS = 32;
/** Some milliseconds of work. */
const LINES_PER_SLICE = 16;
/** Lines that are empty or cannot be read count, too: there may be a hundred million of them. */
const LINES_PER_VECTOR = 4;

/**
 * All vectors of a batch, each of them checked.
 * @throws EngineError `invalid_request` with Cloudflare's number for the first one that is not as it must be
 */
export function* readVectors(
  { bytes, maxVectors, discardsUnreadable }: Batch,
  dimensions: number,
): InSlices<GivenVector[]> {
  const vectors: GivenVector[] = [];
  let numLines = 0;
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline === -1 ? bytes.length : newline;
    const line = bytes.subarray(start, end);
    start = end + 1;
    numLines++;
    if (numLines > maxVectors * LINES_PER_VECTOR)
      throw upsertFault(`too many lines in payload; max count is ${maxVectors * LINES_PER_VECTOR}`);
    if (numLines % LINES_PER_SLICE === 0) yield;
    const vector = readLine(line, { number: numLines, dimensions, discardsUnreadable });
    if (vector === undefined) continue;
    vectors.push(vector);
    if (vectors.length > maxVectors)
      throw upsertFault(`too many vectors in payload; max count is ${maxVectors}`);
  }
  if (vectors.length === 0) throw upsertFault('there is no vector in it');
  return vectors;
}

interface LineOptions {
  readonly number: number;
  readonly dimensions: number;
  readonly discardsUnreadable: boolean;
}

function readLine(
  line: Uint8Array,
  { number, dimensions, discardsUnreadable }: LineOptions,
): GivenVector | undefined {
  try {
    const text = decode(line, number).trim();
    return text === '' ? undefined : toVector(parse(text, number), number, dimensions);
  } catch (error) {
    const isUnreadable = error instanceof EngineError && error.cloudflareCode === FAULT.upsert;
    if (isUnreadable && discardsUnreadable) return undefined;
    throw error;
  }
}

function decode(line: Uint8Array, number: number): string {
  if (line.length > MAX_LINE_BYTES) throw upsertFault(`line ${number} has more than ${MAX_LINE_BYTES} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(line);
  } catch {
    throw upsertFault(`line ${number} is not valid UTF-8`);
  }
}

function parse(text: string, number: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw upsertFault(`line ${number} is not valid JSON; each vector is one line (ndjson)`);
  }
  if (isRecord(value)) return value;
  throw upsertFault(`line ${number} is no JSON object`);
}

function toVector(
  { id, values, namespace, metadata }: Record<string, unknown>,
  number: number,
  dimensions: number,
): GivenVector {
  if (typeof id !== 'string' || id === '')
    throw upsertFault(`line ${number}: id must be a string that is not empty`);
  checkText(id, `line ${number}: id`);
  const idBytes = Buffer.byteLength(id);
  if (idBytes > LIMITS.idBytes) {
    throw vectorFault(FAULT.longId, `id too long; max is ${LIMITS.idBytes} bytes, got ${idBytes} bytes`);
  }
  return {
    id,
    values: readValues(id, values, dimensions),
    namespace: readNamespace(id, namespace),
    metadata: readMetadata(id, metadata),
  };
}

function readValues(id: string, values: unknown, dimensions: number): Float32Array {
  if (!Array.isArray(values))
    throw upsertFault(`values of the vector id=${quote(id)} must be a list of numbers`);
  const complaint = complaintOfValues(values, dimensions);
  if (complaint?.isUnreadable === true) throw upsertFault(`${complaint.text}, of the vector id=${quote(id)}`);
  if (complaint !== undefined)
    throw vectorFault(FAULT.vector, `invalid vector for id=${quote(id)}, ${complaint.text}`);
  return Float32Array.from(values as number[]);
}

/** What is wrong with the numbers of a vector; undefined where nothing is. */
export function complaintOfValues(
  values: readonly unknown[],
  dimensions: number,
): { text: string; isUnreadable: boolean } | undefined {
  if (values.length !== dimensions) {
    const text = `expected ${dimensions} dimensions, and got ${values.length} dimensions`;
    return { text, isUnreadable: false };
  }
  for (const [index, value] of values.entries()) {
    // JSON has no NaN: what is not a number in JavaScript comes as null.
    if (typeof value !== 'number') return { text: `values[${index}] is no number`, isUnreadable: true };
    if (!Number.isFinite(Math.fround(value))) {
      return { text: `values[${index}] is beyond float32`, isUnreadable: false };
    }
  }
  return undefined;
}

export function readNamespace(id: string, namespace: unknown): string | undefined {
  if (namespace === undefined || namespace === null) return undefined;
  if (typeof namespace !== 'string')
    throw upsertFault(`namespace of the vector id=${quote(id)} must be a string`);
  checkText(namespace, `namespace of the vector id=${quote(id)}`);
  const numBytes = Buffer.byteLength(namespace);
  if (numBytes <= LIMITS.namespaceBytes) return namespace === '' ? undefined : namespace;
  throw upsertFault(`namespace too long; max is ${LIMITS.namespaceBytes} bytes, got ${numBytes} bytes`);
}

function readMetadata(id: string, metadata: unknown): string | undefined {
  if (metadata === undefined || metadata === null) return undefined;
  if (!isRecord(metadata)) throw upsertFault(`metadata of the vector id=${quote(id)} must be an object`);
  checkMetadata(metadata, id, 1);
  const text = JSON.stringify(metadata);
  const numBytes = Buffer.byteLength(text);
  if (numBytes <= LIMITS.metadataBytes) return text;
  throw vectorFault(
    FAULT.metadata,
    `oversized metadata for vector id=${quote(id)}; the compact JSON representation of the metadata must not exceed ` +
      `${LIMITS.metadataBytes} bytes, got ${numBytes} bytes`,
  );
}

function checkMetadata(value: unknown, id: string, level: number): void {
  if (typeof value === 'string') checkText(value, `metadata of the vector id=${quote(id)}`);
  if (typeof value !== 'object' || value === null) return;
  if (level > MAX_LEVELS)
    throw upsertFault(`metadata of the vector id=${quote(id)} nests more than ${MAX_LEVELS} levels`);
  for (const [key, inner] of Object.entries(value)) {
    if (!Array.isArray(value)) checkKey(key, id);
    checkMetadata(inner, id, level + 1);
  }
}

function checkKey(key: string, id: string): void {
  checkText(key, `metadata of the vector id=${quote(id)}`);
  if (key === '' || key.startsWith('$') || /[."]/.test(key)) {
    throw upsertFault(
      `metadata of the vector id=${quote(id)}: a key must not be empty, begin with $, or contain . or "`,
    );
  }
}

function checkText(text: string, what: string): void {
  if (!isWellFormed(text)) throw upsertFault(`${what} has half of a surrogate pair, which is no text`);
}

/** `String.prototype.isWellFormed`, which TypeScript's library of ES2023 lacks. */
const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

const quote = (id: string): string => JSON.stringify(id);
