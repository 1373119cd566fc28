import type { TextCaller } from '../chat-template/chat-template.ts';
import type { ServedTokenizer } from '../text/served-tokenizer.ts';

export interface PartOptions {
  /** `start`: prompts begin with the texts. `continuation`: they go on with them behind a word. */
  place: 'start' | 'continuation';
  /** The tokenizer adds its begin-of-text; a chat template wrote it itself. */
  addSpecialTokens?: boolean;
}

/**
 * The token ids of texts that are parts of prompts.
 * @throws EngineError what the tokenizer throws
 */
export async function encodeParts(
  tokenizer: ServedTokenizer,
  texts: readonly string[],
  { place, addSpecialTokens = false }: PartOptions,
  caller: TextCaller,
): Promise<(readonly number[])[]> {
  // SentencePiece puts a space in front of each text: it takes the place of the text's own.
  const hasOwnSpace = place === 'continuation' && tokenizer.stripsLeadingSpace;
  const parts = hasOwnSpace ? texts.map((text) => (text.startsWith(' ') ? text.slice(1) : text)) : texts;
  const options = { addSpecialTokens };
  const encoded = tokenizer.encodeNow(parts, options) ?? (await tokenizer.encode(parts, options, caller));
  return encoded.map(({ tokenIds }) => tokenIds);
}
