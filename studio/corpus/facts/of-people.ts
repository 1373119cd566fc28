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
        'What was the number of {his} {kinWho}?',
        '{hero} had {kinWho}. How many?',
        'How many were the {kinWho} of {hero}?',
        'In all, how many {kinWho} were there?',
      ],
      indirect: [
        'how many {kinWho} {he} had',
        'how many {kinWho} there were',
        'the number of {his} {kinWho}',
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
      asks: [
        'Whose house was it?',
        'Whose house did {hero} live in?',
        'In whose house did {he} live?',
        'Who owned the house?',
        'Who was the owner of the house?',
        'With whom did {hero} live?',
        'Of which person was the house?',
        'The house: whose was it?',
      ],
      indirect: ['whose house it was', 'in whose house {hero} lived', 'who owned the house'],
      answers: ['It was the house of {his} {houseOwner}.', 'The house belonged to {his} {houseOwner}.'],
      key: '{houseOwner}',
    },
    {
      id: 'house room',
      kind: 'where',
      asks: [
        'Where did {hero} sleep?',
        'Where did the {kind} sleep?',
        'Where did {he} sleep at night?',
        'Where was the bed of {hero}?',
        'In which room did {he} sleep?',
        'In what room did the {kind} sleep?',
        'Where did {hero} spend the night?',
        'At night, where did {he} sleep?',
      ],
      indirect: [
        'where the {kind} slept',
        'where {he} slept at night',
        'where the bed of {hero} was',
        'in which room {he} slept',
      ],
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
        'Which friend did {hero} have?',
        'What was {his} best friend called?',
        'Whom did {hero} like best?',
        '{hero} had a best friend. Who was it?',
        'By what name did {his} best friend go?',
        'To whom was {hero} a good friend?',
        'Who was close to {hero}?',
        'Who liked {hero} best?',
        'Which animal was the friend of {hero}?',
      ],
      indirect: [
        'who {his} best friend was',
        'the name of {his} best friend',
        'who the friend of {hero} was',
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
      asks: [
        'What was the name of the {bestKind}?',
        'What was the {bestKind} called?',
        'What name did the {bestKind} have?',
        'By what name did the {bestKind} go?',
        'What did they call the {bestKind}?',
        'The {bestKind}: what was its name?',
      ],
      indirect: [
        'what the {bestKind} was called',
        'the name of the {bestKind}',
        'how they called the {bestKind}',
      ],
      answers: ['The {bestKind} was called {bestName}.', 'The name of the {bestKind} was {bestName}.'],
      key: '{bestName}',
    },
    {
      id: 'best friend who',
      kind: 'who',
      asks: [
        'Who was {bestName}?',
        'Who is {bestName}?',
        'What was {bestName}?',
        '{bestName}? Who is that?',
        'Which animal was {bestName}?',
        'Who was it that they called {bestName}?',
        'What do we know about {bestName}?',
        'Which animal went by the name {bestName}?',
        'Say something about {bestName}.',
        'So who was {bestName} again?',
        'What sort of animal was {bestName}?',
        'There was a {bestName}. Who was that?',
      ],
      indirect: ['who {bestName} was', 'what {bestName} was', 'whose friend {bestName} was'],
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
        'What were the words of {his} {sayWho}?',
        'What saying did {his} {sayWho} have?',
        'What would {his} {sayWho} say?',
        'What was it that {his} {sayWho} always said?',
      ],
      indirect: [
        'what {his} {sayWho} always said',
        'what the {sayWho} of {hero} used to say',
        'the words of {his} {sayWho}',
      ],
      answers: ['{His} {sayWho} said, "{sayWhat}."', '"{sayWhat}."'],
      key: '{sayWhat}',
    },
    {
      id: 'saying who',
      kind: 'who',
      asks: [
        'Who said, "{sayWhat}"?',
        'Who always said, "{sayWhat}"?',
        'Who used to say, "{sayWhat}"?',
        'Whose saying is "{sayWhat}"?',
        'Whose words are "{sayWhat}"?',
        '"{sayWhat}": who said that?',
        'Which person said, "{sayWhat}"?',
      ],
      indirect: ['who used to say, "{sayWhat}"', 'who said that "{sayWhat}"'],
      answers: ['It was {his} {sayWho}.', '{His} {sayWho} said it.'],
      key: '{sayWho}',
    },
  ],
};

export const OF_PEOPLE: readonly Fact[] = [kin, house, bestFriend, saying];
