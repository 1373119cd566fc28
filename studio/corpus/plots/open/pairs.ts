import { rounds, type Plot } from '../plot.ts';
import { ANIMALS } from '../shared.ts';

/** Stories of two things, `{aX}` and `{aY}`, or of a thing that is alive. */

const cannotChoose: Plot = {
  name: 'cannot choose',
  x: ['thing', 'big'],
  y: ['thing', 'big'],
  about: ['with {aX} and {aY}', 'who had to choose between {aX} and {aY}'],
  things: ['{aX} and {aY}'],
  cast: ['friend'],
  slots: { giver: ['aunt', 'uncle', 'grandmother', 'grandfather'] },
  steps: [
    [
      'There were {aX} and {aY}, and {hero} could have one of them.',
      '"You may have {aX} or {aY}," said the {giver} of {hero}.',
      '{hero} could choose between {aX} and {aY}.',
    ],
    [
      '{He} looked at the {x}. Then {he} looked at the {y}. "I cannot choose," {he} said.',
      '"I want the {x}," said {hero}. "No, I want the {y}."',
      'First {he} took the {x}. Then {he} put it back and took the {y}.',
    ],
    rounds(
      ANIMALS,
      [2, 3],
      [
        [
          '"Take the {x}," said the {who}. "It is better than the {y}."',
          '"Take the {y}," said the {who}. "It is better than the {x}."',
        ],
        [
          '{He} asked the {who}. "The {x}," said the {who}, "but the {y} is nice, too."',
          'Then {he} asked the {who}. "The {y}," said the {who}, "but the {x} is nice, too."',
        ],
      ],
    ),
    [
      'Then came {friend}, who had nothing at all.',
      '{friend} stood there and looked at the {x} and the {y}. {Fhe} had never had a present.',
      '"How lucky you are," said {friend}. "I never get anything."',
    ],
    [
      '"Now I know it," said {hero}. "I take the {x}, and {friend} takes the {y}."',
      '{hero} thought for a moment. "May {friend} have the other one?" {he} asked. {He} was told that it was all right.',
      '"You take the {y}," said {hero} to {friend}, "and I take the {x}."',
    ],
    [
      'So {hero} had the {x}, and {friend} had the {y}.',
      '{friend} could not believe it. {Fhe} held the {y} in both arms.',
      'And they played with the {x} and the {y} together.',
    ],
    [
      'Every Sunday they changed. So each of them had both.',
      'And {hero} never had to choose again.',
      '"Two are better with two," said {hero}.',
    ],
  ],
  more: [
    'The next Sunday {friend} came with the {y}, and {hero} came with the {x}. They had the best day of all.',
  ],
  shorter: ['{hero} could not choose between {aX} and {aY}, so {he} shared with {friend}.'],
  lesson: ['{hero} learned that sharing is better than choosing.'],
  feel: ['{hero} was happy because {friend} was happy.'],
  asks: [
    ['Who got the {y}?', 'The {fkind} got the {y}.'],
    ['Who got the {x}?', '{hero} got the {x}.'],
    ['What could {hero} choose?', '{He} could choose between {aX} and {aY}.'],
    ['Why could {hero} not choose?', 'Because {he} liked them both.'],
  ],
};

