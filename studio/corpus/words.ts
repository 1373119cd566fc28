import { readFileSync } from 'node:fs';
import { assertInvariant } from '../../src/errors.ts';
import { PACKAGE_ROOT } from '../../src/package-root.ts';
import { TEST_SET } from '../judge/test-set.ts';
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

const ONSETS = 'b br c ch d dr f fl g gr h j k kr l m n p pl qu r s sh st t tr v w y z'.split(' ');
const VOWELS = 'a e i o u a e i o ee oo ai ia'.split(' ');
const ENDS = ['n', 'l', 'r', 'x', 'm', 's', 't', 'ck', 'mp', 'nk', '', '', '', '', ''];

/** A name that no list has, such as `Zimo`: only the text before tells it. */
export function inventName(random: SeededRandom): string {
  const syllables = Array.from(
    { length: 2 + random.below(2) },
    () => random.pick(ONSETS) + random.pick(VOWELS),
  );
  const name = syllables.join('') + random.pick(ENDS);
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** A word that no list has. */
export const inventWord = (random: SeededRandom): string => inventName(random).toLowerCase();
