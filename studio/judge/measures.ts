import { wordsOf } from '../corpus/text-quality.ts';

/** Whether an answer is right. Each measure looks at the text alone, so that it can be tested without a model. */

/** A text with fewer words is no story. */
const MIN_STORY_WORDS = 40;
/** An answer that has more words tells something else. */
const MAX_PLAIN_WORDS = 40;

/** A story that names all that was asked for, as words of their own; a plural counts, too. */
export function namesAll(story: string, wanted: readonly string[]): boolean {
  if (wordsOf(story).length < MIN_STORY_WORDS) return false;
  return wanted.every((word) => new RegExp(`\\b${escaped(word)}(?:e?s)?\\b`, 'i').test(story));
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const LITTLE_WORDS = new Set('a an the his her he she it was were is in on at of to and had that'.split(' '));
/** Of a sentence, the share of its words that a right answer has. */
const MIN_SHARE = 0.8;
const MAX_SHORT_KEY = 4;

/** An answer that has the words of the key: all of a few words, most of a sentence. Little words do not count. */
export function answersBy(answer: string, key: string): boolean {
  const said = new Set(wordsOf(answer));
  const all = wordsOf(key);
  const heavy = all.filter((word) => !LITTLE_WORDS.has(word));
  const wanted = heavy.length > 0 ? heavy : all;
  const found = wanted.filter((word) => said.has(word)).length;
  return found >= (wanted.length <= MAX_SHORT_KEY ? wanted.length : MIN_SHARE * wanted.length);
}

const isShortAndWhole = (answer: string): boolean =>
  wordsOf(answer).length <= MAX_PLAIN_WORDS && /[.!?]"?$/.test(answer.trim());

/** A short answer that says what the model can do, and does not begin to tell. */
export const isPlainAnswer = (answer: string): boolean =>
  isShortAndWhole(answer) &&
  /\bstor(?:y|ies)\b/i.test(answer) &&
  /\b(?:I|shall|what should|would you)\b/i.test(answer) &&
  !/\b(?:once upon a time|there was once|lived)\b/i.test(answer);

export const SMALL_TALK = ['who', 'can', 'thanks', 'hello', 'goodbye'] as const;
export type SmallTalk = (typeof SMALL_TALK)[number];

const SENSIBLE: Readonly<Record<SmallTalk, RegExp>> = {
  who: /\bI am\b.*\b(?:model|tell)/i,
  can: /\bI\b.*\bstor(?:y|ies)\b/i,
  thanks: /\b(?:welcome|glad|thank|happy)\b/i,
  hello: /^(?:hello|hi|good|i am well|thank you, i am fine)\b/i,
  goodbye: /\b(?:good night|goodbye|bye|see you|come back)\b/i,
};

/** What one may say to a greeting, thanks, a goodbye, or to be asked who one is and what one can do. */
export const isSensible = (kind: SmallTalk, answer: string): boolean =>
  isShortAndWhole(answer) && SENSIBLE[kind].test(answer.trim());
