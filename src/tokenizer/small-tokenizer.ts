import type { JsonTokenizer } from './json-tokenizer.ts';
import type { TokenizerJson } from './tokenizer-json.ts';

/** What a tokenizer is made of: plain data. */
export interface TokenizerSource {
  readonly tokenizerJson: TokenizerJson;
  /** tokenizer_config.json; empty where there is none. */
  readonly tokenizerConfig: object;
}

const MAX_TOKENS = 2 ** 13;
const MAX_CHARACTERS = 2 ** 20;
/** Begin- and end-of-text, and some more. */
const MAX_ADDED_TOKENS = 16;

/**
 * The source of a tokenizer that may be used where nothing may take long: it is made within some 20 ms, and it is known
 * through and through. All that it cuts a text by are patterns of ours (`cutsAtSpaces`), so that a short text takes well
 * below a millisecond, whatever its words. Undefined for any other.
 */
export function smallSource(model: JsonTokenizer, source: TokenizerSource): TokenizerSource | undefined {
  if (!model.cutsAtSpaces || model.vocabSize > MAX_TOKENS) return undefined;
  if (model.encode('', true).length > MAX_ADDED_TOKENS) return undefined;
  return JSON.stringify(source).length <= MAX_CHARACTERS ? source : undefined;
}
