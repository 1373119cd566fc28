import { NUMBERS, OWNERS, type Fact } from './fact.ts';

/** Whom the hero knows. */

const kin: Fact = {
  name: 'kin',
  slots: { kinNumber: NUMBERS, kinWho: 'brothers sisters cousins friends'.split(' ') },
  tell: [
    '{hero} had {kinNumber} {kinWho}.',
    '{He} had {kinNumber} {kinWho}, and {he} loved them all.',
    '{He} lived with {his} {kinNumber} {kinWho}.',
  ],
  questions: [
    {
      id: 'kin number',
      kind: 'how many',
      asks: [
        'How many {kinWho} did {hero} have?',
        'How many {kinWho} were there?',
        'How many {kinWho} did {he} have?',
        'How many {kinWho} did the {kind} have?',
      ],
      answers: [
        '{hero} had {kinNumber} {kinWho}.',
        '{He} had {kinNumber} {kinWho}.',
        'There were {kinNumber} {kinWho}.',
      ],
      key: '{kinNumber}',
    },
  ],
};

const house: Fact = {
  name: 'house',
  slots: {
    houseOwner: OWNERS,
    houseRoom: [
      'a small room',
      'the attic',
      'the cellar',
      'a corner of the kitchen',
      'a room under the roof',
    ],
  },
  tell: [
    '{He} lived in the house of {his} {houseOwner} and slept in {houseRoom}.',
    'The house belonged to {his} {houseOwner}, and {hero} slept in {houseRoom}.',
  ],
  questions: [
    {
      id: 'house owner',
      kind: 'whose',
      asks: ['Whose house was it?', 'Whose house did {hero} live in?', 'In whose house did {he} live?'],
      answers: ['It was the house of {his} {houseOwner}.', 'The house belonged to {his} {houseOwner}.'],
      key: '{houseOwner}',
    },
    {
      id: 'house room',
      kind: 'where',
      asks: ['Where did {hero} sleep?', 'Where did the {kind} sleep?', 'Where did {he} sleep at night?'],
      answers: ['{hero} slept in {houseRoom}.', '{He} slept in {houseRoom}.', 'In {houseRoom}.'],
      key: '{houseRoom}',
    },
  ],
};

const bestFriend: Fact = {
  name: 'best friend',
  slots: {},
  tell: [
    '{His} best friend was a {bestKind} named {bestName}.',
    '{He} had a good friend, a {bestKind} named {bestName}.',
  ],
  questions: [
    {
      id: 'best friend',
      kind: 'who',
      asks: [
        'Who was {his} best friend?',
        'Who was the best friend of {hero}?',
        'Who was the best friend of the {kind}?',
      ],
      answers: [
        '{His} best friend was a {bestKind} named {bestName}.',
        'It was {bestName}, a {bestKind}.',
        'It was a {bestKind} named {bestName}.',
      ],
      key: '{bestName}',
    },
    {
      id: 'best friend name',
      kind: 'what',
      asks: ['What was the name of the {bestKind}?', 'What was the {bestKind} called?'],
      answers: ['The {bestKind} was called {bestName}.', 'The name of the {bestKind} was {bestName}.'],
      key: '{bestName}',
    },
    {
      id: 'best friend who',
      kind: 'who',
      asks: ['Who was {bestName}?', 'Who is {bestName}?'],
      answers: ['{bestName} was a {bestKind}, the friend of {hero}.', '{bestName} was a {bestKind}.'],
      key: '{bestKind}',
    },
  ],
};

const saying: Fact = {
  name: 'saying',
  slots: {
    sayWho: OWNERS,
    sayWhat: [
      'A friend is better than gold',
      'Tomorrow is another day',
      'Every little helps',
      'After the rain comes the sun',
      'Look before you jump',
      'Good things take time',
      'A smile costs nothing',
      'There is no place like home',
      'Where there is a will, there is a way',
      'Never go to bed angry',
      'Many hands make light work',
      'You are never too small to help',
    ],
  },
  tell: ['"{sayWhat}," {his} {sayWho} always said.', '{His} {sayWho} used to say, "{sayWhat}."'],
  questions: [
    {
      id: 'saying what',
      kind: 'what did',
      asks: [
        'What did {his} {sayWho} always say?',
        'What did the {sayWho} of {hero} say?',
        'What did {his} {sayWho} use to say?',
      ],
      answers: ['{His} {sayWho} said, "{sayWhat}."', '"{sayWhat}."'],
      key: '{sayWhat}',
    },
    {
      id: 'saying who',
      kind: 'who',
      asks: ['Who said, "{sayWhat}"?', 'Who always said, "{sayWhat}"?'],
      answers: ['It was {his} {sayWho}.', '{His} {sayWho} said it.'],
      key: '{sayWho}',
    },
  ],
};

export const OF_PEOPLE: readonly Fact[] = [kin, house, bestFriend, saying];
