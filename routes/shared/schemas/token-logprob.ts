import * as z from 'zod';
import type { SampledToken, TokenLogprob } from '../../../src/engine/engine.ts';
import type { PackedTokens } from '../../../src/engine/client/completion/packed-tokens.ts';
import { assertInvariant } from '../../../src/errors.ts';
import type { TokenVocabulary } from '../../../src/tokenizer/incremental-detokenizer.ts';

const tokenFields = {
  token: z.string(),
  bytes: z.array(z.int()).meta({ description: 'UTF-8; a character may span tokens.' }),
  logprob: z.number(),
};

/** A token that was drawn, and the most probable ones in its place, as OpenAI's chats and responses have them. */
export const tokenLogprobSchema = z
  .object({
    ...tokenFields,
    top_logprobs: z.array(z.object(tokenFields)),
  })
  .meta({ id: 'TokenLogprob' });

type TokenLogprobBody = z.output<typeof tokenLogprobSchema>;

/** @param token one that was asked for its logprob */
export function toTokenLogprobBody(
  { tokenId, logprob, topLogprobs = [] }: SampledToken,
  tokenizer: Pick<TokenVocabulary, 'idToBytes'>,
): TokenLogprobBody {
  assertInvariant(logprob !== undefined, 'a token that was asked for its logprob has one');
  const describe = (token: TokenLogprob): Omit<TokenLogprobBody, 'top_logprobs'> => {
    const bytes = tokenizer.idToBytes(token.tokenId);
    return { token: tokenText(bytes), bytes: [...bytes], logprob: toJsonLogprob(token.logprob) };
  };
  return { ...describe({ tokenId, logprob }), top_logprobs: topLogprobs.map(describe) };
}

/** Of a token or an alternative as JSON: its text, its bytes, its logarithm. */
const CHARACTERS_PER_ENTRY = 64;

/** How long the JSON of each of these tokens is, about. */
export const charactersPerToken = ({ length, numEntries }: PackedTokens): number =>
  (CHARACTERS_PER_ENTRY * numEntries) / Math.max(length, 1);

/** A token's text; `bytes:\xe2\x82` where it is part of a character, as OpenAI writes it. */
export function tokenText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return `bytes:${Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}`;
  }
}

/** JSON has no -Infinity; OpenAI writes "very unlikely" so. */
export const MIN_LOGPROB = -9999;

/** A logarithm that JSON can write. */
export const toJsonLogprob = (logprob: number): number => Math.max(logprob, MIN_LOGPROB);
