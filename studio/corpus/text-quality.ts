import { deflateRawSync } from 'node:zlib';

/** Why a text is not taken. */
export type Complaint = 'too short' | 'too long' | 'unfinished' | 'not plain' | 'repeats' | 'like another';

export interface TextBounds {
  readonly minWords: number;
  readonly maxWords: number;
}

export const STORY_BOUNDS: TextBounds = { minWords: 50, maxWords: 280 };

/** Most of a text's three-word sequences that may have been there before: rounds tell the same again. */
const MAX_REPEATED_TRIGRAMS = 0.6;
/** A text that deflate makes smaller than this says the same again and again. */
const MIN_COMPRESSION_RATIO = 0.2;
/** Below it the ratio says nothing. */
const MIN_BYTES_TO_COMPRESS = 300;

/** Letters, digits, and the signs of plain sentences; paragraphs. */
const PLAIN = /^[A-Za-z0-9 ,.!?'":=\n-]*$/;
const FINISHED = /[.!?]"?$/;

export const wordsOf = (text: string): string[] => text.toLowerCase().match(/[a-z]+(?:'[a-z]+)?/g) ?? [];

/** @returns undefined for a text that is taken */
export function complaintOf(text: string, { minWords, maxWords }: TextBounds): Complaint | undefined {
  const words = wordsOf(text);
  if (words.length < minWords) return 'too short';
  if (words.length > maxWords) return 'too long';
  if (!FINISHED.test(text)) return 'unfinished';
  if (!PLAIN.test(text)) return 'not plain';
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

/** The sequences of so many words, each once. */
export function shinglesOf(words: readonly string[], length: number): Set<string> {
  const count = Math.max(words.length - length + 1, 0);
  return new Set(Array.from({ length: count }, (_, i) => words.slice(i, i + length).join(' ')));
}

/** The share of a text's sequences of three words that stood in it before. */
export function repeatedTrigrams(words: readonly string[]): number {
  const numTrigrams = Math.max(words.length - 2, 0);
  return numTrigrams === 0 ? 0 : 1 - shinglesOf(words, 3).size / numTrigrams;
}
