import type { AddedToken, PreTokenizer, Splitter, Tokenizer, LibraryModel } from '@huggingface/tokenizers';
import { fieldOf } from '../values.ts';
import { mendNormalizer, strip } from './normalizer-mends.ts';
import { byteToken, textBytes } from './token-bytes.ts';
import { GPT2_PATTERN, type TokenizerJson } from './tokenizer-json.ts';

/** Changes in place what @huggingface/tokenizers (0.2) does otherwise than Hugging Face's `tokenizers`. */
export function mendLibrary(tokenizer: Tokenizer, { model }: TokenizerJson): void {
  if (fieldOf(model, 'type') === 'Unigram' && fieldOf(model, 'byte_fallback') === true)
    fallBackToBytes(tokenizer.model);
  if (tokenizer.added_tokens.some((token) => token.single_word)) {
    keepWordsWhole(tokenizer.splitter_unnormalized, tokenizer.added_tokens_map);
    keepWordsWhole(tokenizer.splitter_normalized, tokenizer.added_tokens_map);
  }
  if (tokenizer.added_tokens.some((token) => token.lstrip || token.rstrip)) stripAround(tokenizer);
  if (tokenizer.normalizer !== null) mendNormalizer(tokenizer.normalizer);
  if (tokenizer.pre_tokenizer !== null) mendPreTokenizer(tokenizer.pre_tokenizer);
}

/** Of unigrams the library knows no bytes: a character without a token became the unknown one. */
function fallBackToBytes(model: LibraryModel): void {
  const ids = model.tokens_to_ids;
  const encode = model.encode?.bind(model);
  model.encode = (words) =>
    (encode?.(words) ?? []).flatMap((piece) => {
      if (ids.has(piece)) return [piece];
      const bytes = Array.from(textBytes(piece), byteToken);
      return bytes.every((byte) => ids.has(byte)) ? bytes : [piece];
    });
}

const WORD = '[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}]';
const ENDS_WITH_WORD = new RegExp(`${WORD}$`, 'u');
const STARTS_WITH_WORD = new RegExp(`^${WORD}`, 'u');

/** The library finds a token that is a single word (`single_word`) inside words, too: these parts become text again. */
function keepWordsWhole(splitter: Splitter, tokens: ReadonlyMap<string, AddedToken>): void {
  const split = splitter.split.bind(splitter);
  splitter.split = (text) => {
    const parts: string[] = [];
    let isOpen = false;
    const found = split(text);
    for (const [index, part] of found.entries()) {
      const token = tokens.get(part);
      const isInWord =
        ENDS_WITH_WORD.test(found[index - 1] ?? '') || STARTS_WITH_WORD.test(found[index + 1] ?? '');
      const isText = token === undefined || (token.single_word && isInWord);
      const last = isOpen && isText ? (parts.pop() ?? '') : '';
      parts.push(last + part);
      isOpen = isText;
    }
    return parts;
  };
}

/**
 * Takes away the white space beside tokens with `lstrip` or `rstrip`, as Unicode defines it. The library goes by JavaScript's
 * definition, so its own flags are turned off.
 */
function stripAround({ added_tokens_map: tokens, ...others }: Tokenizer): void {
  const found = new Map(tokens);
  for (const [content, token] of found) tokens.set(content, { ...token, lstrip: false, rstrip: false });
  for (const splitter of [others.splitter_unnormalized, others.splitter_normalized]) {
    const split = splitter.split.bind(splitter);
    splitter.split = (text) => {
      const parts = split(text);
      const tokenAt = (index: number): AddedToken | undefined => found.get(parts[index] ?? '');
      return parts.map((part, index) => {
        if (found.has(part)) return part;
        return strip(part, tokenAt(index - 1)?.rstrip === true, tokenAt(index + 1)?.lstrip === true);
      });
    };
  }
}

/** What is white space to Hugging Face's `\s`, Unicode says, and not JavaScript. */
const GPT2_PIECES = new RegExp(
  GPT2_PATTERN.replaceAll('\\s', '\\p{White_Space}').replaceAll('\\S', '\\P{White_Space}'),
  'gu',
);

function mendPreTokenizer(step: PreTokenizer): void {
  for (const inner of step.tokenizers ?? []) mendPreTokenizer(inner);
  if (step.config?.type === 'ByteLevel') step.pattern = GPT2_PIECES;
  if (step.prepend_scheme !== 'first') return;
  // A space is put before a text; the library puts one before each of its pieces.
  step.pre_tokenize = (given, options) =>
    [given]
      .flat()
      .flatMap((piece, index) =>
        step.pre_tokenize_text(piece, index === 0 ? options : { ...options, section_index: index }),
      );
}
