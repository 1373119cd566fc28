import { rounds, type Plot } from '../plot.ts';
import { ANIMALS } from '../shared.ts';

/** A thing is given, brought or dreamed of. `{aX}` is any noun with its article. */

const inTheBag: Plot = {
  name: 'in the bag',
  x: ['thing'],
  about: ['who had {aX} in a bag', 'who had to guess', 'and {aX}'],
  things: ['{aX} in a bag', '{aX}'],
  cast: ['friend'],
  slots: {
    bag: ['a big bag', 'a brown box', 'a basket', 'a sack'],
    guessOne: ['a cake', 'a hat', 'a fish', 'a pumpkin'],
    guessTwo: ['a cat', 'a ball', 'a book', 'an umbrella'],
    guessThree: ['a stone', 'a shoe', 'a clock', 'a loaf of bread'],
  },
  steps: [
    [
      '{hero} came down the road with {aX} in {bag}.',
      '{hero} put {aX} into {bag} and went to see {friend}.',
      '{oneDay} {hero} carried {bag} with {aX} in it.',
    ],
    [
      '"What do you have there?" asked {friend}. "Guess!" said {hero}.',
      '{friend} looked at it. "What is in there?" "You have to guess," said {hero}.',
      '"You may have it if you can guess what it is," {he} said to {friend}.',
    ],
    [
      '"Is it {guessOne}?" "No," said {hero}, "it is not {guessOne}."',
      '"It is {guessOne}," said {friend}. "No," said {hero}, "it is not {guessOne}."',
      '"I think that it is {guessOne}," said {friend}. But it was not {guessOne}.',
    ],
    [
      '"Then is it {guessTwo}?" "No, it is not {guessTwo}."',
      '"Then it is {guessTwo}," said {friend}. "No," said {hero} and laughed.',
      '{friend} shook it a little. "Is it {guessTwo}?" "No, it is not {guessTwo}."',
    ],
    [
      '"Is it {guessThree}?" "No, it is not {guessThree}, either."',
      '"Maybe {guessThree}?" asked {friend}. "No," said {hero}.',
      '{friend} thought hard. "It must be {guessThree}." But it was not.',
    ],
    [
      '"Now listen," said {hero}. Then {friend} knew it. "It is {aX}!"',
      '"Close your eyes and touch it," said {hero}. "{aX}!" cried {friend}.',
      '{friend} put {fhis} nose to it. "I know!" {fhe} said. "It is {aX}!"',
    ],
    [
      '"Yes!" said {hero}. "And it is for you."',
      '"That is right," said {hero}, and {he} gave {fhim} the {x}.',
      '{hero} opened it, and there was the {x}.',
    ],
    [
      '{friend} was so happy that {fhe} danced with the {x}.',
      '"I have always wanted {aX}," said {friend}. They had a lovely evening.',
      'The next day {friend} came with {bag}. "Now you have to guess," {fhe} said.',
    ],
  ],
  more: ['After that they played the game every Sunday. But never again was it {aX}.'],
  shorter: ['{hero} had {aX} in {bag}, and {friend} had to guess what it was.'],
  lesson: ['{hero} learned that it is fun to give a present slowly.'],
  feel: ['{hero} was happy, and so was {friend}.'],
  asks: [
    ['What was in there?', 'It was {aX}.'],
    ['What did the {fkind} guess first?', 'First the {fkind} guessed {guessOne}.'],
    ['Where was the {x}?', 'The {x} was in {bag}.'],
    ['Who got the {x}?', 'The {fkind} got the {x}.'],
    ['Who had to guess?', 'The {fkind} had to guess.'],
  ],
};

