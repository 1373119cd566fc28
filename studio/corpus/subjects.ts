import type { Plot, Slots } from './plots/plot.ts';
import type { SeededRandom } from './random.ts';
import type { NounClass, Words } from './word-lists.ts';
import { drawAdjective, drawNoun } from './words.ts';

/** What a person asks a story to be about, and the words for it. */

export const SUBJECTS = ['hero', 'friend', 'x', 'y', 'place'] as const;
export type Subject = (typeof SUBJECTS)[number];

/** What a story can name that has no part for it. */
export const ANY_NOUN: readonly NounClass[] = ['thing', 'thing', 'big', 'place', 'stuff', 'idea'];

type Ways = readonly (readonly [weight: number, asked: readonly Subject[]])[];

const OF_TWO_NOUNS: Ways = [
  [45, ['x', 'y']],
  [15, ['hero', 'x']],
  [15, ['x']],
  [15, ['hero']],
  [10, []],
];
const OF_ONE_NOUN: Ways = [
  [25, ['x', 'y']],
  [40, ['hero', 'x']],
  [22, ['x']],
  [15, ['hero']],
  [8, ['x', 'place']],
  [5, ['hero', 'place']],
  [10, []],
];
const OF_HEROES: Ways = [
  [30, ['hero', 'y']],
  [50, ['hero']],
  [20, ['hero', 'place']],
  [15, ['place']],
  [15, []],
];
const OF_FRIENDS: Ways = [...OF_HEROES, [90, ['hero', 'friend']]];

/** What is asked for; nothing in a share of the stories. */
export function chooseAsked(random: SeededRandom, { x, y, cast }: Plot): readonly Subject[] {
  const ofHeroes = cast.includes('friend') ? OF_FRIENDS : OF_HEROES;
  const ways = y !== undefined ? OF_TWO_NOUNS : x !== undefined ? OF_ONE_NOUN : ofHeroes;
  let left = random.next() * ways.reduce((sum, [weight]) => sum + weight, 0);
  const way = ways.find(([weight]) => (left -= weight) < 0);
  return way?.[1] ?? [];
}

/** Of words that are asked for, and of words that are not: nobody expects a rare one there. */
const COMMON_SHARE = { asked: 0.25, other: 0.85 } as const;
const ADJECTIVE_SHARE = 0.3;
const WITHOUT_ARTICLE: ReadonlySet<NounClass> = new Set(['stuff', 'idea']);

/** The slots of a noun: `x`, `aX` with its article and in a share of them an adjective, and `theX`. */
export function nounSlots(
  random: SeededRandom,
  name: 'x' | 'y',
  classes: readonly NounClass[],
  isAsked: boolean,
  words: Words,
): Slots {
  const chosen = random.pick(classes);
  const share = COMMON_SHARE[isAsked ? 'asked' : 'other'];
  const noun = drawNoun(random, { words, of: chosen, commonShare: share, isAsked });
  const slot = name.toUpperCase();
  if (WITHOUT_ARTICLE.has(chosen)) return { [name]: noun, [`a${slot}`]: noun, [`the${slot}`]: noun };
  const of = chosen === 'place' ? 'place' : 'thing';
  const adjective = random.chance(ADJECTIVE_SHARE)
    ? `${drawAdjective(random, { words, of, commonShare: share, isAsked })} `
    : '';
  return { [name]: noun, [`a${slot}`]: `a ${adjective}${noun}`, [`the${slot}`]: `the ${noun}` };
}

const BESIDE = ['near', 'near', 'beside', 'next to', 'not far from', 'close to'] as const;

/** A place of the lists where the hero lives. */
export function placeSlots(random: SeededRandom, words: Words): Slots {
  const { x = '', aX = '', theX = '' } = nounSlots(random, 'x', ['place'], true, words);
  return { place: `${random.pick(BESIDE)} ${aX}`, thePlace: theX, placeNoun: x, aPlace: aX };
}
