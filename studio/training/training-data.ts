import { EngineError } from '../../src/errors.ts';
import { BytePairEncoder, END_OF_TEXT } from './byte-pair-encoder.ts';
import { CHAT_TOKENS, encodeDocument } from './chat-format.ts';
import type { Source } from './corpus.ts';
import { isConversation, textsOf } from './documents.ts';
import { encodeHeldOut, type HeldOut } from './held-out.ts';
import { trainMerges } from './train-merges.ts';

/** What training reads; the same texts and seed give the same. */
export interface TrainingData {
  readonly encoder: BytePairEncoder;
  /** Whether the corpus has conversations, so that the model can have one. */
  readonly chats: boolean;
  /** The training texts, `<|endoftext|>` before each and after the last. */
  readonly tokens: Int32Array;
  /** UTF-8 bytes of the training texts; special tokens have none. */
  readonly numTrainingBytes: number;
  readonly heldOut: HeldOut;
}

const NUM_BYTES = 256;
/** The kernels want sizes that are multiples of this. */
const SIZE_UNIT = 8;

/**
 * Fits the tokenizer to the training texts, unless there is one, and encodes everything.
 * @param vocabSize tokens of the vocabulary; it has fewer where the corpus gives no more
 * @throws EngineError `config_invalid` for a corpus that is too small, or has conversations for a tokenizer without turns
 */
export function prepareData(
  sources: readonly Source[],
  vocabSize: number,
  given?: BytePairEncoder,
): TrainingData {
  const documents = sources.flatMap(({ training, times }) =>
    Array.from({ length: times }, () => training).flat(),
  );
  const texts = documents.flatMap(textsOf);
  const numTrainingBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const hasConversations = documents.some(isConversation);
  const encoder =
    given ?? fitEncoder(texts, vocabSize, hasConversations ? CHAT_TOKENS : [], numTrainingBytes);
  const chats = CHAT_TOKENS.every((token) => encoder.specialTokens.includes(token));
  if (hasConversations && !chats) {
    throw new EngineError(
      'config_invalid',
      'the corpus has conversations, and the vocabulary of the model that --from names has no tokens for turns',
    );
  }
  const encoded = documents.map((document) => encodeDocument(encoder, document));
  const numTokens = encoded.reduce((sum, { length }) => sum + 1 + length, 1);
  const tokens = new Int32Array(numTokens).fill(encoder.endOfTextId);
  let at = 1;
  for (const document of encoded) {
    tokens.set(document, at);
    at += document.length + 1;
  }
  return { encoder, chats, tokens, numTrainingBytes, heldOut: encodeHeldOut(sources, encoder) };
}

function fitEncoder(
  texts: readonly string[],
  vocabSize: number,
  chatTokens: readonly string[],
  numTrainingBytes: number,
): BytePairEncoder {
  const numBaseTokens = NUM_BYTES + [END_OF_TEXT, ...chatTokens].length;
  const merges = trainMerges(texts, vocabSize - numBaseTokens);
  // A small corpus has no more pairs that occur twice.
  const numTokens = Math.floor((numBaseTokens + merges.length) / SIZE_UNIT) * SIZE_UNIT;
  if (numTokens < numBaseTokens) {
    throw new EngineError(
      'config_invalid',
      `the corpus is too small: in its ${numTrainingBytes} bytes hardly a pair of letters occurs twice, and the ` +
        'tokenizer is made of such pairs',
    );
  }
  return new BytePairEncoder(merges.slice(0, numTokens - numBaseTokens), chatTokens);
}

/**
 * Checks that the data are enough for windows of the context's length.
 * @throws EngineError `config_invalid`
 */
export function checkAmount(
  { tokens, heldOut }: TrainingData,
  { contextLength, heldOutFraction }: { contextLength: number; heldOutFraction: number },
): void {
  // A window and the offset at which an epoch cuts the text.
  if (tokens.length < 2 * contextLength) {
    const longest = Math.floor(tokens.length / 2 / SIZE_UNIT) * SIZE_UNIT;
    const remedy = longest === 0 ? 'more text' : `more text, or --context ${longest}`;
    throw new EngineError(
      'config_invalid',
      `the corpus is too small: it has ${tokens.length} tokens to train on, and a context of ${contextLength} needs ` +
        `${2 * contextLength}; take ${remedy}`,
    );
  }
  if (heldOut.numBytes === 0) {
    throw new EngineError(
      'config_invalid',
      `of the corpus nothing is held out, by which the training is judged: take more text, or a larger --held-out ` +
        `than ${heldOutFraction}`,
    );
  }
}