const feast: Plot = {
  name: 'what was missing',
  x: ['thing', 'stuff'],
  about: ['who had only {aX}', 'who brought {aX} to a party', 'and {aX}'],
  things: ['a party and {aX}', '{aX}'],
  cast: [],
  slots: { party: ['a party', 'a big dinner', 'a dance', 'a wedding'] },
  steps: [
    [
      '{hero} had nothing but {aX}, and there was going to be {party}.',
      '{hero} wanted to bring something to {party}, but {he} had only {aX}.',
      '"For {party} I have only {aX}," said {hero}. Everybody had to bring something.',
    ],
    [
      '"It is not enough," said {hero}. But {he} took it along.',
      '"What shall they do with {aX}?" {he} thought. "They will laugh at me."',
      '{He} hid the {x} under {his} coat.',
    ],
    rounds(
      [
        { who: 'hen', gift: 'eggs' },
        { who: 'cow', gift: 'milk' },
        { who: 'bear', gift: 'honey' },
        { who: 'squirrel', gift: 'nuts' },
        { who: 'goat', gift: 'cheese' },
        { who: 'duck', gift: 'a cake' },
        { who: 'pig', gift: 'apples' },
        { who: 'mouse', gift: 'corn' },
      ],
      [3],
      [
        [
          'The {who} brought {gift}. "How nice!" they said.',
          'And the {who} brought {gift}. "How nice!" they said again.',
        ],
        [
          '"What do you have?" asked the {who}. "I have {gift}." But {hero} did not want to say it.',
          '"And what do you have?" asked the {who}. "I have {gift}." But {hero} did not want to say it.',
        ],
      ],
    ),
    [
      'But then something was missing. "We need {aX}!" said the {whoA}. "Who has {aX}?"',
      'They were ready to begin. "Oh no!" cried the {whoB}. "We forgot {aX}!"',
      'Everything was there. Only one thing was not, and that was {aX}.',
    ],
    [
      '"I have one here," said {hero}. "I have {aX}."',
      '{hero} stood up. "I brought {aX}," {he} said.',
      'Then {hero} took it out. "Here is {aX}," {he} said softly.',
    ],
    [
      '"Hooray for {hero}!" they all called.',
      '"Without you it would have been no party," said the {whoC}.',
      'They all clapped, and the {whoA} hugged {him}.',
    ],
    [
      'They sang and danced until the stars came out.',
      'And {hero} sat in the middle of them all.',
      'It was the best party of the year.',
    ],
  ],
  more: ['The next year they asked {hero} first. "You must come," they said, "and bring {aX}."'],
  shorter: ['{hero} had only {aX} for {party}, but that was just what was missing.'],
  lesson: ['{hero} learned that what {he} has is good enough.'],
  feel: ['{hero} was shy at first and proud in the end.'],
  asks: [
    ['What did {hero} bring?', '{hero} brought {aX}.'],
    ['What did the {whoA} bring?', 'The {whoA} brought {giftA}.'],
    ['What did the {whoB} bring?', 'The {whoB} brought {giftB}.'],
    ['What was missing?', '{aX} was missing.'],
    ['Who brought {giftC}?', 'The {whoC} brought {giftC}.'],
    ['Why was {hero} shy?', 'Because {he} had only {aX}.'],
  ],
};

const dreamOfIt: Plot = {
  name: 'dream of it',
  x: ['thing', 'big', 'place', 'stuff'],
  about: ['who dreamed of {aX}', 'and a dream of {aX}', 'and {aX}'],
  things: ['a dream of {aX}', '{aX}'],
  cast: ['elder'],
  slots: {
    nights: ['three', 'four', 'five', 'seven'],
    foundAt: ['behind the house', 'on the table', 'in front of the door', 'by the gate'],
  },
  steps: [
    [
      'One night {hero} dreamed of {aX}.',
      '{hero} had a dream, and in the dream there was {aX}.',
      'Every night {hero} dreamed of {aX}.',
    ],
    [
      'It was so beautiful that {he} did not want to wake up.',
      'In the dream it shone like the sun.',
      'When {he} woke up, it was gone.',
    ],
    rounds(
      ANIMALS,
      [2, 3],
      [
        [
          '"I dreamed of {aX}," {he} told the {who}. "It was only a dream," said the {who}.',
          '"I dreamed of {aX}," {he} told the {who}, too. "It was only a dream," said the {who}.',
        ],
        [
          '"Do you ever dream of {aX}?" {he} asked the {who}. "No," said the {who}, "I dream of my breakfast."',
          '"Do you ever dream of {aX}?" {he} asked the {who}. "No," said the {who}, "I never dream."',
        ],
      ],
    ),
    [
      'So it went for {nights} nights, and every night {he} dreamed of {aX}.',
      'For {nights} nights it was the same dream.',
      'After {nights} nights {hero} told {his} {ekind} about it.',
    ],
    [
      '{His} {ekind} listened and smiled, but {ehe} did not say a word.',
      '"{aX}?" said {elder}. "That is a good dream."',
      '"Some dreams come true," said {elder}, "if you tell them to the right one."',
    ],
    [
      'The next morning {hero} looked out. And what was there, {foundAt}? {aX}!',
      'When {he} got up, there was something {foundAt}. It was {aX}.',
      '"Wake up," said {elder} one morning. "There is something for you {foundAt}." It was {aX}!',
    ],
    [
      '"Am I still asleep?" asked {hero}. "No," said {elder}, "now you are awake."',
      '{hero} laughed and ran around it three times.',
      '{hero} held on to it, so that it would not go away. But it stayed.',
    ],
    [
      'That night {he} dreamed of nothing at all, and slept very well.',
      'Now {hero} tells all {his} dreams to {elder}.',
      'And it was even better than in the dream.',
    ],
  ],
  more: [
    'A few nights later {hero} had another dream. "What was it this time?" asked {elder}. But {hero} only smiled.',
  ],
  shorter: ['{hero} dreamed of {aX} for {nights} nights, and then it came true.'],
  lesson: ['{hero} learned that some dreams come true.'],
  feel: ['{hero} was very happy.'],
  asks: [
    ['What did {hero} dream of?', '{hero} dreamed of {aX}.'],
    ['How many nights was it?', 'It was {nights} nights.'],
    ['Where was it in the end?', 'It was {foundAt}.'],
    ['Who believed in the dream?', '{elder} believed in it.'],
    ['When did {hero} dream of it?', '{He} dreamed of it at night.'],
  ],
};

export const GIVING: readonly Plot[] = [inTheBag, feast, dreamOfIt];
