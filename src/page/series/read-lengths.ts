const MAX_ROWS = 64;
const MAX_LENGTH = 100_000;

/** What can be read as a length; the rest is left out. */
export function readLengths(text: string): number[] {
  return text
    .split(/[\s,;]+/)
    .map(Number)
    .filter((length) => Number.isInteger(length) && length > 0 && length <= MAX_LENGTH)
    .slice(0, MAX_ROWS);
}
