/** What the attention view opens with. */
export interface AttentionQuery {
  model: string | undefined;
  text: string;
}

interface TokenAddress {
  model: string;
  /** The text that the answer followed. */
  before: string;
  /** Texts of the answer's tokens. */
  tokens: readonly string[];
  index: number;
}

/** The view takes 64 tokens. A text may be cut into a few more than those that it was drawn as. */
const MAX_ANSWER_TOKENS = 40;
/** Below so many tokens, the end of the text before the answer is shown, too. */
const FEW_TOKENS = 12;
const MAX_CHARACTERS_BEFORE = 60;

/** The address of the attention view for a token of an answer: the text ends in this token. */
export function attentionAddress({ model, before, tokens, index }: TokenAddress): string {
  const shown = tokens.slice(Math.max(0, index + 1 - MAX_ANSWER_TOKENS), index + 1).join('');
  const lead = index < FEW_TOKENS ? lastWords(before, MAX_CHARACTERS_BEFORE) : '';
  return `#/attention?${new URLSearchParams({ model, text: lead + shown }).toString()}`;
}

/** As much of the end of a text as fits, from the beginning of a word. */
function lastWords(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const end = text.slice(-maxLength);
  const space = end.indexOf(' ');
  return space === -1 ? end : end.slice(space + 1);
}

/** @param hash of the page's address; undefined if it names no text */
export function readAttentionQuery(hash: string): AttentionQuery | undefined {
  const [, query = ''] = hash.split('?');
  const values = new URLSearchParams(query);
  const text = values.get('text');
  return text === null || text === '' ? undefined : { model: values.get('model') ?? undefined, text };
}
