import { EngineError } from '../errors.ts';
import { isRecord } from '../values.ts';
import type { TensorEntry } from './tensor-source.ts';

/** Bytes of one element of every dtype of the format. */
const DTYPE_BYTES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    BOOL: 1,
    U8: 1,
    I8: 1,
    F8_E4M3: 1,
    F8_E5M2: 1,
    U16: 2,
    I16: 2,
    F16: 2,
    BF16: 2,
    U32: 4,
    I32: 4,
    F32: 4,
    U64: 8,
    I64: 8,
    F64: 8,
  }),
);

/**
 * Reads the JSON header of a safetensors file and checks what the format promises
 * (https://huggingface.co/docs/safetensors): known dtypes, sizes that fit shapes, and tensors that cover the data
 * without overlap or gap.
 * @param dataBytes size of the file after the header
 * @throws EngineError `weights_invalid` naming the tensor
 */
export function parseSafetensorsHeader(header: string, dataBytes: number): Map<string, TensorEntry> {
  const fields = parseObject(header);
  const entries: TensorEntry[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (name !== '__metadata__') entries.push(parseEntry(name, value, dataBytes));
  }
  checkCoverage(entries, dataBytes);
  return new Map(entries.map((entry) => [entry.name, entry]));
}

/** The number of elements of a shape; 1 for a scalar's []. */
export function numElements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function parseObject(header: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(header);
    if (isRecord(value)) return value;
  } catch (cause) {
    throw new EngineError('weights_invalid', 'the safetensors header is not valid JSON', { cause });
  }
  throw new EngineError('weights_invalid', 'the safetensors header is not a JSON object');
}

function parseEntry(name: string, value: unknown, dataBytes: number): TensorEntry {
  if (!isRecord(value)) throw invalid(name, 'its header entry is not an object');
  const { dtype, shape, data_offsets: offsets } = value;
  const elementBytes = typeof dtype === 'string' ? DTYPE_BYTES.get(dtype) : undefined;
  if (typeof dtype !== 'string' || elementBytes === undefined)
    throw invalid(name, `unknown dtype ${show(dtype)}`);
  if (!isSizes(shape)) throw invalid(name, `shape ${show(shape)} is not a list of sizes`);
  if (!isSizes(offsets) || offsets.length !== 2)
    throw invalid(name, `data_offsets ${show(offsets)} is not [start, end]`);
  const [byteStart = 0, byteEnd = 0] = offsets;
  if (byteStart > byteEnd || byteEnd > dataBytes) {
    throw invalid(
      name,
      `bytes ${byteStart} to ${byteEnd} lie outside the ${dataBytes} bytes of data; is the file cut?`,
    );
  }
  const expectedBytes = numElements(shape) * elementBytes;
  if (byteEnd - byteStart !== expectedBytes) {
    throw invalid(
      name,
      `${dtype} of shape [${shape.join(', ')}] takes ${expectedBytes} bytes, but has ${byteEnd - byteStart}`,
    );
  }
  return { name, dtype, shape, byteStart, byteEnd };
}

function checkCoverage(entries: readonly TensorEntry[], dataBytes: number): void {
  let covered = 0;
  const inFileOrder = entries.toSorted((a, b) => a.byteStart - b.byteStart || a.byteEnd - b.byteEnd);
  for (const { name, byteStart, byteEnd } of inFileOrder) {
    if (byteStart < covered)
      throw invalid(name, `it overlaps the tensor before it: ${byteStart} < ${covered}`);
    if (byteStart > covered)
      throw invalid(name, `${byteStart - covered} bytes before it belong to no tensor`);
    covered = byteEnd;
  }
  if (covered !== dataBytes) {
    throw new EngineError(
      'weights_invalid',
      `the last ${dataBytes - covered} bytes of data belong to no tensor`,
    );
  }
}

function invalid(name: string, problem: string): EngineError {
  return new EngineError('weights_invalid', `tensor "${name}": ${problem}`);
}

function show(value: unknown): string {
  return value === undefined ? '(missing)' : JSON.stringify(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
