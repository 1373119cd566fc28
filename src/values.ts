/** Characters of a client's value that are shown again. */
export const MAX_ECHO_LENGTH = 200;

const HIGH_SURROGATE = /[\uD800-\uDBFF]$/;

/**
 * A value of a request as messages, log lines, headers and labels show it: its first characters, with an ellipsis in
 * place of the rest. A client may send a megabyte where a name belongs.
 */
export function clip(value: string): string {
  if (value.length <= MAX_ECHO_LENGTH) return value;
  return `${value.slice(0, MAX_ECHO_LENGTH - 1).replace(HIGH_SURROGATE, '')}…`;
}

/** Whether a value is what JSON calls an object: neither null nor a list. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object without some of its fields. */
export const without = <T extends object, Name extends string>(
  object: T,
  names: readonly Name[],
): Omit<T, Name> => {
  const left: ReadonlySet<string> = new Set(names);
  return Object.fromEntries(Object.entries(object).filter(([name]) => !left.has(name))) as Omit<T, Name>;
};

/** A field of a value that may be no object; undefined where there is none. */
export const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

/** What a thrown value says. */
export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);

/** Whether an error of Node's carries one of these codes, such as `ENOENT`. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/**
 * Milliseconds on the machine's monotonic clock, alike in all processes: what `process.hrtime` counts from is the
 * machine's affair, not the process's (`performance.now` counts from the start of its own).
 */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/** Milliseconds since 1970 as the system's clock had them when the process began: they never go back and never jump. */
export const steadyUnixMs = (): number => performance.timeOrigin + performance.now();
