/** Most levels of objects and lists in a body: what reads it later may recurse. */
export const MAX_JSON_LEVELS = 32;

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Most objects and lists in a body, and most names of members: what each takes is many times what it weighs as text. */
export const MAX_JSON_PARTS = 2 ** 16;

/** What a JSON text has of what is dear to parse. */
export interface JsonShape {
  /** Lists or objects in one another. */
  numLevels: number;
  numObjectsAndLists: number;
  numNames: number;
}

/**
 * Reads a JSON text once from front to back, before it is parsed, and keeps nothing. Of a text that is not JSON the
 * answer means nothing.
 */
export function jsonShape(text: string): JsonShape {
  const shape: JsonShape = { numLevels: 0, numObjectsAndLists: 0, numNames: 0 };
  let level = 0;
  for (let index = 0; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case QUOTE:
        index = endOfString(text, index);
        break;
      case COLON:
        shape.numNames++;
        break;
      case OPEN_LIST:
      case OPEN_OBJECT:
        shape.numObjectsAndLists++;
        shape.numLevels = Math.max(shape.numLevels, ++level);
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        level--;
    }
  }
  return shape;
}

/** The place of the quote that ends the string which starts at `start`, or of the text's end. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  for (; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) break;
    // What follows a backslash does not end the string.
    if (code === BACKSLASH) index++;
  }
  return index;
}

/** Why a JSON text that a client sent is not parsed; undefined where it may be. */
export function jsonFault(text: string): string | undefined {
  const { numLevels, numObjectsAndLists, numNames } = jsonShape(text);
  if (numLevels > MAX_JSON_LEVELS) return `nests more than ${MAX_JSON_LEVELS} levels of objects and lists`;
  if (numObjectsAndLists > MAX_JSON_PARTS) {
    return `has ${numObjectsAndLists} objects and lists, the limit is ${MAX_JSON_PARTS}`;
  }
  return numNames > MAX_JSON_PARTS
    ? `has ${numNames} names of members, the limit is ${MAX_JSON_PARTS}`
    : undefined;
}
