import type { Subject } from '../subjects.ts';
import type { Slots } from './plot.ts';

/** What every plot may use. */

/** `place` where the hero lives, and `thePlace` as a thing to go to. */
export const PLACES: readonly Slots[] = [
  { place: 'by the river', thePlace: 'the river' },
  { place: 'near the forest', thePlace: 'the forest' },
  { place: 'on a farm', thePlace: 'the farm' },
  { place: 'by the sea', thePlace: 'the beach' },
  { place: 'on a green hill', thePlace: 'the hill' },
  { place: 'at the edge of a village', thePlace: 'the village' },
  { place: 'by a quiet pond', thePlace: 'the pond' },
  { place: 'near an old mill', thePlace: 'the old mill' },
  { place: 'in a small town', thePlace: 'the town' },
  { place: 'in a wide valley', thePlace: 'the valley' },
  { place: 'beside a lake', thePlace: 'the lake' },
  { place: 'at the end of a long road', thePlace: 'the road' },
  { place: 'in the middle of a meadow', thePlace: 'the meadow' },
  { place: 'under the mountains', thePlace: 'the mountains' },
  { place: 'behind a big orchard', thePlace: 'the orchard' },
  { place: 'by the old bridge', thePlace: 'the bridge' },
];

export const SHARED_SLOTS: Readonly<Record<string, readonly (string | Slots)[]>> = {
  food: [
    'soup',
    'apple pie',
    'warm bread',
    'honey cake',
    'porridge',
    'plum pudding',
    'vegetable stew',
    'bread and cheese',
    'rice pudding',
    'bread and jam',
  ],
  color: ['red', 'blue', 'green', 'yellow', 'white', 'brown'],
};

/** Whom the hero may meet in a round. */
export const ANIMALS: readonly Slots[] = [
  'hen',
  'cow',
  'cat',
  'dog',
  'duck',
  'goat',
  'sheep',
  'horse',
  'mouse',
  'owl',
  'frog',
  'goose',
  'bird',
  'pig',
  'rabbit',
  'squirrel',
  'bear',
  'fox',
].map((who) => ({ who }));

/** Slots of which each place of a text gets a new value. */
export const CHOSEN_ANEW: Readonly<Record<string, readonly string[]>> = {
  oneDay: [
    'one day',
    'one morning',
    'one afternoon',
    'early one morning',
    'one fine day',
    'one day after breakfast',
    'one quiet morning',
  ],
  soon: ['soon', 'before long', 'a little later', 'after a while', 'in a short time'],
  suddenly: ['suddenly', 'all at once', 'just then', 'at that moment', 'at that very moment'],
  nextDay: [
    'the next day',
    'the next morning',
    'the day after',
    'when the sun came up again',
    'in the morning',
  ],
  glad: ['glad', 'happy', 'full of joy', 'pleased'],
  toy: ['boat', 'kite', 'ball', 'drum', 'cart', 'hat', 'cup', 'bell', 'wagon'],
  smiled: ['smiled', 'laughed', 'nodded', 'gave a big smile'],
};

/** They come before the first beat in a share of the stories, and introduce the hero. Most stories for children begin so. */
export const USUAL_OPENINGS: readonly string[] = [
  'Once upon a time there was {aHero}.',
  'Once upon a time, there was {aHero}.',
  'Once upon a time there was {aHero} who lived {place}.',
  'Once upon a time, {place}, there lived {aHero}.',
  'Once there was {aHero} who lived {place}.',
  'There once was {aHero}.',
];

export const OPENINGS: readonly string[] = [
  'There was once {aHero} who lived {place}.',
  '{aHero} lived {place}.',
  'Long ago, there was {aHero} who lived {place}.',
  'Not far from here there lived {aHero}.',
  'This is a story about {aHero}.',
  'In a little house {place} lived {aHero}.',
  'Do you know the story of {aHero}? It happened {place}.',
  'Once there was {aHero}, and {he} lived {place}.',
  'My grandmother told me a story about {aHero}.',
  'My grandfather once told me about {aHero}.',
  'Long ago, in a small village, there lived {aHero}.',
  'In the middle of the forest there lived {aHero}.',
  'Far away, in a small house, there lived {aHero}.',
  'The sun was shining, and {aHero} was happy.',
  'The sun was shining, and {aHero} went out to play.',
  'It was a cold winter morning. {aHero} woke up early.',
  'It was a warm summer day. {aHero} sat in the grass.',
  'It was a quiet evening. {aHero} looked out of the window.',
  'When the rain stopped, {aHero} came out of {his} {home}.',
  'Every night {aHero} looked at the moon.',
  'Every morning {aHero} got up with the sun.',
];

