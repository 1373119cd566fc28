/** What stories are made of. Words that a small child knows; each list is crossed with all others. */

/** With the pronouns that its stories use. */
export interface Hero {
  readonly kind: string;
  readonly names: readonly string[];
}

const NAMES_OF_GIRLS = [
  'Lily',
  'Mia',
  'Anna',
  'Rose',
  'Sue',
  'Lucy',
  'Emma',
  'Nora',
  'Kate',
  'Ella',
] as const;
const NAMES_OF_BOYS = ['Tom', 'Ben', 'Max', 'Sam', 'Jack', 'Leo', 'Tim', 'Dan', 'Finn', 'Will'] as const;
const NAMES_OF_ANIMALS = [
  'Pip',
  'Momo',
  'Coco',
  'Fluff',
  'Rusty',
  'Bobo',
  'Daisy',
  'Milo',
  'Teddy',
  'Nibbles',
] as const;

const animal = (kind: string): Hero => ({ kind, names: NAMES_OF_ANIMALS });

export const HEROES: readonly Hero[] = [
  { kind: 'girl', names: NAMES_OF_GIRLS },
  { kind: 'girl', names: NAMES_OF_GIRLS },
  { kind: 'boy', names: NAMES_OF_BOYS },
  { kind: 'boy', names: NAMES_OF_BOYS },
  ...['fox', 'rabbit', 'bear', 'mouse', 'cat', 'dog', 'duck', 'owl', 'frog', 'bird'].map(animal),
  ...['squirrel', 'turtle', 'pig', 'hen', 'lamb', 'pony', 'goat', 'bee', 'fish', 'hedgehog'].map(animal),
];

export const QUALITIES: readonly string[] = [
  ...['little', 'small', 'kind', 'brave', 'shy', 'clever', 'happy', 'sad', 'lazy', 'curious'],
  ...['hungry', 'sleepy', 'proud', 'gentle', 'young', 'old', 'funny', 'quiet', 'lonely', 'greedy'],
];

export const PLACES: readonly string[] = [
  ...['in the forest', 'by the river', 'on a farm', 'in a garden', 'at the park', 'by the sea', 'on a hill'],
  ...['in a small house', 'at the market', 'in a village', 'by the pond', 'in the snow', 'under a big tree'],
  ...[
    'in the kitchen',
    'at school',
    'on a boat',
    'in a barn',
    'on the beach',
    'in a castle',
    'in the meadow',
  ],
];

export const THINGS: readonly string[] = [
  ...[
    'hat',
    'ball',
    'kite',
    'red boat',
    'book',
    'bell',
    'blanket',
    'toy',
    'shoe',
    'coat',
    'box',
    'key',
    'lamp',
  ],
  ...['cake', 'apple', 'flower', 'egg', 'stone', 'feather', 'cup', 'basket', 'drum', 'ring', 'letter', 'map'],
  ...[
    'pie',
    'leaf',
    'shell',
    'star',
    'nut',
    'scarf',
    'button',
    'bucket',
    'rope',
    'ladder',
    'spoon',
    'bag',
    'coin',
  ],
];

/** HERO is told first; THING is one of the things. */
export const PLOTS: readonly string[] = [
  ...['who lost a THING', 'who found a THING', 'who wanted a THING', 'who made a THING for a friend'],
  ...['who would not share a THING', 'who gave away a THING', 'who broke a THING', 'who hid a THING'],
  ...['who looked for a THING', 'who was given a THING', 'who carried a THING home', 'who dropped a THING'],
  ...['who was afraid of the dark', 'who could not sleep', 'who got lost', 'who helped an old friend'],
  ...['who wanted to fly', 'who learned to swim', 'who met a new friend', 'who told a lie', 'who said sorry'],
  ...['who did not want to go to bed', 'who was late', 'who climbed too high', 'who planted a seed'],
  ...[
    'who saw the snow for the first time',
    'who had a birthday',
    'who was in a hurry',
    'who waited for the rain to stop',
  ],
  ...[
    'who wanted to be big',
    'who heard a strange sound',
    'who baked a cake',
    'who ran a race',
    'who sang a song',
  ],
  ...[
    'who missed home',
    'who kept a promise',
    'who was hungry',
    'who went on a long walk',
    'who took care of a baby bird',
  ],
];

export const ENDINGS: readonly string[] = [
  'It ends well.',
  'It ends with a hug.',
  'It ends with a laugh.',
  'At the end a friend helps.',
  'At the end the hero goes home.',
  'At the end the hero falls asleep.',
  'At the end the hero learns to share.',
  'At the end the hero learns to be brave.',
  'At the end the hero says thank you.',
  'At the end they all eat together.',
  'It ends with a surprise.',
  '',
];

/** How a story is asked for. STORY is what it is about. */
export const WAYS_TO_ASK: readonly string[] = [
  'Tell me a story about STORY.',
  'Tell me a story about STORY.',
  'Tell me a short story about STORY.',
  'Can you tell me a story about STORY?',
  'Please tell me about STORY.',
  'I want a story about STORY.',
  'Write a story about STORY.',
  'Write a short story about STORY.',
  'A story about STORY, please.',
];
