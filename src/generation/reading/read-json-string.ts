import type { Reading, TextFeed } from './text-feed.ts';

const SIMPLE: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const isHexDigit = (character: string): boolean => /^[0-9a-fA-F]$/.test(character);
const isPlain = (character: string): boolean => character !== '"' && character !== '\\';

/**
 * Consumes a JSON string, of which the opening quote was consumed, and hands on what it stands for as it comes. A lone
 * surrogate waits for its other half. False: the text ended before the closing quote, or there were more characters than
 * allowed.
 */
export function* readJsonString(
  feed: TextFeed,
  onText: (text: string) => void,
  mostCharacters = Infinity,
): Reading<boolean> {
  let numCharacters = 0;
  let half = '';
  for (;;) {
    const plain = feed.takeNow(isPlain);
    numCharacters += plain.length;
    if (plain !== '') {
      onText(half + plain);
      half = '';
    }
    if (numCharacters > mostCharacters) return false;
    if (yield* feed.takeIf('"')) {
      onText(half);
      return true;
    }
    if (!(yield* feed.takeIf('\\'))) {
      if ((yield* feed.peek()) !== undefined) continue;
      onText(half);
      return false;
    }
    const character = yield* readEscape(feed);
    numCharacters += character.length;
    const isHigh = /^[\uD800-\uDBFF]$/.test(character);
    if (isHigh) {
      onText(half);
      half = character;
    } else {
      onText(half + character);
      half = '';
    }
  }
}

function* readEscape(feed: TextFeed): Reading<string> {
  const letter = yield* feed.peek();
  if (letter === undefined) return '';
  yield* feed.takeIf(letter);
  if (letter !== 'u') return SIMPLE[letter] ?? letter;
  const digits = yield* feed.takeWhile(isHexDigit, 4);
  return digits.length === 4 ? String.fromCharCode(Number.parseInt(digits, 16)) : `u${digits}`;
}
