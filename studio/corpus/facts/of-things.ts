import { COLORS, NUMBERS, OWNERS, type Fact } from './fact.ts';

/** What the hero has and has found. */

const wear: Fact = {
  name: 'wear',
  slots: {
    wearColor: COLORS,
    wearWhat: 'scarf hat coat cap cloak ribbon shirt jacket vest belt tie glove'.split(' '),
  },
  tell: [
    '{hero} always wore a {wearColor} {wearWhat}.',
    '{He} liked to wear a {wearColor} {wearWhat}.',
    '{He} had a {wearColor} {wearWhat} and never took it off.',
  ],
  questions: [
    {
      id: 'wear color',
      kind: 'what color',
      asks: [
        'What color was the {wearWhat}?',
        'What color was {his} {wearWhat}?',
        'What color was the {wearWhat} of {hero}?',
        'Of what color was the {wearWhat}?',
        'Which color was the {wearWhat}?',
        'What was the color of the {wearWhat}?',
        'In what color was {his} {wearWhat}?',
        'What color did {his} {wearWhat} have?',
        'The {wearWhat} of {hero}: what color was it?',
      ],
      indirect: [
        'what color the {wearWhat} was',
        'which color {his} {wearWhat} was',
        'the color of {his} {wearWhat}',
        'whether the {wearWhat} was red or something else',
      ],
      answers: [
        'The {wearWhat} was {wearColor}.',
        'It was {wearColor}.',
        '{His} {wearWhat} was {wearColor}.',
      ],
      key: '{wearColor}',
    },
    {
      id: 'wear what',
      kind: 'what',
      asks: [
        'What did {hero} wear?',
        'What did {hero} always wear?',
        'What did the {kind} like to wear?',
        'What did {he} have on?',
        'What clothes did {hero} have?',
        'Which thing did {he} wear?',
        'What did {he} like to put on?',
        'What was worn by {hero}?',
      ],
      indirect: ['what {hero} wore', 'what {he} had on', 'what the {kind} always wore'],
      answers: [
        '{hero} wore a {wearColor} {wearWhat}.',
        'A {wearColor} {wearWhat}.',
        '{He} wore a {wearWhat}.',
      ],
      key: '{wearWhat}',
    },
  ],
};

const heirloom: Fact = {
  name: 'heirloom',
  slots: { heirColor: COLORS, heirOwner: OWNERS },
  tell: [
    '{He} had a {heirColor} {heirThing} that had belonged to {his} {heirOwner}.',
    '{hero} had the {heirColor} {heirThing} of {his} {heirOwner}.',
  ],
  questions: [
    {
      id: 'heirloom owner',
      kind: 'whose',
      asks: [
        'Whose {heirThing} was it?',
        'Whose {heirThing} did {hero} have?',
        'Whose was the {heirThing}?',
        'Who had owned the {heirThing}?',
        'From whom was the {heirThing}?',
        'Who was the owner of the {heirThing} before?',
        'Of which person was the {heirThing}?',
        'The {heirThing}: whose was it?',
      ],
      indirect: [
        'whose {heirThing} it was',
        'who had the {heirThing} before {hero}',
        'where {hero} had the {heirThing} from',
      ],
      answers: [
        'It was the {heirThing} of {his} {heirOwner}.',
        'The {heirThing} had belonged to {his} {heirOwner}.',
      ],
      key: '{heirOwner}',
    },
    {
      id: 'heirloom color',
      kind: 'what color',
      asks: [
        'What color was the {heirThing}?',
        'What color was {his} {heirThing}?',
        'Which color was the {heirThing}?',
        'What was the color of the {heirThing}?',
        'Of what color was {his} {heirThing}?',
        'What color did {his} {heirThing} have?',
      ],
      indirect: [
        'what color the {heirThing} was',
        'which color {his} {heirThing} was',
        'the color of {his} {heirThing}',
      ],
      answers: ['The {heirThing} was {heirColor}.', 'It was {heirColor}.'],
      key: '{heirColor}',
    },
  ],
};

