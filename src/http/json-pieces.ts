import { JsonMeasure } from '../json-measure.ts';
import type { AppContext } from './app-env.ts';

/** Of a piece; it takes less than a millisecond to be made. An answer that is no longer goes out in one write. */
export const PIECE_CHARACTERS = 2 ** 16;
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

/** Lists count with what they are about. */
function isShort(value: unknown, maxCharacters: number): boolean {
  let ofLists = 0;
  const measure = new JsonMeasure(maxCharacters);
  const isWithin = measure.add(value, (object) => {
    if (object instanceof JsonList) ofLists += object.numCharacters;
  });
  return isWithin && measure.numCharacters + ofLists <= maxCharacters;
}

/**
 * Answers with a body as JSON. A short one goes out whole. A long one goes out in pieces, each made once the client has
 * taken those before it, and between two pieces the thread does what else there is to do.
 */
export function answerJson(c: AppContext, body: object): Response {
  return isShort(body, PIECE_CHARACTERS) ? c.json(body) : answerInPieces(c, jsonPieces(body));
}

/** Answers with JSON that comes in pieces. */
export function answerInPieces(c: AppContext, pieces: Iterator<string>): Response {
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        await new Promise(setImmediate);
        const piece = pieces.next();
        if (piece.done === true) controller.close();
        else controller.enqueue(encoder.encode(piece.value));
      },
      cancel: () => void pieces.return?.(),
    },
    { highWaterMark: 0 },
  );
  return c.body(stream, 200, { 'content-type': 'application/json' });
}
