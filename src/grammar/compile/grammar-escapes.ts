import { codePointOf } from '../regular/alphabet.ts';
import type { TextReader } from '../regular/text-reader.ts';

/** The code point that stands behind a backslash, which is read already. @throws what `refuse` makes of a complaint */
export function readEscape(reader: TextReader, refuse: (complaint: string) => Error): number {
  const letter = reader.read();
  const known = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
  if (known !== undefined) return known;
  const length = Object.hasOwn(HEX_LENGTHS, letter) ? HEX_LENGTHS[letter] : undefined;
  if (length === undefined) {
    if (/^[a-zA-Z0-9]$/.test(letter)) throw refuse(`has the escape \\${letter}, which is not known`);
    return codePointOf(letter);
  }
  const codePoint = reader.skip('{') ? readBraced(reader) : reader.readHex(length);
  const isCharacter = codePoint <= 0x10ffff && (codePoint < 0xd800 || codePoint >= 0xe000);
  if (!isCharacter) throw refuse(`has an escape \\${letter} that is no character`);
  return codePoint;
}

/** A string in quotes, up to the quote that it begins with. @throws what `refuse` makes of a complaint */
export function readQuoted(reader: TextReader, refuse: (complaint: string) => Error): string {
  const quote = reader.read();
  let text = '';
  for (;;) {
    const character = reader.read();
    if (character === '' || character === '\n') throw refuse(`has a string without ${quote}`);
    if (character === quote) return text;
    text += character === '\\' ? String.fromCodePoint(readEscape(reader, refuse)) : character;
  }
}

function readBraced(reader: TextReader): number {
  const digits = reader.readWhile((character) => /^[0-9a-fA-F]$/.test(character));
  return reader.skip('}') && digits.length <= 6 ? Number.parseInt(digits, 16) : Number.NaN;
}

const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, b: 8, f: 12, v: 11, 0: 0 };
const HEX_LENGTHS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
