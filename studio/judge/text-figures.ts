import { repeatedTrigrams, shinglesOf, wordsOf } from '../corpus/text-quality.ts';

/** What is counted of a group of texts. */
export interface TextFigures {
  readonly numTexts: number;
  readonly numWords: number;
  /** Different three-word sequences of all texts, over all of them. */
  readonly distinct3: number;
  /** Mean over the texts: three-word sequences that stood in the same text before. */
  readonly repetition: number;
  /** Words that a list has; undefined where there is no list. */
  readonly knownWords: number | undefined;
  /** Sequences of eight words that other texts have; undefined where there are none to compare with. */
  readonly copied: number | undefined;
}

/** Words of a run that is long enough not to be there by chance. */
export const RUN_LENGTH = 8;

/**
 * @param wordList in lower case
 * @param knownRuns sequences of `RUN_LENGTH` words
 */
export function figuresOf(
  texts: readonly string[],
  { wordList, knownRuns }: { wordList?: ReadonlySet<string> | undefined; knownRuns?: ReadonlySet<string> },
): TextFigures {
  const words = texts.map(wordsOf);
  const numWords = words.reduce((sum, { length }) => sum + length, 0);
  const trigrams = words.flatMap((one) => runsOf(one, 3));
  const runs = words.flatMap((one) => runsOf(one, RUN_LENGTH));
  const share = (some: readonly string[], isIn: (one: string) => boolean): number =>
    some.length === 0 ? 0 : some.filter(isIn).length / some.length;
  return {
    numTexts: texts.length,
    numWords,
    distinct3: trigrams.length === 0 ? 0 : new Set(trigrams).size / trigrams.length,
    repetition: words.reduce((sum, one) => sum + repeatedTrigrams(one), 0) / Math.max(texts.length, 1),
    knownWords: wordList && share(words.flat(), (word) => isListed(word, wordList)),
    copied: knownRuns && share(runs, (run) => knownRuns.has(run)),
  };
}

/** All runs of eight words of some texts. */
export const runsIn = (texts: readonly string[]): Set<string> =>
  new Set(texts.flatMap((text) => [...shinglesOf(wordsOf(text), RUN_LENGTH)]));

function runsOf(words: readonly string[], length: number): string[] {
  const count = Math.max(words.length - length + 1, 0);
  return Array.from({ length: count }, (_, i) => words.slice(i, i + length).join(' '));
}

/** Lists have few of the forms with an apostrophe: of "fox's" the word before it counts. */
const isListed = (word: string, list: ReadonlySet<string>): boolean =>
  list.has(word) || list.has(word.replace(/'.*$/, ''));
