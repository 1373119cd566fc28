import { chooseHero, introduce, type Person } from './cast.ts';
import type { SeededRandom } from './random.ts';
import { correct } from './render.ts';
import { nounSlots } from './subjects.ts';
import type { NounClass } from './word-lists.ts';
import { WORDS } from './words.ts';

/** What is asked for, and a sentence that names it. */
export interface Beginning {
  readonly asked: string;
  readonly begun: string;
}

const ANY: readonly NounClass[] = ['thing', 'big', 'place', 'stuff', 'idea'];
const THINGS: readonly NounClass[] = ['thing', 'big'];

const nounOf = (random: SeededRandom, classes: readonly NounClass[]): string =>
  nounSlots(random, 'x', classes, true, WORDS)['aX'] ?? '';
const heroOf = (random: SeededRandom): Person => chooseHero(random, { isWide: true });

/** With its quality and name, or a part of them, as people ask. */
function askedAs({ kind, quality, name }: Person, random: SeededRandom): string {
  const before = random.chance(0.5) ? `${quality} ` : '';
  return `a ${before}${kind}${name !== undefined && random.chance(0.5) ? ` named ${name}` : ''}`;
}

const made = (asked: string, begun: string): Beginning => ({
  asked: correct(`x ${asked}`).slice(2),
  begun: correct(begun),
});

const ofHero = (random: SeededRandom): Beginning => {
  const hero = heroOf(random);
  const begun = random.pick([
    'Once upon a time there was HERO.',
    'There was once HERO.',
    'Once there was HERO who lived alone.',
  ]);
  return made(askedAs(hero, random), begun.replace('HERO', introduce(hero)));
};

const ofHeroAndNoun = (random: SeededRandom): Beginning => {
  const [hero, noun] = [heroOf(random), nounOf(random, ANY)];
  const begun = random.pick([
    'Once upon a time there was HERO who liked NOUN.',
    'Once there was HERO who dreamed of NOUN.',
    'There was once HERO who had heard of NOUN.',
    'HERO wanted to know all about NOUN.',
  ]);
  const asked = askedAs(hero, random);
  return made(
    random.pick([`${asked} and ${noun}`, `${noun} and ${asked}`]),
    begun.replace('HERO', introduce(hero)).replace('NOUN', noun),
  );
};

const ofTwoNouns = (random: SeededRandom): Beginning => {
  const [first, second] = [nounOf(random, THINGS), nounOf(random, ANY)];
  const hero = introduce(chooseHero(random));
  const begun = random.pick([
    'HERO had FIRST and thought of SECOND.',
    'There were FIRST and SECOND, and HERO liked them both.',
    'HERO told a friend about FIRST and SECOND.',
  ]);
  return made(
    `${first} and ${second}`,
    begun.replace('HERO', hero).replace('FIRST', first).replace('SECOND', second),
  );
};

const ofTwoHeroes = (random: SeededRandom): Beginning => {
  const [first, second] = [heroOf(random), heroOf(random)];
  const begun = random.pick([
    'FIRST and SECOND were good friends.',
    'Once there were two friends, FIRST and SECOND.',
  ]);
  return made(
    `${askedAs(first, random)} and ${askedAs(second, random)}`,
    begun.replace('FIRST', introduce(first)).replace('SECOND', introduce(second)),
  );
};

const ofPlace = (random: SeededRandom): Beginning => {
  const [hero, place] = [introduce(chooseHero(random)), nounOf(random, ['place'])];
  return made(
    place,
    random.pick([`${hero} lived near ${place}.`, `Not far from ${place} there lived ${hero}.`]),
  );
};

export const BEGINNINGS = [
  ofHero,
  ofHeroAndNoun,
  ofHeroAndNoun,
  ofTwoNouns,
  ofTwoHeroes,
  ofTwoHeroes,
  ofPlace,
] as const;
