/**
 * GPT-2's byte-level alphabet: every byte is written as one printable character, so that a vocabulary is text. The
 * 188 printable bytes of Latin-1 stand for themselves, the other 68 for the characters from U+0100 on
 * (`bytes_to_unicode` of https://github.com/openai/gpt-2/blob/master/src/encoder.py).
 */
function byteCharacters(): string[] {
  const isPrintable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
}

/** The character of each byte value. */
export const BYTE_CHARACTERS: readonly string[] = byteCharacters();

/** GPT-2's words: contractions, letters, digits or other signs with the space before them, and white space. */
const WORDS = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** The pieces that no token crosses, in order; together they are the text. */
export function splitWords(text: string): string[] {
  return text.match(WORDS) ?? [];
}
