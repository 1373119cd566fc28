import { isRecord } from '../../values.ts';

export type JsonRecord = Readonly<Record<string, unknown>>;

/** The same text for values that JSON Schema calls equal: the order of an object's members does not count. */
export function equalityKey(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(equalityKey).join()}]`;
  if (isRecord(value)) {
    const members = Object.keys(value)
      .sort()
      .map((name) => `${JSON.stringify(name)}:${equalityKey(value[name])}`);
    return `{${members.join()}}`;
  }
  return JSON.stringify(value);
}
