import { readFileSync } from 'node:fs';
import { assertInvariant } from '../../src/errors.ts';
import { PACKAGE_ROOT } from '../../src/package-root.ts';
import { TEST_SET } from '../judge/test-set.ts';
import { blendingOf, inventName, inventNoun } from './invent.ts';
import type { SeededRandom } from './random.ts';
import { allOf, type NounClass, type Tiers, type Words } from './word-lists.ts';

/** Words that a story may be told with, by what they can be in it. words/README.md says where they come from. */

/** Strings of several words each, `_` for a space within a word. */
interface WordsFile {
  readonly nouns: Readonly<Record<NounClass, Partial<Record<keyof Tiers, readonly string[]>>>>;
  readonly adjectives: Readonly<
    Record<keyof Words['adjectives'], Partial<Record<keyof Tiers, readonly string[]>>>
  >;
  readonly names: Readonly<Record<keyof Words['names'], readonly string[]>>;
}

export const splitWords = (lines: readonly string[] = []): string[] =>
  lines.flatMap((line) => line.split(' ')).map((word) => word.replaceAll('_', ' '));

const tiersOf = (file: Partial<Record<keyof Tiers, readonly string[]>>): Tiers => ({
  common: splitWords(file.common),
  other: splitWords(file.other),
  rare: splitWords(file.rare),
});

function mapValues<K extends string, A, B>(
  record: Readonly<Record<K, A>>,
  map: (value: A) => B,
): Record<K, B> {
  return Object.fromEntries(Object.entries<A>(record).map(([key, value]) => [key, map(value)])) as Record<
    K,
    B
  >;
}

/** @throws if one of the words is of the test set: what is measured must not have been learned */
export function refuseTestWords(words: readonly string[], held: Words): void {
  const test = new Set(allOf(held));
  const learned = words.filter((word) => test.has(word) || word.split(' ').some((part) => test.has(part)));
  assertInvariant(learned.length === 0, `words of the test set are in the corpus: ${learned.join(', ')}`);
}

function readWords(): Words {
  const text = readFileSync(new URL('studio/corpus/words/words.json', PACKAGE_ROOT), 'utf8');
  const { nouns, adjectives, names } = JSON.parse(text) as WordsFile;
  const words: Words = {
    nouns: mapValues(nouns, tiersOf),
    adjectives: mapValues(adjectives, tiersOf),
    names: mapValues(names, splitWords),
  };
  refuseTestWords(allOf(words), TEST_SET.words);
  return words;
}

export const WORDS: Words = readWords();

/** How often a word comes from the rare tier where a wide choice is wanted. */
const RARE_SHARE = 0.12;

/**
 * Draws a word.
 *
 * @param commonShare how often it is a common one, if there are any
 */
export function drawWord(random: SeededRandom, tiers: Tiers, commonShare: number): string {
  const isCommon = random.chance(commonShare);
  const isRare = random.chance(RARE_SHARE);
  const wanted = isCommon ? tiers.common : isRare ? tiers.rare : tiers.other;
  const some = [wanted, tiers.other, tiers.common].find((one) => one.length > 0);
  return random.pick(some ?? []);
}

/** What is invented is not a word of the test set either. */
const BLENDING = blendingOf(WORDS, TEST_SET.words);

export const someName = (random: SeededRandom): string => inventName(random, BLENDING);
/** A word like those of the lists: a noun, or an adjective. */
export const someNoun = (random: SeededRandom, tiers: Tiers): string => inventNoun(random, tiers, BLENDING);

/** Of the nouns that are asked for: with these, to know the nouns of the lists does not help. */
const INVENTED_SHARE = 0.6;

/** A noun of a story; what nobody asked for is of the lists. The test set has its own words and no invented ones. */
export function drawNoun(
  random: SeededRandom,
  { words, of, commonShare, isAsked }: { words: Words; of: NounClass; commonShare: number; isAsked: boolean },
): string {
  const tiers = words.nouns[of];
  const isInvented = isAsked && words === WORDS && random.chance(INVENTED_SHARE);
  return isInvented ? someNoun(random, tiers) : drawWord(random, tiers, commonShare);
}

/** An adjective likewise: else one that is new would be taken for the noun behind it. */
export function drawAdjective(
  random: SeededRandom,
  {
    words,
    of,
    commonShare,
    isAsked,
  }: { words: Words; of: keyof Words['adjectives']; commonShare: number; isAsked: boolean },
): string {
  const tiers = words.adjectives[of];
  const isInvented = isAsked && words === WORDS && random.chance(INVENTED_SHARE / 2);
  return isInvented ? someNoun(random, tiers) : drawWord(random, tiers, commonShare);
}
