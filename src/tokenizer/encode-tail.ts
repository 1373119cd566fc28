/** What the tail of a text is encoded by: a Tokenizer. */
interface TextEncoder<Options> {
  readonly cutsAtSpaces: boolean;
  encode(text: string, options: Options): number[];
}

export interface EncodedText<Ids> {
  readonly tokenIds: Ids;
  /** Tokens of the whole text; undefined where its beginning was not encoded. */
  readonly numTokens: number | undefined;
}

/** Characters that tokens have at most, for most texts, and some to begin with: what does not suffice is doubled. */
const CHARACTERS_PER_TOKEN = 8;
const MIN_CHARACTERS = 4096;
/** Unicode's composition (NFC) makes at most three bytes of one. */
const MOST_EXPANDED = 3;

/**
 * The last `numKept` tokens of a text, by encoding no more of it than that takes. They are those of the whole text: the
 * tail begins where the tokenizer cuts anyway, and what the start of a text is given (a space, begin-of-text) ends
 * before the next such place, from where on tokens are counted.
 */
export function encodeTail<Options>(
  tokenizer: TextEncoder<Options>,
  text: string,
  numKept: number,
  options: Options,
): EncodedText<number[]> {
  let numCharacters = MIN_CHARACTERS + CHARACTERS_PER_TOKEN * numKept;
  while (tokenizer.cutsAtSpaces && numCharacters < text.length) {
    const start = cutBefore(text, text.length - numCharacters);
    const firstCut = cutFrom(text, start + 1);
    if (start <= 0 || firstCut === -1) break;
    const tokenIds = tokenizer.encode(text.slice(start), options);
    const numAround = tokenizer.encode('', options).length;
    const numBefore = MOST_EXPANDED * Buffer.byteLength(text.slice(start, firstCut)) + numAround + 1;
    if (tokenIds.length >= numKept + numBefore)
      return { tokenIds: tokenIds.slice(tokenIds.length - numKept), numTokens: undefined };
    numCharacters *= 2;
  }
  const tokenIds = tokenizer.encode(text, options);
  return { tokenIds: tokenIds.slice(Math.max(tokenIds.length - numKept, 0)), numTokens: tokenIds.length };
}

/** The last place at or before an index where a space follows a letter or digit, and a letter follows it; -1: none. */
function cutBefore(text: string, index: number): number {
  let cut = index;
  while (cut > 0 && !isCut(text, cut)) cut--;
  return cut > 0 ? cut : -1;
}

/** The first such place at or behind an index; -1: none. */
function cutFrom(text: string, index: number): number {
  let cut = index;
  while (cut < text.length && !isCut(text, cut)) cut++;
  return cut < text.length ? cut : -1;
}

function isCut(text: string, index: number): boolean {
  return (
    text.charCodeAt(index) === 0x20 &&
    isLetter(text.charCodeAt(index + 1)) &&
    isLetterOrDigit(text.charCodeAt(index - 1))
  );
}

/** Of ASCII. */
const isLetter = (code: number): boolean => (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;

/** Of ASCII. */
export const isLetterOrDigit = (code: number): boolean => isLetter(code) || (code >= 0x30 && code <= 0x39);
