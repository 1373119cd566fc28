import { isCut, cutBefore, cutFrom } from './space-cuts.ts';
import type { InSlices } from '../process/in-slices.ts';
import type { TokenizerModel } from './tokenizer-model.ts';

/** Some ten milliseconds of a tokenizer. */
const PIECE_CHARACTERS = 8192;
/** Between two cuts: what stands there is encoded twice. */
const MAX_LEAD_CHARACTERS = 256;
/** A text of one token at least, in any vocabulary. */
const SAMPLE = 'a';

/**
 * The ids that `model.encode` makes of a text, in slices. A long text is encoded in pieces that end where the tokenizer
 * cuts anyway (`cutsAtSpaces`). What has no such positions, the model encodes in slices of its own, if it can.
 */
export function* encodeInSlices(
  model: TokenizerModel,
  text: string,
  addSpecialTokens: boolean,
  pieceCharacters = PIECE_CHARACTERS,
): InSlices<number[]> {
  const around = text.length > pieceCharacters ? specialTokensAround(model, addSpecialTokens) : undefined;
  if (around === undefined) return model.encode(text, addSpecialTokens);
  const ids = [...around.before];
  let lead = 0;
  for (let start = 0; start < text.length;) {
    const next = model.cutsAtSpaces ? cutsFrom(text, start + pieceCharacters) : undefined;
    const end = next?.cut ?? text.length;
    // What the start of a text is given may change its first tokens: the piece begins a word earlier, which is left out.
    const numLead = start === lead ? 0 : model.encode(text.slice(lead, start), false).length;
    const piece = yield* encodePiece(model, text.slice(lead, end), pieceCharacters);
    for (let index = numLead; index < piece.length; index++) ids.push(piece[index] ?? 0);
    yield;
    lead = next?.lead ?? end;
    start = end;
  }
  for (const id of around.behind) ids.push(id);
  return ids;
}

function* encodePiece(model: TokenizerModel, text: string, pieceCharacters: number): InSlices<number[]> {
  if (text.length <= 2 * pieceCharacters || model.encodeInSlices === undefined)
    return model.encode(text, false);
  return yield* model.encodeInSlices(text);
}

/** The first two positions at or behind an index that cut and are near each other; undefined: there are none. */
function cutsFrom(text: string, index: number): { lead: number; cut: number } | undefined {
  let lead = -1;
  for (let position = index; position < text.length; position++) {
    if (!isCut(text, position)) continue;
    if (lead >= 0 && position - lead <= MAX_LEAD_CHARACTERS) return { lead, cut: position };
    lead = position;
  }
  return undefined;
}

/** What a text is put between; undefined: that cannot be told. */
function specialTokensAround(
  model: TokenizerModel,
  addSpecialTokens: boolean,
): { before: number[]; behind: number[] } | undefined {
  if (!addSpecialTokens) return { before: [], behind: [] };
  const alone = model.encode(SAMPLE, false);
  const whole = model.encode(SAMPLE, true);
  for (let start = 0; start + alone.length <= whole.length; start++) {
    if (alone.length === 0 || alone.some((id, index) => whole[start + index] !== id)) continue;
    return { before: whole.slice(0, start), behind: whole.slice(start + alone.length) };
  }
  return undefined;
}

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
 * before the next such position, from where on tokens are counted.
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