const whoIsBetter: Plot = {
  name: 'who is better',
  x: ['thing', 'big'],
  y: ['thing', 'big'],
  about: ['with {aX} and {aY}', 'who had {aX} and {aY}', 'and {aX} and {aY}'],
  things: ['{aX} and {aY}', '{aX} and {aY} that can talk'],
  cast: [],
  slots: { hour: ['one night', 'one evening', 'at midnight', 'one dark night'] },
  steps: [
    [
      '{hero} had {aX} and {aY}. They stood side by side.',
      'In the house of {hero} there were {aX} and {aY}.',
      'The two things that {hero} liked best were {aX} and {aY}.',
    ],
    [
      '{hour}, when everybody was asleep, they began to talk.',
      '{hour} the {x} began to talk. "I am the best thing in this house," it said.',
      '{hour} the {x} said to the {y}, "I am better than you."',
    ],
    [
      '"I am more useful than you," said the {x}. "No, I am," said the {y}.',
      '"No one could live without {aX}," said the {x}. "And what about {aY}?" said the {y}.',
      '"No, you are not," said the {y}. "Everybody needs {aY}."',
    ],
    rounds(
      ANIMALS,
      [2],
      [
        [
          'They asked the {who}. "Who is better, the {x} or the {y}?" "I do not need {aX}, and I do not need {aY}," said the {who}.',
          'Then they asked the {who}. "Who is better, the {x} or the {y}?" "I do not need {aX}, and I do not need {aY}," said the {who}.',
        ],
        [
          '"Be quiet!" called the {who}. "I want to sleep."',
          '"Be quiet!" called the {who}, too. "I want to sleep."',
        ],
      ],
    ),
    [
      'Then {hero} woke up and heard it all.',
      'They were so loud that {hero} came in.',
      '"What is this?" said {hero}, and turned up the lamp.',
    ],
    [
      '"Who is better?" asked the {x} and the {y}. {hero} laughed. "When I am sad, I take the {x}. When I am happy, I take the {y}. I need you both."',
      '"I like the {x} in the morning and the {y} in the evening," {he} said. "Neither of you is better."',
      '"The {x} is a good {x}," said {hero}, "and the {y} is a good {y}. That is all."',
    ],
    [
      'Then the {x} and the {y} were quiet and thought about it.',
      '"That is true," said the {x}. "That is true," said the {y}.',
      '"I am sorry," said the {x}. "So am I," said the {y}.',
    ],
    [
      'Since that night they are good friends.',
      'And now they always stand close to each other.',
      'And {hero} went back to bed and slept until the morning.',
    ],
  ],
  more: ['The next night the {x} and the {y} talked again. But this time they told each other jokes.'],
  shorter: ['{aX} and {aY} wanted to know who is better. {hero} needed them both.'],
  lesson: ['The {x} and the {y} learned that nobody has to be the best.'],
  feel: ['The {x} and the {y} were angry at first. In the end they were friends.'],
  asks: [
    ['What did {hero} have?', '{hero} had {aX} and {aY}.'],
    ['Who talked at night?', 'The {x} and the {y} talked.'],
    ['When did they talk?', 'They talked {hour}.'],
    ['Whom did they ask first?', 'First they asked the {whoA}.'],
    ['Who woke up?', '{hero} woke up.'],
  ],
};

const trade: Plot = {
  name: 'trade',
  x: ['thing', 'big'],
  y: ['thing', 'big'],
  about: ['who gave {aX} for {aY}', 'who wanted {aY} for {aX}', 'with {aX} and {aY}'],
  things: ['{aX} and {aY}'],
  cast: ['friend'],
  steps: [
    [
      '{hero} had {aX}, but {he} wanted to have {aY}.',
      '{hero} had {aX}, but what {he} wanted was {aY}.',
      '"I have {aX}," said {hero}, "but I would like to have {aY}."',
    ],
    [
      'So {he} took the {x} and went to the market.',
      '"Maybe somebody wants my {x}," {he} said, and went out.',
      '{He} put the {x} into a cart and went from door to door.',
    ],
    rounds(
      ANIMALS,
      [2, 3],
      [
        [
          '"Will you give me {aY} for my {x}?" {he} asked the {who}. "No," said the {who}, "I have no {y}."',
          'Then {he} asked the {who}. "Will you give me {aY} for my {x}?" "No," said the {who}, "I have no {y}."',
        ],
        [
          'The {who} wanted the {x}, but the {who} had no {y}.',
          'The {who} wanted the {x}, too, but the {who} had no {y}, either.',
        ],
      ],
    ),
    [
      'At last {he} came to {friend}. {friend} had {aY}!',
      'Then {he} saw {friend}, and beside {friend} was {aY}.',
      '{friend} was sitting by the road with {aY}. "I wish I had {aX}," said {friend}.',
    ],
    [
      '"Your {y} for my {x}?" asked {hero}. "Yes!" said {friend}. "I need {aX}."',
      '"I will give you my {x} for your {y}," said {hero}. "That is just what I want," said {friend}.',
      'They looked at each other and laughed. "Take my {x}," said {hero}. "Take my {y}," said {friend}.',
    ],
    [
      'So {hero} got the {y}, and {friend} got the {x}.',
      '{friend} took the {x}, and {hero} took the {y}.',
      'Now each of them had what {he} wanted.',
    ],
    [
      'They were both happy. And that is how they became friends.',
      '{hero} carried the {y} home and sang all the way.',
      'And when {hero} needs {aX} again, {he} knows where to go.',
    ],
  ],
  more: [
    'A week later {friend} came to visit. "Do you like the {y}?" asked {friend}. "Do you like the {x}?" asked {hero}. They did.',
  ],
  shorter: ['{hero} gave {his} {x} to {friend} and got {aY} for it.'],
  lesson: ['{hero} learned that both can win.'],
  feel: ['{hero} was happy with the {y}.'],
  asks: [
    ['What did {hero} want?', '{hero} wanted {aY}.'],
    ['What did {hero} give away?', '{He} gave away the {x}.'],
    ['Who got the {x}?', 'The {fkind} got the {x}.'],
    ['Who had {aY}?', 'The {fkind} had {aY}.'],
    ['Whom did {hero} ask first?', 'First {he} asked the {whoA}.'],
  ],
};

export const PAIRS: readonly Plot[] = [cannotChoose, whoIsBetter, trade];
