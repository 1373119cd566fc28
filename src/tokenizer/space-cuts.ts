import { PRE_TOKENIZERS } from './gguf-pre-tokenizers.ts';
import { METASPACE } from './token-bytes.ts';
import { GPT2_PATTERN, type StepConfig, type TokenizerJson } from './tokenizer-json.ts';

/** The last position at or before an index where a space follows a letter or digit, and a letter follows it; -1: none. */
export function cutBefore(text: string, index: number): number {
  let cut = index;
  while (cut > 0 && !isCut(text, cut)) cut--;
  return cut > 0 ? cut : -1;
}

/** The first such position at or behind an index; -1: none. */
export function cutFrom(text: string, index: number): number {
  let cut = index;
  while (cut < text.length && !isCut(text, cut)) cut++;
  return cut < text.length ? cut : -1;
}

/** Where a space follows a letter or digit, and a letter follows it. */
export function isCut(text: string, index: number): boolean {
  return (
    text.charCodeAt(index) === 0x20 &&
    isLetter(text.charCodeAt(index + 1)) &&
    isLetterOrDigit(text.charCodeAt(index - 1))
  );
}

/** Of ASCII. */
const isLetter = (code: number): boolean => (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;

/** Of ASCII. */
const isLetterOrDigit = (code: number): boolean => isLetter(code) || (code >= 0x30 && code <= 0x39);

const SPACE = 0x20;

/**
 * Patterns that never match across a space behind a letter or digit, and look at nothing before their match: of a text
 * cut there the second half is cut alike. A test holds them to it.
 */
export const LOCAL_PATTERNS: ReadonlySet<string> = new Set([
  GPT2_PATTERN,
  ...[...PRE_TOKENIZERS.values()].flatMap(({ patterns }) => patterns),
]);

/** True when no token holds a letter or digit (of ASCII) and a space behind it: then none spans such a position. */
export function hasNoneAcrossSpaces(tokens: Iterable<Uint8Array>): boolean {
  for (const bytes of tokens) {
    for (let i = bytes.indexOf(SPACE, 1); i !== -1; i = bytes.indexOf(SPACE, i + 1)) {
      if (isLetterOrDigit(bytes[i - 1] ?? 0)) return false;
    }
  }
  return true;
}

/**
 * True when a byte-pair encoder is known to cut every text before a space that follows a letter or digit of ASCII, or to
 * treat what stands before and behind it alike as if it did, as long as no token spans the position.
 */
export function cutsAtSpaces(
  { pre_tokenizer: preTokenizer, normalizer, model }: TokenizerJson,
  tokenizerConfig: object,
): boolean {
  const { type, vocab, merges, ...fields } = Object(model) as Record<string, unknown>;
  const affixes = [fields['continuing_subword_prefix'], fields['end_of_word_suffix']];
  const hasAffixes = affixes.some((affix) => (affix ?? '') !== '');
  // The library changes the whole text by these.
  const changesText = ['remove_space', 'do_lowercase_and_remove_accent'].some(
    (name) => Reflect.get(tokenizerConfig, name) === true,
  );
  if (type !== 'BPE' || hasAffixes || changesText) return false;
  const isCutAlike =
    preTokenizer === null ||
    preTokenizer === undefined ||
    isLocal(preTokenizer, marksSpaces(normalizer ?? null));
  return isCutAlike && mergesAreTokens(vocab, merges);
}

/** Else two tokens could join to what is no token. */
function mergesAreTokens(vocab: unknown, merges: unknown): boolean {
  const ids = Object(vocab) as object;
  const list: unknown[] = Array.isArray(merges) ? merges : [];
  return list.every((merge) => {
    const text = typeof merge === 'string' ? merge.replace(/(?<=.) /su, '') : (merge as unknown[]).join('');
    return Object.hasOwn(ids, text);
  });
}

function isLocal(step: StepConfig, spacesAreMarks: boolean): boolean {
  switch (step.type) {
    case 'ByteLevel':
    case 'Digits':
    case 'Punctuation':
      return true;
    case 'Metaspace':
      return step['replacement'] === METASPACE;
    case 'Sequence':
      return partsOf(step, 'pretokenizers').every((part) => isLocal(part, spacesAreMarks));
    case 'Split': {
      const { Regex: pattern, String: text } = Object(step['pattern']) as Record<string, unknown>;
      if (text === ' ') return spacesAreMarks;
      return typeof pattern === 'string' && LOCAL_PATTERNS.has(pattern) && step['behavior'] === 'Isolated';
    }
    default:
      return false;
  }
}

function marksSpaces(normalizer: StepConfig | null): boolean {
  if (normalizer?.type === 'Sequence') return partsOf(normalizer, 'normalizers').some(marksSpaces);
  return normalizer?.type === 'Replace' && normalizer['content'] === METASPACE;
}

function partsOf(step: StepConfig, field: string): StepConfig[] {
  const parts = step[field];
  return Array.isArray(parts) ? (parts as StepConfig[]) : [];
}
