import { EngineError } from '../errors.ts';
import { encodeTail, type EncodedText } from '../tokenizer/encode-in-slices.ts';
import type { InSlices } from '../process/in-slices.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';

export interface EncodeQuestion {
  texts: readonly string[];
  addSpecialTokens: boolean;
  /** Only the last so many tokens of each text are wanted; undefined: all. */
  numKept: number | undefined;
}

/** @throws EngineError `weights_invalid` where the tokenizer fails, or makes ids that are none of its own */
export function* encodeTexts(
  tokenizer: Tokenizer,
  { texts, addSpecialTokens, numKept = Infinity }: EncodeQuestion,
): InSlices<EncodedText<number[]>[]> {
  try {
    const all: EncodedText<number[]>[] = [];
    for (const text of texts) {
      const encoded = yield* encodeTail(tokenizer, text, numKept, { addSpecialTokens });
      checkEncodedIds(encoded.tokenIds, tokenizer.vocabSize);
      all.push(encoded);
      yield;
    }
    return all;
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    // The reason is a library's, which may quote the text.
    throw new EngineError('weights_invalid', `the model's tokenizer failed: ${reason}`, {
      mayQuote: true,
      cause,
    });
  }
}

/**
 * Checks what a tokenizer made: the files of a model may hold anything and may have changed since, and the model embeds
 * no id beyond its vocabulary. The tokenizer is at fault here; `checkVocabulary` checks the ids that a client sent.
 */
export function checkEncodedIds(tokenIds: readonly number[] | Int32Array, vocabSize: number): void {
  for (const tokenId of tokenIds) {
    if (tokenId >= 0 && tokenId < vocabSize) continue;
    throw new EngineError(
      'weights_invalid',
      `the model's tokenizer made token ${tokenId} of a text, outside its vocabulary of ${vocabSize} tokens`,
    );
  }
}
