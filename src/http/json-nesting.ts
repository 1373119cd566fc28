/** Most levels of objects and lists in a body: what reads it later may recurse. */
export const MAX_JSON_LEVELS = 32;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Whether a JSON text has lists or objects in one another, more than `maxLevels` deep. Reads it once from front to back,
 * before it is parsed, and keeps nothing; of a text that is not JSON the answer means nothing.
 */
export function nestsDeeperThan(text: string, maxLevels: number): boolean {
  let level = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (isInString) {
      // What follows a backslash does not end the string.
      if (code === BACKSLASH) index++;
      else if (code === QUOTE) isInString = false;
    } else if (code === QUOTE) isInString = true;
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      if (++level > maxLevels) return true;
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) level--;
  }
  return false;
}
