import { isRecord } from '../values.ts';
import { LIMITS } from './limits.ts';
import type { PropertyType } from './vector-types.ts';

/** A value in a metadata index. */
export type Indexed = string | number | boolean;

/** The longest beginning of a text that fits into a metadata index and is well-formed UTF-8. */
export function truncated(text: string): string {
  // A character has at most three bytes for each of its units.
  if (text.length * 3 <= LIMITS.indexedBytes) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= LIMITS.indexedBytes) return text;
  let end: number = LIMITS.indexedBytes;
  while (((bytes[end] ?? 0) & CONTINUATION_MASK) === CONTINUATION) end--;
  return bytes.toString('utf8', 0, end);
}

const CONTINUATION_MASK = 0xc0;
const CONTINUATION = 0x80;

/** What a metadata index holds of a vector: undefined where the property is missing, or of another type. */
export function indexedValue(metadata: unknown, path: string, type: PropertyType): Indexed | undefined {
  let value = metadata;
  for (const key of path.split('.')) {
    if (!isRecord(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  if (typeof value !== type) return undefined;
  return typeof value === 'string' ? truncated(value) : (value as number | boolean);
}

/** The object that has a value at the end of each path: `pandas.nice` of 42 is `{ pandas: { nice: 42 } }`. */
export function nested(values: Iterable<readonly [path: string, value: Indexed]>): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [path, value] of values) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    let place = root;
    for (const key of keys) {
      const inner = Object.hasOwn(place, key) ? place[key] : undefined;
      const next: Record<string, unknown> = isRecord(inner) ? inner : {};
      define(place, key, next);
      place = next;
    }
    define(place, last, value);
  }
  return root;
}

/** Also where the key is `__proto__`. */
const define = (object: object, key: string, value: unknown): unknown =>
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
