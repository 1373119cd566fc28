/** Of V8's strings: a header, and whole words. */
const STRING_HEADER_BYTES = 16;
const WORD_BYTES = 8;
/** Of V8's objects: hidden class, properties, elements; a list has its elements in an object of their own. */
const OBJECT_HEADER_BYTES = 24;
const LIST_HEADER_BYTES = 48;
/** A number that is no small integer. */
const BOXED_NUMBER_BYTES = 16;
const MAX_SMALL_INTEGER = 2 ** 31 - 1;

const HAS_WIDE_CHARACTER = /[\u0100-\uffff]/;

/**
 * A text as one flat string with a character for each byte of its UTF-8 form. What a store keeps of a client's values is
 * kept so: V8 gives such a string one byte a character, while a text that was just put together may be a tree of pieces,
 * or hold on to a larger text that it is a part of, and an object graph takes up to 22 times its JSON.
 */
export const packText = (text: string): string => Buffer.from(text).toString('latin1');

/** The text that `packText` made the string of. */
export const unpackText = (packed: string): string => Buffer.from(packed, 'latin1').toString();

/** What a string of `packText` takes in memory. */
export const packedBytes = (packed: string): number => stringBytes(packed.length);

/**
 * What a value takes in memory: plain objects, lists, texts and numbers, each counted where it is met. It is meant for
 * objects of few fields whose names are in the code, which V8 keeps once for all of them.
 */
export function heldBytes(value: unknown): number {
  if (typeof value === 'string') {
    return stringBytes(HAS_WIDE_CHARACTER.test(value) ? 2 * value.length : value.length);
  }
  if (typeof value === 'number') return isSmallInteger(value) ? 0 : BOXED_NUMBER_BYTES;
  if (typeof value !== 'object' || value === null) return 0;
  let numBytes = Array.isArray(value) ? LIST_HEADER_BYTES : OBJECT_HEADER_BYTES;
  for (const key in value) numBytes += WORD_BYTES + heldBytes(Reflect.get(value, key));
  return numBytes;
}

const stringBytes = (numCharacterBytes: number): number =>
  STRING_HEADER_BYTES + Math.ceil(numCharacterBytes / WORD_BYTES) * WORD_BYTES;

const isSmallInteger = (value: number): boolean =>
  Number.isInteger(value) && Math.abs(value) <= MAX_SMALL_INTEGER;
