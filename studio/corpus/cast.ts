import type { SeededRandom } from './random.ts';
import { allTiers, type Words } from './word-lists.ts';
import { drawAdjective, drawNoun, someName, WORDS } from './words.ts';

/** A person of a story, the same through all of it. */
export interface Person {
  /** `fox`, `girl`. */
  readonly kind: string;
  readonly quality: string;
  readonly name: string | undefined;
  readonly isFemale: boolean;
}

interface Kind {
  readonly kind: string;
  readonly hand: string;
  readonly home: string;
}

export interface CastOptions {
  /** Kinds that do not suit. */
  readonly not?: readonly string[] | undefined;
  /** Qualities that suit; all where it is left out. */
  readonly qualities?: readonly string[] | undefined;
  /** Any kind of the lists, since it is asked for; else one that stories often have. */
  readonly isWide?: boolean;
  readonly words?: Words;
}

const kind = (name: string, hand: string, home: string): Kind => ({ kind: name, hand, home });

/** Of whom stories are told where a request names no other. Girls and boys are as many as animals. */
const KINDS: readonly Kind[] = [
  ...Array.from({ length: 8 }, () => kind('girl', 'hand', 'house')),
  ...Array.from({ length: 8 }, () => kind('boy', 'hand', 'house')),
  ...['fox', 'badger', 'hedgehog', 'otter', 'wolf'].map((name) => kind(name, 'paw', 'den')),
  ...['rabbit', 'mole', 'mouse'].map((name) => kind(name, 'paw', 'burrow')),
  ...['bear', 'lion'].map((name) => kind(name, 'paw', 'cave')),
  ...['cat', 'dog', 'kitten', 'puppy', 'monkey'].map((name) => kind(name, 'paw', 'house')),
  ...['duck', 'owl', 'hen'].map((name) => kind(name, 'wing', 'nest')),
  ...['squirrel', 'raccoon'].map((name) => kind(name, 'paw', 'tree')),
  ...['pig', 'lamb', 'pony', 'goat', 'donkey', 'cow'].map((name) => kind(name, 'foot', 'barn')),
  ...['king', 'queen', 'prince', 'princess'].map((name) => kind(name, 'hand', 'castle')),
  kind('dragon', 'claw', 'cave'),
  ...['frog', 'turtle', 'elephant'].map((name) => kind(name, 'foot', 'house')),
];

const FEMALE = new Set(
  'girl queen princess hen cow woman witch lady mare lioness duchess empress milkmaid maid nun seamstress ballerina'.split(
    ' ',
  ),
);
const MALE = new Set(
  'boy king prince man rooster bull stallion duke emperor monk fisherman wizard policeman'.split(' '),
);
const PEOPLE_SET = new Set(['girl', 'boy', 'king', 'queen', 'prince', 'princess']);
const BIRDS = new Set(
  'crow eagle parrot pigeon swan turkey goose rooster dove bird heron hawk robin sparrow raven stork pelican penguin'.split(
    ' ',
  ),
);

/** Whether one of this kind has a name of people, and is not asked for as an animal. */
export const isPerson = (name: string, words: Words = WORDS): boolean =>
  PEOPLE_SET.has(name) || allTiers(words.nouns.person).includes(name);

const QUALITIES = WORDS.adjectives.hero.common;
const QUALITIES_OF_FRIENDS = 'old wise kind big small friendly funny clever gentle young cheerful'.split(' ');

const NAMED_HERO_SHARE = 0.75;
const NAMED_FRIEND_SHARE = 0.4;
/** Of names: most are of the lists, and fewer where the person is asked for. */
const INVENTED_SHARE = { asked: 0.4, other: 0.1 } as const;
/** Of wide kinds, those that are people of some trade or beings, not animals. */
const PERSON_SHARE = 0.5;
const COMMON_SHARE = 0.3;

