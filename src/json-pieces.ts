/** Of a piece; it takes less than a millisecond to be made. An answer that is no longer goes out in one write. */
const PIECE_CHARACTERS = 2 ** 16;
/** What is no longer is written by one call of `JSON.stringify`. */
const PART_CHARACTERS = 4096;
const HIGH_SURROGATE = /[\uD800-\uDBFF]$/;

/** A list of an answer whose items are made as they are written, so that they are never there all at once. */
export class JsonList<Item> {
  readonly #items: () => Iterable<Item>;
  /** Of the list as JSON, about. */
  readonly numCharacters: number;

  /**
   * @param items the items, anew for each call
   * @param size how many there are, and how long one is as JSON, about
   */
  constructor(items: () => Iterable<Item>, size: { length: number; charactersPerItem: number }) {
    this.#items = items;
    this.numCharacters = size.length * size.charactersPerItem;
  }

  [Symbol.iterator](): Iterator<Item> {
    return this.#items()[Symbol.iterator]();
  }

  toJSON(): Item[] {
    return [...this];
  }
}

/** A body whose lists may be such. */
export type WithLists<Value> = Value extends readonly (infer Item)[]
  ? readonly WithLists<Item>[] | JsonList<Item>
  : Value extends object
    ? { [Key in keyof Value]: WithLists<Value[Key]> }
    : Value;

/** The texts of a value that `JSON.stringify` writes, in pieces of about `maxCharacters`: joined they are the same text. */
export function* jsonPieces(value: unknown, maxCharacters = PIECE_CHARACTERS): Generator<string> {
  let piece = '';
  for (const part of jsonParts(value)) {
    piece += part;
    if (piece.length < maxCharacters) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

function* jsonParts(value: unknown): Generator<string> {
  if (typeof value === 'string' && value.length > PART_CHARACTERS) yield* textParts(value);
  else if (isShort(value, PART_CHARACTERS)) yield JSON.stringify(value);
  else if (Array.isArray(value) || value instanceof JsonList) yield* listParts(value as Iterable<unknown>);
  else yield* objectParts(value as object);
}

function* textParts(text: string): Generator<string> {
  yield '"';
  for (let start = 0; start < text.length;) {
    // JSON.stringify would escape the halves of a character.
    const end =
      start + PART_CHARACTERS - (HIGH_SURROGATE.test(text.slice(start, start + PART_CHARACTERS)) ? 1 : 0);
    yield JSON.stringify(text.slice(start, end)).slice(1, -1);
    start = end;
  }
  yield '"';
}

function* listParts(items: Iterable<unknown>): Generator<string> {
  let mark = '[';
  for (const item of items) {
    yield mark;
    yield* jsonParts(item === undefined ? null : item);
    mark = ',';
  }
  yield mark === '[' ? '[]' : ']';
}

function* objectParts(object: object): Generator<string> {
  let mark = '{';
  for (const [key, value] of Object.entries(object) as [string, unknown][]) {
    if (value === undefined) continue;
    yield `${mark}${JSON.stringify(key)}:`;
    yield* jsonParts(value);
    mark = ',';
  }
  yield mark === '{' ? '{}' : '}';
}

/** Whether a value is no longer as JSON, about; a JsonList counts without its items being made. */
export const isShort = (value: unknown, maxCharacters = PIECE_CHARACTERS): boolean =>
  jsonLength(value, maxCharacters) <= maxCharacters;

/** How long a value is as JSON, about; of one that is longer than `maxCharacters`, anything that is longer. */
export const jsonLength = (value: unknown, maxCharacters = Infinity): number =>
  addLength(value, 0, maxCharacters);

/** A value has a character at least, and a comma; a text is written in quotation marks, a key in them before a colon. */
const VALUE_CHARACTERS = 2;
const TEXT_CHARACTERS = 4;
const KEY_CHARACTERS = 3;

/** By recursion, as JSON.stringify does it: every answer is measured. */
function addLength(value: unknown, before: number, most: number): number {
  if (typeof value === 'string') return before + value.length + TEXT_CHARACTERS;
  if (typeof value !== 'object' || value === null) return before + VALUE_CHARACTERS;
  let sum = before + VALUE_CHARACTERS;
  if (value instanceof JsonList) return sum + value.numCharacters;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length && sum <= most; index++)
      sum = addLength(value[index], sum, most);
    return sum;
  }
  const record = value as Record<string, unknown>;
  for (const key in record) {
    if (sum > most) break;
    sum = addLength(record[key], sum + key.length + KEY_CHARACTERS, most);
  }
  return sum;
}
