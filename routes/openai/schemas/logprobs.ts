import type { SampledToken } from '../../../src/engine/engine.ts';
import type { TokenVocabulary } from '../../../src/tokenizer/incremental-detokenizer.ts';
import { MIN_LOGPROB, toJsonLogprob, tokenText } from '../../shared/schemas/token-logprob.ts';
import type { LogprobsBody } from './completions.ts';

/** Tokens with or without a logprob: the first of a prompt has none. */
export type ReportedToken = Pick<SampledToken, 'tokenId' | 'logprob' | 'topLogprobs'>;

/**
 * OpenAI's `logprobs` object for consecutive tokens.
 *
 * @param textOffset characters (code points) of the choice's text before the first token
 * @param skipSpecialTokens they are no part of the text, as in a completion
 * @returns the object, and the offset after the last token
 */
export function toLogprobsBody(
  tokens: readonly ReportedToken[],
  textOffset: number,
  { tokenizer, skipSpecialTokens }: { tokenizer: TokenVocabulary; skipSpecialTokens: boolean },
): { body: LogprobsBody; textOffset: number } {
  const body: LogprobsBody = { tokens: [], token_logprobs: [], top_logprobs: [], text_offset: [] };
  let offset = textOffset;
  for (const token of tokens) {
    const bytes = tokenizer.idToBytes(token.tokenId);
    body.tokens.push(tokenText(bytes));
    body.token_logprobs.push(token.logprob === undefined ? null : toJsonLogprob(token.logprob));
    body.top_logprobs.push(toTopLogprobs(token, tokenizer));
    body.text_offset.push(offset);
    if (!skipSpecialTokens || !tokenizer.specialTokenIds.has(token.tokenId)) offset += countCodePoints(bytes);
  }
  return { body, textOffset: offset };
}

/** Alternatives by their text, the chosen token among them. Two tokens of the same text: the likelier one counts. */
function toTopLogprobs(token: ReportedToken, tokenizer: TokenVocabulary): Record<string, number> | null {
  if (token.logprob === undefined) return null;
  const alternatives = [...(token.topLogprobs ?? []), { tokenId: token.tokenId, logprob: token.logprob }];
  const byText = new Map<string, number>();
  for (const { tokenId, logprob } of alternatives) {
    const text = tokenText(tokenizer.idToBytes(tokenId));
    byText.set(text, Math.max(byText.get(text) ?? MIN_LOGPROB, logprob));
  }
  return Object.fromEntries(byText);
}

/** Every UTF-8 character has one byte that does not continue another: a character that spans tokens counts once. */
const countCodePoints = (bytes: Uint8Array): number => bytes.filter((byte) => (byte & 0xc0) !== 0x80).length;
