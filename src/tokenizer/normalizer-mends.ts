import type { Normalizer } from '@huggingface/tokenizers';

/**
 * Changes in place what normalizers of @huggingface/tokenizers (0.2) do otherwise than those of Hugging Face's `tokenizers`:
 * a sigma at a word's end, white space, Chinese characters beyond U+FFFF.
 */
export function mendNormalizer(step: Normalizer): void {
  for (const inner of step.normalizers ?? []) if (inner !== null) mendNormalizer(inner);
  const { type, strip_left: atStart = true, strip_right: atEnd = true } = step.config;
  if (type === 'Lowercase') step.normalize = toLowerCase;
  if (type === 'Strip') step.normalize = (text) => strip(text, atStart, atEnd);
  if (type === 'BertNormalizer') step.normalize = (text) => normalizeForBert(step, text);
}

/** Character by character, as Rust's `char` does: JavaScript makes another letter of a sigma that ends a word. */
function toLowerCase(text: string): string {
  return text.replaceAll('Σ', 'σ').toLowerCase();
}

const SPACE_AT_START = /^\p{White_Space}+/u;
const NO_SPACE = /\P{White_Space}/u;

/** JavaScript takes a byte order mark for white space, and U+0085 for none. */
export function strip(text: string, atStart: boolean, atEnd: boolean): string {
  const begun = atStart ? text.replace(SPACE_AT_START, '') : text;
  if (!atEnd) return begun;
  let end = begun.length;
  // All white space is a single code unit.
  while (end > 0 && !NO_SPACE.test(begun.charAt(end - 1))) end--;
  return begun.slice(0, end);
}

const CHINESE =
  /[\u4E00-\u9FFF\u3400-\u4DBF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B920}-\u{2CEAF}\uF900-\uFAFF\u{2F800}-\u{2FA1F}]/gu;

function normalizeForBert(step: Normalizer, text: string): string {
  const { config } = step;
  let normalized = config.clean_text === true ? (step.clean_text?.(text) ?? text) : text;
  if (config.handle_chinese_chars === true) normalized = normalized.replaceAll(CHINESE, ' $& ');
  if (config.strip_accents ?? config.lowercase === true)
    normalized = normalized.normalize('NFD').replaceAll(/\p{Mn}/gu, '');
  return config.lowercase === true ? toLowerCase(normalized) : normalized;
}
