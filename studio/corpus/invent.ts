import type { SeededRandom } from './random.ts';
import { allOf, allTiers, type Tiers, type Words } from './word-lists.ts';

/** Words that no list has: only the text before tells them, so a model that knows words by heart cannot say them. */

const ONSETS = 'b br c ch d dr f fl g gr h j k kr l m n p pl qu r s sh st t tr v w y z'.split(' ');
const VOWELS = 'a e i o u a e i o ee oo ai ia'.split(' ');
const ENDS = ['n', 'l', 'r', 'x', 'm', 's', 't', 'ck', 'mp', 'nk', '', '', '', '', ''];

const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** A word of random syllables, such as `zimo`. */
export function inventWord(random: SeededRandom): string {
  const syllables = Array.from(
    { length: 2 + random.below(2) },
    () => random.pick(ONSETS) + random.pick(VOWELS),
  );
  return syllables.join('') + random.pick(ENDS);
}

/** A beginning of consonants and vowels, and what follows it up to the next vowels. */
const SYLLABLE = /[^aeiouy]*[aeiouy]+(?:[^aeiouy]+$|[^aeiouy](?=[^aeiouy]))?/g;
const MIN_LENGTH = 4;
const MAX_LENGTH = 12;
const MAX_TRIES = 8;

/**
 * A word that begins as one of the list does and ends as another, such as `wallope`: it looks like a word that the list
 * happens not to have.
 *
 * @param refused words that it must not be
 */
export function blendWords(
  random: SeededRandom,
  words: readonly string[],
  refused: ReadonlySet<string>,
): string {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const [first = [], last = []] = [random.pick(words), random.pick(words)].map(
      (word) => word.split(/[ -]/).at(-1)?.toLowerCase().match(SYLLABLE) ?? [],
    );
    const blend = [
      ...first.slice(0, 1 + random.below(Math.max(1, first.length - 1))),
      ...last.slice(-(1 + random.below(Math.max(1, last.length - 1)))),
    ].join('');
    if (blend.length >= MIN_LENGTH && blend.length <= MAX_LENGTH && !refused.has(blend)) return blend;
  }
  return inventWord(random);
}

/** Which lists words are blended of, and which words no blend may be: those of the lists, and those that are measured. */
export interface Blending {
  readonly lists: Words;
  readonly refused: ReadonlySet<string>;
}

export const blendingOf = (lists: Words, held: Words): Blending => ({
  lists,
  refused: new Set([...allOf(lists), ...allOf(held)].map((word) => word.toLowerCase())),
});

const BLENDED_SHARE = 0.7;

/** A noun like those of the lists given. */
export const inventNoun = (random: SeededRandom, tiers: Tiers, { refused }: Blending): string =>
  random.chance(BLENDED_SHARE) ? blendWords(random, allTiers(tiers), refused) : inventWord(random);

/** A name, such as `Zimo` or `Rosabel`. */
export function inventName(random: SeededRandom, { lists, refused }: Blending): string {
  const names = random.pick(Object.values(lists.names));
  return capitalized(random.chance(BLENDED_SHARE) ? blendWords(random, names, refused) : inventWord(random));
}