export function chooseHero(random: SeededRandom, options: CastOptions = {}): Person {
  const chosen = chooseKind(random, options);
  const qualities = options.qualities ?? QUALITIES;
  const quality =
    options.isWide === true && options.qualities === undefined
      ? drawAdjective(random, {
          words: options.words ?? WORDS,
          of: 'hero',
          commonShare: COMMON_SHARE,
          isAsked: true,
        })
      : random.pick(qualities);
  return nameOne(random, { kind: chosen, quality, namedShare: NAMED_HERO_SHARE }, options);
}

/** Another kind and another name than the hero's. */
export function chooseFriend(random: SeededRandom, hero: Person, options: CastOptions = {}): Person {
  const chosen = chooseKind(random, { ...options, not: [hero.kind] });
  const quality = random.pick(QUALITIES_OF_FRIENDS);
  const friend = nameOne(random, { kind: chosen, quality, namedShare: NAMED_FRIEND_SHARE }, options);
  return friend.name === hero.name ? { ...friend, name: undefined } : friend;
}

function chooseKind(random: SeededRandom, { not = [], isWide = false, words = WORDS }: CastOptions): string {
  if (!isWide) return random.pick(KINDS.filter((one) => !not.includes(one.kind))).kind;
  for (;;) {
    const of = random.chance(PERSON_SHARE) ? 'person' : 'animal';
    const drawn = drawNoun(random, { words, of, commonShare: COMMON_SHARE, isAsked: true });
    if (!not.includes(drawn)) return drawn;
  }
}

function nameOne(
  random: SeededRandom,
  { kind: chosen, quality, namedShare }: { kind: string; quality: string; namedShare: number },
  { isWide = false, words = WORDS }: CastOptions,
): Person {
  const isFemale = FEMALE.has(chosen) || (!MALE.has(chosen) && random.chance(0.5));
  const ofPeople = isFemale ? words.names.girls : words.names.boys;
  const names = isPerson(chosen, words) || random.chance(0.3) ? ofPeople : words.names.animals;
  const isInvented = random.chance(INVENTED_SHARE[isWide ? 'asked' : 'other']);
  const name = isInvented ? someName(random) : random.pick(names);
  return { kind: chosen, quality, name: random.chance(namedShare) ? name : undefined, isFemale };
}

export const ELDERS = ['mother', 'father', 'grandmother', 'grandfather', 'aunt', 'uncle'] as const;
const FEMALE_ELDERS: readonly string[] = ['mother', 'grandmother', 'aunt'];

const bodyOf = (name: string): Kind =>
  KINDS.find((one) => one.kind === name) ??
  (isPerson(name) ? kind(name, 'hand', 'house') : kind(name, BIRDS.has(name) ? 'wing' : 'paw', 'house'));

/** The slots of a hero: pronouns and what belongs to the kind. */
export function heroSlots(hero: Person, elder: string): Record<string, string> {
  const { hand, home } = bodyOf(hero.kind);
  const { he, him, his } = pronouns(hero.isFemale);
  const elders = pronouns(FEMALE_ELDERS.includes(elder));
  return {
    he,
    him,
    his,
    himself: hero.isFemale ? 'herself' : 'himself',
    kind: hero.kind,
    quality: hero.quality,
    hand,
    home,
    call: hero.name ?? 'little one',
    elder: `${his} ${elder}`,
    ekind: elder,
    ehe: elders.he,
    ehim: elders.him,
    ehis: elders.his,
  };
}

export function friendSlots(friend: Person): Record<string, string> {
  const { he, him, his } = pronouns(friend.isFemale);
  return {
    fhe: he,
    fhim: him,
    fhis: his,
    fhimself: friend.isFemale ? 'herself' : 'himself',
    fkind: friend.kind,
    fcall: friend.name ?? 'my friend',
  };
}

function pronouns(isFemale: boolean): { he: string; him: string; his: string } {
  return isFemale ? { he: 'she', him: 'her', his: 'her' } : { he: 'he', him: 'him', his: 'his' };
}

/** `a shy fox named Pip`, as it is introduced. */
export const introduce = ({ quality, kind: noun, name }: Person): string =>
  `a ${quality} ${noun}${name === undefined ? '' : ` named ${name}`}`;

/** All names of the lists. */
export const NAMES: readonly string[] = [...new Set(Object.values(WORDS.names).flat())];
