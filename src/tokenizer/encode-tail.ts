import { cutBefore, cutFrom } from './cut-places.ts';
import type { InSlices } from '../process/in-slices.ts';

/** What the tail of a text is encoded by: a Tokenizer. */
interface TextEncoder<Options> {
  readonly cutsAtSpaces: boolean;
  encode(text: string, options: Options): number[];
  encodeInSlices(text: string, options: Options): InSlices<number[]>;
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
export function* encodeTail<Options>(
  tokenizer: TextEncoder<Options>,
  text: string,
  numKept: number,
  options: Options,
): InSlices<EncodedText<number[]>> {
  let numCharacters = MIN_CHARACTERS + CHARACTERS_PER_TOKEN * numKept;
  while (tokenizer.cutsAtSpaces && numCharacters < text.length) {
    const start = cutBefore(text, text.length - numCharacters);
    const firstCut = cutFrom(text, start + 1);
    if (start <= 0 || firstCut === -1) break;
    const tokenIds = yield* tokenizer.encodeInSlices(text.slice(start), options);
    const numAround = tokenizer.encode('', options).length;
    const numBefore = MOST_EXPANDED * Buffer.byteLength(text.slice(start, firstCut)) + numAround + 1;
    if (tokenIds.length >= numKept + numBefore)
      return { tokenIds: tokenIds.slice(tokenIds.length - numKept), numTokens: undefined };
    numCharacters *= 2;
  }
  const tokenIds = yield* tokenizer.encodeInSlices(text, options);
  return { tokenIds: tokenIds.slice(Math.max(tokenIds.length - numKept, 0)), numTokens: tokenIds.length };
}
