import { rounds, type Plot } from '../plot.ts';
import { ANIMALS } from '../shared.ts';

/** A thing wants to be another; two want the same. */

const wantedToBe: Plot = {
  name: 'wanted to be',
  x: ['thing', 'big'],
  y: ['thing', 'big'],
  about: ['and {aX} that wanted to be {aY}', 'with {aX} and {aY}'],
  things: ['{aX} that wanted to be {aY}', '{aX} and {aY}'],
  cast: [],
  steps: [
    [
      '{hero} had {aX} that wanted to be {aY}.',
      '{hero} had {aX}, and beside it stood {aY}.',
      'There were {aX} and {aY} in the house of {hero}.',
    ],
    [
      '"I wish I were {aY}," said the {x}.',
      '"Everybody loves the {y}," said the {x}. "I want to be {aY}, too."',
      'The {x} looked at the {y} all day. "How happy it must be!" it said.',
    ],
    rounds(
      ANIMALS,
      [2, 3],
      [
        [
          '"Do I look like {aY}?" it asked the {who}. "No," said the {who}, "you look like {aX}."',
          '"Do I look like {aY}?" it asked the {who}. "No," said the {who}, "you look like {aX}."',
        ],
        [
          '"Can you make {aY} of me?" it asked the {who}. "No," said the {who}, "you are {aX}."',
          'Then it asked the {who}. "Can you make {aY} of me?" "No," said the {who}, "you are {aX}."',
        ],
      ],
    ),
    [
      'Then {hero} heard somebody cry. "What is it, dear {x}?" {he} asked.',
      'In the evening {hero} found the {x} in tears.',
      '"Why are you so sad?" asked {hero}. "Because I am not {aY}," said the {x}.',
    ],
    [
      '"I have {aY} already," said {hero}. "But I have only one {x}."',
      '"Do you know what the {y} told me?" said {hero}. "It wants to be {aX}!"',
      '"If you were {aY}," said {hero}, "who would be my {x}?"',
    ],
    [
      'The {x} thought about it for a long time. "That is true," it said.',
      'Then the {x} had to laugh. "So the {y} is not happy, either," it said.',
      '"I did not know that," said the {x}, and it was not sad any more.',
    ],
    [
      'And from that day on it was glad to be {aX}.',
      'And the {y} and the {x} became good friends.',
      'Then {hero} took the {x} in {his} arms, and they fell asleep.',
    ],
  ],
  more: [
    'The next day the {y} said to the {x}, "I wish I were you." "Better stay what you are," said the {x}.',
  ],
  shorter: ['{aX} wanted to be {aY}, but {hero} liked it as it was.'],
  lesson: ['The {x} learned to be glad of what it is.'],
  feel: ['The {x} was sad at first and glad in the end.'],
  asks: [
    ['What did the {x} want to be?', 'It wanted to be {aY}.'],
    ['Whose {x} was it?', 'It was the {x} of {hero}.'],
    ['Why was the {x} sad?', 'Because it was not {aY}.'],
    ['Whom did the {x} ask first?', 'First it asked the {whoA}.'],
  ],
};

const quarrel: Plot = {
  name: 'quarrel over it',
  x: ['thing', 'big', 'stuff'],
  about: ['who did not want to share {aX}', 'who fought over {aX}', 'and {aX}'],
  things: ['two friends and {aX}', '{aX}'],
  cast: ['friend'],
  slots: { apart: ['two days', 'three days', 'a whole week'] },
  steps: [
    [
      '{hero} and {friend} had found {aX}.',
      '{hero} and {friend} both wanted to have {aX}.',
      'There was {aX}, and {hero} wanted to have it. But {friend} wanted to have it, too.',
    ],
    [
      '"I saw it first," said {hero}. "No, I saw it first," said {friend}.',
      '"The {x} is mine!" said {hero}. "No, it is mine!" said {friend}.',
      '"Give me the {x}!" said {hero}. "No, you give it to me!" said {friend}.',
    ],
    [
      'They pulled and pulled until they both fell down.',
      'They shouted so loudly that the birds flew away.',
      'Each of them held on to one side of the {x}.',
    ],
    [
      '"Then I do not want to play with you any more," said {hero}. And they both went home.',
      '"You are not my friend any more," said {friend}, and {fhe} went away.',
      'In the end nobody had the {x}. They left it there and went home.',
    ],
    [
      'For {apart} they did not say a word to each other.',
      'For {apart} {hero} was alone. It was very quiet.',
      'So it was for {apart}. {hero} thought of {friend}, and {friend} thought of {hero}.',
    ],
    [
      'Then {hero} took the {x} and went to {friend}. "You can have it," {he} said.',
      'After {apart} {hero} knocked at the door of {friend}. "I do not want the {x}," {he} said. "I want my friend."',
      '"What is {aX} without {friend}?" thought {hero}, and {he} went to say sorry.',
    ],
    [
      '"I was just going to give it to you," said {friend}. They both laughed.',
      '"I am sorry, too," said {friend}. "Let us share it."',
      '{friend} hugged {him}. "We will share the {x}," {fhe} said.',
    ],
    [
      'Now the {x} belongs to both of them.',
      'One day {hero} has the {x}, and the next day {friend} has it.',
      'And they never fought over {aX} again.',
    ],
  ],
  more: ['The next time they found something, they both said, "You take it!" And then they laughed.'],
  shorter: ['{hero} and {friend} fought over {aX}, and after {apart} they shared it.'],
  lesson: ['{hero} learned that a friend is worth more than {aX}.'],
  feel: ['{hero} was angry, then lonely, and happy in the end.'],
  asks: [
    ['What did they fight over?', 'They fought over {aX}.'],
    ['How long did they not talk?', 'They did not talk for {apart}.'],
    ['Who said sorry first?', '{hero} said sorry first.'],
    ['Why did they fight?', 'Because both wanted the {x}.'],
    ['Whose {x} is it now?', 'Now it belongs to both of them.'],
  ],
};

export const WANTING: readonly Plot[] = [wantedToBe, quarrel];
