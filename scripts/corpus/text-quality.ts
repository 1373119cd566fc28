import { deflateRawSync } from 'node:zlib';

/** Why a text is not taken; undefined for one that is. */
export type Complaint = 'too short' | 'too long' | 'unfinished' | 'repeats' | 'not plain' | 'odd words';

export interface TextBounds {
  readonly minWords: number;
  readonly maxWords: number;
}

export const STORY_BOUNDS: TextBounds = { minWords: 40, maxWords: 170 };
export const FOLLOW_UP_BOUNDS: TextBounds = { minWords: 3, maxWords: 70 };

/** Most of a text's three-word sequences that may have been there before. */
const MAX_REPEATED_TRIGRAMS = 0.12;
/** A text that deflate makes smaller than this says the same again and again. */
const MIN_COMPRESSION_RATIO = 0.38;
/** Below it the ratio says nothing. */
const MIN_BYTES_TO_COMPRESS = 300;

/** Letters, digits, and the signs of plain sentences; paragraphs. */
const PLAIN = /^[A-Za-z0-9 ,.!?'"\n-]*$/;
const FINISHED = /[.!?]"?$/;
/** Talk about the task, which is no story. */
const META = /\b(?:story|stories|sentences?|title|here is|here's|once told|as an ai|moral of)\b/i;

export const wordsOf = (text: string): string[] => text.toLowerCase().match(/[a-z]+(?:'[a-z]+)?/g) ?? [];

/** Signs as a keyboard has them, and one form of white space. */
export function tidy(text: string): string {
  return text
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/[\u201c\u201d]/g, '"')
    .replace(/[\u2013\u2014]/g, ' - ')
    .replace(/\u2026/g, '...')
    .replace(/[ \t]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{2,}/g, '\n')
    .trim();
}

/** @param text as `tidy` gives it */
export function complaintOf(text: string, { minWords, maxWords }: TextBounds): Complaint | undefined {
  const words = wordsOf(text);
  if (words.length < minWords) return 'too short';
  if (words.length > maxWords) return 'too long';
  if (!FINISHED.test(text)) return 'unfinished';
  if (!PLAIN.test(text)) return 'not plain';
  if (META.test(text)) return 'odd words';
  return isRepetitive(text, words) ? 'repeats' : undefined;
}

function isRepetitive(text: string, words: readonly string[]): boolean {
  if (repeatedTrigrams(words) > MAX_REPEATED_TRIGRAMS) return true;
  const bytes = Buffer.from(text);
  return (
    bytes.length >= MIN_BYTES_TO_COMPRESS &&
    deflateRawSync(bytes).length / bytes.length < MIN_COMPRESSION_RATIO
  );
}

/** The share of a text's sequences of three words that stood in it before. */
export function repeatedTrigrams(words: readonly string[]): number {
  const numTrigrams = Math.max(words.length - 2, 0);
  const seen = new Set(Array.from({ length: numTrigrams }, (_, i) => words.slice(i, i + 3).join(' ')));
  return numTrigrams === 0 ? 0 : 1 - seen.size / numTrigrams;
}
