import { EngineError } from '../errors.ts';
import { encodeTail, type EncodedText } from '../tokenizer/encode-tail.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';

export interface EncodeQuestion {
  texts: readonly string[];
  addSpecialTokens: boolean;
  /** Only the last so many tokens of each text are wanted; undefined: all. */
  numKept: number | undefined;
}

/** @throws EngineError `weights_invalid` where the tokenizer fails, or makes ids that are none of its own */
export function encodeTexts(
  tokenizer: Tokenizer,
  { texts, addSpecialTokens, numKept = Infinity }: EncodeQuestion,
): EncodedText<number[]>[] {
  try {
    return texts.map((text) => {
      const encoded = encodeTail(tokenizer, text, numKept, { addSpecialTokens });
      checkIds(encoded.tokenIds, tokenizer.vocabSize);
      return encoded;
    });
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('weights_invalid', `the model's tokenizer failed: ${reason}`, { cause });
  }
}

/** What the files of a model say may be anything, and they may have changed since; it embeds no other ids. */
export function checkIds(tokenIds: readonly number[] | Int32Array, vocabSize: number): void {
  for (const tokenId of tokenIds) {
    if (tokenId >= 0 && tokenId < vocabSize) continue;
    throw new EngineError(
      'weights_invalid',
      `the model's tokenizer made token ${tokenId} of a text, outside its vocabulary of ${vocabSize} tokens`,
    );
  }
}
