/** A key's value with its type, as @huggingface/gguf reports it: the types are GGUF's own numbers. */
export interface TypedValue {
  readonly value: unknown;
  readonly type: number;
  /** Of a list's elements. */
  readonly subType?: number;
}

export const STRING = 8;
export const LIST = 9;
const FIXED_BYTES: ReadonlyMap<number, number> = new Map([
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
export function metadataBytes(pairs: Iterable<readonly [key: string, TypedValue]>): number | undefined {
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
  return type === STRING ? 8 + Buffer.byteLength(String(value)) : FIXED_BYTES.get(type);
}

/** The bytes of a number or a truth value; 0 for any other type. */
export function fixedBytes(type: number | undefined): number {
  return FIXED_BYTES.get(type ?? LIST) ?? 0;
}
