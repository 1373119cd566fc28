import type { InSlices } from '../process/in-slices.ts';

/** A vocabulary and how text becomes its ids: what differs from one kind of tokenizer to another. */
export interface TokenizerModel {
  /** One more than the largest token id. */
  readonly vocabSize: number;
  /** Tokens that are no text, by what they are written as: end-of-text and its kin. */
  readonly controlTokens: ReadonlyMap<string, number>;
  /** True when decoding drops the space that SentencePiece puts in front of a text. */
  readonly stripsLeadingSpace: boolean;
  /** Most bytes of text that become one token; undefined where some text becomes none, or any amount of it one. */
  readonly maxBytesPerToken: number | undefined;
  /**
   * True when every text with a space between a letter or digit and a letter (of ASCII) has the tokens of what stands
   * before the space, encoded alone, and then those of the space and what follows it.
   */
  readonly cutsAtSpaces: boolean;
  /** The ids of a text without lone surrogates; with begin- and end-of-text where the model has them and they are asked for. */
  encode(text: string, addSpecialTokens: boolean): number[];
  /** Encodes in slices, without begin- and end-of-text; absent where the model cannot. */
  encodeInSlices?(text: string): InSlices<number[]>;
  /** The bytes a token stands for; none for an id outside the vocabulary. */
  idToBytes(tokenId: number): Uint8Array;
}
