import type { SeededRandom } from './random.ts';

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

const GIRLS = words(
  'Lily Mia Anna Rose Sue Lucy Emma Nora Kate Ella Ruby Molly Grace Jane Amy Sara Lena Ida Clara Nell',
);
const BOYS = words(
  'Tom Ben Max Sam Jack Leo Tim Dan Finn Will Noah Peter Oscar Paul Hugo Adam Theo Ned Luke Joe',
);
const ANIMALS = words(
  'Pip Momo Coco Fluff Rusty Bobo Milo Teddy Dot Bibi Toffee Pepper Biscuit Poppy Nutmeg Bean Tuck Sunny',
  'Button Olly Pudding Fern Moss Clover Ginger Tilly Benny Wren Hazel Bramble',
);

const kind = (name: string, hand: string, home: string): Kind => ({ kind: name, hand, home });

/** Girls and boys are as many as animals: they stand here several times. */
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

const FEMALE = new Set(['girl', 'queen', 'princess', 'hen', 'cow']);
const MALE = new Set(['boy', 'king', 'prince']);
/** They have names of people. */
export const PEOPLE: ReadonlySet<string> = new Set(['girl', 'boy', 'king', 'queen', 'prince', 'princess']);

const QUALITIES = words(
  'little little small young kind brave shy clever curious cheerful quiet gentle funny busy proud lively',
);
const QUALITIES_OF_FRIENDS = words('old wise kind big small friendly funny clever gentle young cheerful');

const NAMED_HERO_SHARE = 0.75;
const NAMED_FRIEND_SHARE = 0.4;

export function chooseHero(random: SeededRandom, not: readonly string[] = [], qualities = QUALITIES): Person {
  const { kind: chosen } = random.pick(KINDS.filter((one) => !not.includes(one.kind)));
  return nameOne(random, chosen, random.pick(qualities), NAMED_HERO_SHARE);
}

/** Another kind and another name than the hero's. */
export function chooseFriend(random: SeededRandom, hero: Person): Person {
  const { kind: chosen } = random.pick(KINDS.filter((one) => one.kind !== hero.kind));
  const friend = nameOne(random, chosen, random.pick(QUALITIES_OF_FRIENDS), NAMED_FRIEND_SHARE);
  return friend.name === hero.name ? { ...friend, name: undefined } : friend;
}

function nameOne(random: SeededRandom, chosen: string, quality: string, share: number): Person {
  const isFemale = FEMALE.has(chosen) || (!MALE.has(chosen) && random.chance(0.5));
  const names = !PEOPLE.has(chosen) ? ANIMALS : isFemale ? GIRLS : BOYS;
  return { kind: chosen, quality, name: random.chance(share) ? random.pick(names) : undefined, isFemale };
}

export const ELDERS = ['mother', 'father', 'grandmother', 'grandfather', 'aunt', 'uncle'] as const;
const FEMALE_ELDERS: readonly string[] = ['mother', 'grandmother', 'aunt'];

/** The slots of a hero: pronouns and what belongs to the kind. */
export function heroSlots(hero: Person, elder: string): Record<string, string> {
  const { hand, home } = KINDS.find((one) => one.kind === hero.kind) ?? { hand: 'hand', home: 'house' };
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

/** All names; a text with another one speaks of a person that is not in the story. */
export const NAMES: readonly string[] = [...GIRLS, ...BOYS, ...ANIMALS];
/** What the cast adds to the words of the plots. */
export const CAST_WORDS: readonly string[] = [
  ...QUALITIES,
  ...QUALITIES_OF_FRIENDS,
  ...KINDS.flatMap(({ hand, home }) => [hand, home]),
];
/** All words for persons. */
export const PERSONS: readonly string[] = [...new Set(KINDS.map((one) => one.kind)), ...ELDERS];

function words(...lines: string[]): string[] {
  return lines.flatMap((line) => line.split(' '));
}