const collection: Fact = {
  name: 'collection',
  slots: {
    collNumber: NUMBERS,
    collColor: COLORS,
    collWhat: 'stones shells buttons marbles nuts feathers coins beads stamps leaves keys pencils'.split(' '),
    collWhere: [
      'in {his} pocket',
      'in a box',
      'in a jar',
      'on a shelf',
      'under {his} bed',
      'in an old sock',
      'in a basket',
      'behind the door',
    ],
  },
  tell: [
    '{hero} kept {collNumber} {collColor} {collWhat} {collWhere}.',
    '{He} had {collNumber} {collColor} {collWhat} {collWhere}.',
  ],
  questions: [
    {
      id: 'collection number',
      kind: 'how many',
      asks: [
        'How many {collWhat} did {hero} have?',
        'How many {collWhat} were there?',
        'How many {collWhat} did {he} keep?',
        'What was the number of the {collWhat}?',
        'How many {collWhat} did the {kind} own?',
        'In all, how many {collWhat} did {he} have?',
        '{hero} had {collWhat}. How many?',
        'How many were the {collWhat}?',
      ],
      indirect: [
        'how many {collWhat} {he} had',
        'how many {collWhat} were in the collection of {hero}',
        'the number of the {collWhat}',
      ],
      answers: [
        '{hero} had {collNumber} {collWhat}.',
        'There were {collNumber} {collWhat}.',
        '{He} had {collNumber} {collWhat}.',
      ],
      key: '{collNumber}',
    },
    {
      id: 'collection color',
      kind: 'what color',
      asks: [
        'What color were the {collWhat}?',
        'What color were {his} {collWhat}?',
        'Which color were the {collWhat}?',
        'What was the color of the {collWhat}?',
        'Of what color were the {collWhat}?',
        'What color did {his} {collWhat} have?',
      ],
      indirect: [
        'what color the {collWhat} were',
        'which color {his} {collWhat} were',
        'the color of {his} {collWhat}',
      ],
      answers: ['The {collWhat} were {collColor}.', 'They were {collColor}.'],
      key: '{collColor}',
    },
    {
      id: 'collection where',
      kind: 'where',
      asks: [
        'Where did {hero} keep the {collWhat}?',
        'Where were the {collWhat}?',
        'Where did {he} keep {his} {collWhat}?',
        'At what place did {he} keep the {collWhat}?',
        'Where could one find the {collWhat}?',
        'Where did the {kind} put the {collWhat}?',
        'In what were the {collWhat}?',
      ],
      indirect: [
        'where {hero} kept the {collWhat}',
        'where {he} put {his} {collWhat}',
        'the place of the {collWhat}',
      ],
      answers: [
        '{He} kept them {collWhere}.',
        'The {collWhat} were {collWhere}.',
        '{hero} kept the {collWhat} {collWhere}.',
      ],
      key: '{collWhere}',
    },
  ],
};

const onceFound: Fact = {
  name: 'once found',
  slots: {
    foundWhere: [
      'on the beach',
      'under a tree',
      'in the snow',
      'behind the school',
      'in the river',
      'in the grass',
      'at the market',
      'on the roof',
      'in a cave',
      'by the road',
    ],
  },
  tell: [
    'Once {he} had found a {foundThing} {foundWhere}.',
    '{hero} had once found a {foundThing} {foundWhere}.',
  ],
  questions: [
    {
      id: 'found what',
      kind: 'what did',
      asks: [
        'What had {hero} once found?',
        'What did {hero} once find?',
        'What had {he} found {foundWhere}?',
        'What did the {kind} once find?',
        'What was once found by {hero}?',
        'What thing did {he} find?',
        'Which thing did the {kind} find {foundWhere}?',
        'What was it that {he} found {foundWhere}?',
        'What lay {foundWhere}?',
      ],
      indirect: ['what {hero} once found', 'what the {kind} had found {foundWhere}', 'what {he} found once'],
      answers: ['{hero} found a {foundThing}.', '{He} found a {foundThing} {foundWhere}.', 'A {foundThing}.'],
      key: '{foundThing}',
    },
    {
      id: 'found where',
      kind: 'where',
      asks: [
        'Where did {hero} find the {foundThing}?',
        'Where was the {foundThing}?',
        'Where had {he} found the {foundThing}?',
        'At what place did {he} find the {foundThing}?',
        'Where was it that {hero} found the {foundThing}?',
        'The {foundThing}: where did {he} find it?',
        'Where had the {foundThing} been?',
      ],
      indirect: [
        'where {hero} found the {foundThing}',
        'where the {foundThing} had been',
        'the place where {he} found the {foundThing}',
      ],
      answers: [
        '{He} found it {foundWhere}.',
        'The {foundThing} was {foundWhere}.',
        '{hero} found the {foundThing} {foundWhere}.',
      ],
      key: '{foundWhere}',
    },
  ],
};

export const OF_THINGS: readonly Fact[] = [wear, heirloom, collection, onceFound];
