import type { SampledToken } from '../../../src/engine/engine.ts';
import type { TokenVocabulary } from '../../../src/tokenizer/incremental-detokenizer.ts';
import type { PackedTokens } from '../../../src/engine/client/completion/packed-tokens.ts';
import { JsonList, type WithLists } from '../../../src/json-pieces.ts';
import {
  charactersPerToken,
  MIN_LOGPROB,
  toJsonLogprob,
  tokenText,
} from '../../shared/schemas/token-logprob.ts';
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
    body.tokens.push(tokenText(tokenizer.idToBytes(token.tokenId)));
    body.token_logprobs.push(toTokenLogprob(token));
    body.top_logprobs.push(toTopLogprobs(token, tokenizer));
    body.text_offset.push(offset);
    offset += lengthInText(token, tokenizer, skipSpecialTokens);
  }
  return { body, textOffset: offset };
}

interface WholeTokens {
  /** Of the prompt; they may be many choices' own. */
  readonly echoed: readonly ReportedToken[];
  readonly own: PackedTokens;
}

/** The logprobs of a whole choice, made as it is written. */
export function wholeLogprobs(
  { echoed, own }: WholeTokens,
  { tokenizer, skipsSpecialTokens }: { tokenizer: TokenVocabulary; skipsSpecialTokens: boolean },
): WithLists<LogprobsBody> {
  const listOf = <Item>(toItem: (token: ReportedToken) => Item, charactersPerItem: number): JsonList<Item> =>
    new JsonList(
      function* () {
        for (const token of echoed) yield toItem(token);
        for (const token of own) yield toItem(token);
      },
      { length: echoed.length + own.length, charactersPerItem },
    );
  const [echoedCharacters = 0] = echoed.slice(-1).map(({ topLogprobs }) => 32 * (topLogprobs?.length ?? 0));
  return {
    tokens: listOf(({ tokenId }) => tokenText(tokenizer.idToBytes(tokenId)), 8),
    token_logprobs: listOf(toTokenLogprob, 20),
    top_logprobs: listOf(
      (token) => toTopLogprobs(token, tokenizer),
      Math.max(charactersPerToken(own), echoedCharacters),
    ),
    text_offset: new JsonList(
      function* () {
        let offset = 0;
        for (const token of echoed) {
          yield offset;
          offset += lengthInText(token, tokenizer, false);
        }
        for (const token of own) {
          yield offset;
          offset += lengthInText(token, tokenizer, skipsSpecialTokens);
        }
      },
      { length: echoed.length + own.length, charactersPerItem: 6 },
    ),
  };
}

const toTokenLogprob = ({ logprob }: ReportedToken): number | null =>
  logprob === undefined ? null : toJsonLogprob(logprob);

/** Characters of a token in the text of its choice. */
function lengthInText(
  { tokenId }: ReportedToken,
  tokenizer: TokenVocabulary,
  skipSpecialTokens: boolean,
): number {
  if (skipSpecialTokens && tokenizer.specialTokenIds.has(tokenId)) return 0;
  return countCodePoints(tokenizer.idToBytes(tokenId));
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
