import type { Slots } from '../plots/plot.ts';

/**
 * Small facts that any story may tell of its hero, with the questions that they answer. Plots alone would leave the same
 * few questions; with these each kind of question can be asked of each story.
 */

export const QUESTION_KINDS = [
  'who',
  'what',
  'where',
  'when',
  'why',
  'how many',
  'what color',
  'whose',
  'what did',
  'first or last',
] as const;
export type QuestionKind = (typeof QUESTION_KINDS)[number];

export interface FactQuestion {
  /** The test set has other phrasings of it, by this name. */
  readonly id: string;
  readonly kind: QuestionKind;
  readonly asks: readonly string[];
  /** What is asked, as it stands behind `Do you know`. */
  readonly indirect: readonly string[];
  readonly answers: readonly string[];
  /** What a right answer has. */
  readonly key: string;
}

export interface Fact {
  readonly name: string;
  /** One of the values is bound; a record binds each of its keys. Slots of other facts have other names. */
  readonly slots: Readonly<Record<string, readonly (string | Slots)[]>>;
  readonly tell: readonly string[];
  readonly questions: readonly FactQuestion[];
}

export const COLORS = 'red blue green yellow white brown black orange pink gray golden silver'.split(' ');
export const NUMBERS = 'two three four five six seven eight nine ten twelve twenty'.split(' ');
export const OWNERS =
  'aunt uncle grandmother grandfather cousin teacher neighbor sister brother mother father'.split(' ');