/** A sentence before an opening. */
export const SCENES: readonly string[] = [
  'It was a cold winter morning.',
  'It was a warm summer day.',
  'It was a dark night.',
  'It was a quiet evening.',
  'It was a rainy day.',
  'The sun was shining.',
  'The wind was blowing.',
  'The moon was in the sky.',
  'Listen to this story.',
];

/** They introduce the friend, too. */
export const PAIR_OPENINGS: readonly string[] = [
  '{aHero} and {aFriend} were good friends.',
  '{aHero} and {aFriend} lived {place}.',
  'Once there were two friends, {aHero} and {aFriend}.',
  'Two friends lived {place}. One was {aHero}, and the other was {aFriend}.',
];

/** With the hero's name first. */
export const NAMED_OPENINGS: readonly string[] = [
  '{heroName} had a {color} {toy}. {He} was a {quality} {kind}.',
  'The {quality} {kind} was sad because {he} was all alone. {His} name was {heroName}.',
  'The {quality} {kind} looked out of the window. {His} name was {heroName}.',
  '{heroName} was a {quality} {kind} who lived {place}.',
  'There was a {quality} {kind}, and {his} name was {heroName}.',
  '{heroName} was a {quality} {kind}.',
  'A {quality} {kind} lived {place}. {His} name was {heroName}.',
];

/** They say where the hero lives, since the place is asked for. */
export const PLACE_OPENINGS: readonly string[] = [
  ...[...USUAL_OPENINGS, ...OPENINGS].filter((opening) => opening.includes('{place}')),
  'There was once {aHero}. {He} lived {place}.',
  '{aHero} had a little house {place}.',
];

/** What was asked for comes again, where no beat after the first one has named it. */
/** With a second noun that is asked for, which the story has no part for: whether it is a thing, a place or an idea. */
export const OTHER_OPENINGS: readonly string[] = [
  'Once upon a time there was {aHero} who had heard of {aY}.',
  'Once upon a time there was {aHero} who often dreamed of {aY}.',
  'Once there was {aHero} who dreamed of {aY} every night.',
  'Once there was {aHero} who knew a song about {aY}.',
  'There was once {aHero} who liked {aY} very much.',
  'There was once {aHero} who wanted to know all about {aY}.',
  'There was once {aHero} who had a picture of {aY} on the wall.',
  '{aHero} had never seen {aY}, only heard of it.',
  '{aHero} had thought of {aY} all morning.',
  'In those days there was much talk of {aY}, and {aHero} had heard it, too.',
];

export const CODAS: Readonly<Record<Subject, readonly string[]>> = {
  place: [
    'Then {he} went home to {thePlace}.',
    'And the moon shone on {thePlace}.',
    'From then on {he} liked {thePlace} even more.',
    'There was no better place in the world than {thePlace}.',
    'And all was quiet at {thePlace}.',
  ],
  x: [
    'And {hero} never forgot {theX}.',
    'That is the story of {hero} and {theX}.',
    'And {hero} still thinks of {theX}.',
    'And that was all about {theX}.',
  ],
  y: [
    'And {hero} never forgot {theY}.',
    'And {hero} was glad about {theY}, too.',
    'So it was with {theY}.',
    'And {hero} still thinks of {theY}.',
  ],
  hero: ['And {hero} was happy.', 'So it was with {hero}.', 'And that is the story of {hero}.'],
  friend: [
    'And {friend} was happy, too.',
    'And {hero} and {friend} are friends to this day.',
    'And {friend} never forgot it.',
  ],
};

/** All that may stand at the beginning and at the end of any story. */
export const ALL_OPENINGS: readonly string[] = [
  ...USUAL_OPENINGS,
  ...OPENINGS,
  ...NAMED_OPENINGS,
  ...PAIR_OPENINGS,
  ...PLACE_OPENINGS,
  ...OTHER_OPENINGS,
  ...Object.values(CODAS).flat(),
  ...SCENES,
];
