import { rounds, type Plot } from '../plot.ts';
import { ANIMALS } from '../shared.ts';

/** A thing is out of reach, was taken, or talks. `{aX}` is any noun with its article. */

const tooHigh: Plot = {
  name: 'too high',
  x: ['thing'],
  about: ['who could not reach {aX}', 'and {aX} that was too high', 'who wanted to get {aX} down'],
  things: ['{aX} high up in a tree', '{aX}'],
  cast: [],
  slots: { up: ['on the roof', 'in the old tree', 'on the highest shelf', 'on top of the wall'] },
  steps: [
    [
      'There was {aX} {up}, and {hero} wanted to have it.',
      '{oneDay} {hero} saw {aX} {up}.',
      'High up, {up}, there was {aX}. {hero} looked at it every day.',
    ],
    [
      '{He} jumped and jumped, but {he} could not reach the {x}.',
      '{He} stood on {his} toes. It was no good. The {x} was too high.',
      '"How can I get the {x}?" said {hero}. "I am too small."',
    ],
    rounds(
      ANIMALS,
      [3],
      [
        [
          'The {who} came along. "I will help you," said the {who}. {hero} climbed on the back of the {who}. But the {x} was still too high.',
          'Then the {who} came along. "I will help you, too," said the {who}. The {who} stood on top. But the {x} was still too high.',
        ],
        [
          '"Please help me to get the {x}," said {hero} to the {who}. The {who} jumped, but the {x} was too high.',
          '"Please help us to get the {x}," said {hero} to the {who}. The {who} jumped, but the {x} was too high.',
        ],
      ],
    ),
    [
      '"We must all do it together," said {hero}.',
      'Then {hero} had an idea. "Let us make a tower!" {he} said.',
      '"One of us is too small," said {hero}, "but all of us are big."',
    ],
    [
      'So they stood on each other, one on top of the other, and {hero} was the highest.',
      'The {whoA} stood at the bottom, and then came the {whoB} and the {whoC}. On top of them all stood {hero}.',
      'They made a tower. It shook a little, but it did not fall.',
    ],
    [
      'Now {he} could reach it. "I have the {x}!" called {hero}.',
      '{hero} took the {x} in {his} {hand}. Then they all fell down and laughed.',
      'And there was the {x}, right before {his} nose!',
    ],
    [
      'They all played with the {x} until it was dark.',
      '"It is our {x} now," said {hero}, and they shared it.',
      'And {hero} thanked them all, one after the other.',
    ],
  ],
  more: ['The next day they put the {x} on a low wall, so that everybody could reach it.'],
  shorter: ['{hero} could not reach {aX} {up}, so {he} and {his} friends made a tower.'],
  lesson: ['{hero} learned that together you can reach what is too high for one.'],
  feel: ['{hero} was proud and happy.'],
  asks: [
    ['Where was the {x}?', 'The {x} was {up}.'],
    ['What did {hero} want?', '{hero} wanted to have {aX}.'],
    ['Who came first?', 'First the {whoA} came.'],
    ['Who stood on top?', '{hero} stood on top.'],
    ['Who came last?', 'The {whoC} came last.'],
    ['Why could {hero} not get the {x}?', 'Because it was too high.'],
  ],
};

const crowTookIt: Plot = {
  name: 'crow took it',
  x: ['thing'],
  about: ['whose {x} was stolen', 'who wanted {his} {x} back', 'and {aX}'],
  things: ['a stolen {x}', '{aX} and a crow'],
  not: ['crow'],
  cast: [],
  alsoThere: ['a crow'],
  slots: {
    wish: ['a song', 'a story', 'a piece of bread', 'a shiny button', 'a red ribbon'],
  },
  steps: [
    [
      '{hero} had {aX}, and {he} took it everywhere.',
      '{hero} put {aX} on the window one morning.',
      '{hero} had {aX}. It shone in the sun.',
    ],
    [
      'A crow saw the {x} and liked it. It came down, took it, and flew away.',
      '{suddenly} a black crow came and took the {x}!',
      'When {he} looked again, the {x} was gone. A crow sat in the tree and had it.',
    ],
    [
      '"Give me back my {x}!" cried {hero}. "No," said the crow.',
      '"That is my {x}!" called {hero}. The crow only laughed.',
      '"Thief!" cried {hero}. "That is not your {x}!" But the crow did not move.',
    ],
    [
      'So {hero} shook the tree. The crow flew to a higher one.',
      'So {hero} shouted. The crow shouted back.',
      '{hero} tried to climb up, but {he} fell down again.',
    ],
    [
      'Then {hero} sat down and thought. "Why do you want my {x}?" {he} asked the crow.',
      'At last {hero} tried it another way. "Dear crow," {he} said, "what would you like to have for the {x}?"',
      '"Shouting does not help," thought {hero}. "Please, dear crow," {he} said.',
    ],
    [
      '"Nobody ever gives me anything," said the crow. "I would like to have {wish}."',
      'The crow looked down. "You said please," it said. "Then I only want {wish}."',
      '"I am all alone," said the crow. "For {wish} you can have your {x} back."',
    ],
    [
      'So {hero} gave the crow {wish}, and the crow gave back the {x}.',
      '{hero} had {wish} for the crow. "Thank you," said the crow, and the {x} fell down into the grass.',
      '"That is easy," said {hero}. The crow got {wish}, and {hero} got the {x}.',
    ],
    [
      'Since then the crow comes every day, and it never takes anything.',
      'And the crow was not alone any more.',
      'The crow and {hero} became friends.',
    ],
  ],
  more: ['The next morning something shiny lay on the window. It was a present from the crow.'],
  shorter: ['A crow took the {x} of {hero} and gave it back for {wish}.'],
  lesson: ['{hero} learned that a kind word does more than shouting.'],
  feel: ['{hero} was angry at first. Then {he} was sorry for the crow.'],
  asks: [
    ['Who took the {x}?', 'A crow took the {x}.'],
    ['What did the crow take?', 'The crow took the {x}.'],
    ['What did the crow want?', 'The crow wanted {wish}.'],
    ['Whose {x} was it?', 'It was the {x} of {hero}.'],
    ['Why was the crow sad?', 'Because it was all alone.'],
  ],
};

const talkingThing: Plot = {
  name: 'talking thing',
  x: ['thing', 'big'],
  about: ['who found a talking {x}', 'and a talking {x}', 'and {aX} that could talk'],
  things: ['{aX} that can talk', 'a talking {x}'],
  cast: ['friend'],
  slots: {
    spot: ['by the road', 'under a bush', 'behind the barn', 'in the snow', 'on a wall'],
    haven: ['the toy shop', 'the old mill', 'a house on the hill', 'the school', 'a garden by the river'],
  },
  steps: [
    [
      '{oneDay} {hero} found {aX} {spot}.',
      '{oneDay} {hero} saw {aX} lying {spot}.',
      'There was {aX} {spot}. {hero} picked it up.',
    ],
    [
      '"Hello," said the {x}. {hero} was so surprised that {he} sat down.',
      '"Please do not be afraid," said the {x}. "You can talk!" cried {hero}.',
      '"Good morning," said the {x}. {hero} had never heard {aX} talk.',
    ],
    [
      '"I am lost," said the {x}. "I want to go home to {haven}."',
      '"Can you take me home?" asked the {x}. "I belong to {haven}."',
      '"I fell down and nobody saw it," said the {x}. "My home is {haven}."',
    ],
    [
      '"I will take you there," said {hero}. And {he} took the {x} along.',
      '"It is not far," said {hero}. "Let us go."',
      '{hero} was a little scared. But {he} was also kind. "Come with me," {he} said to the {x}.',
    ],
    [
      'On the way the {x} told {him} stories, and the time went by fast.',
      'The {x} sang all the way. It did not sing well, but it sang loudly.',
      'They talked about the sun and the moon and about what it is like to be {aX}.',
    ],
    [
      'At {haven} stood {friend}. "There you are!" cried {friend} when {fhe} saw the {x}.',
      'At last they came to {haven}. {friend} opened the door. "My {x}!" {fhe} said.',
      'In front of {haven} {friend} was waiting. "I have looked for you everywhere," {fhe} said to the {x}.',
    ],
    [
      '"Thank you," said the {x}. "Come and see me again."',
      '"Goodbye," said the {x} to {hero}. "You are my friend now."',
      'The {x} laughed, {friend} laughed, and {hero} laughed, too.',
    ],
    [
      'So {hero} goes there every Sunday to talk with the {x}.',
      'Nobody at home believed it. But {hero} knew that it was true.',
      'And when {hero} sees {aX} today, {he} always says hello.',
    ],
  ],
  more: [
    'The next Sunday {hero} went back to {haven}. "Good morning," said the {x}. "I have a new story for you."',
  ],
  shorter: ['{hero} found a talking {x} {spot} and took it home to {friend}.'],
  lesson: ['{hero} learned that it is good to help, even when it is a little strange.'],
  feel: ['{hero} was surprised at first and glad in the end.'],
  asks: [
    ['What did {hero} find?', '{hero} found a talking {x}.'],
    ['Where was the {x}?', 'The {x} was {spot}.'],
    ['Where was the home of the {x}?', 'Its home was {haven}.'],
    ['Whose {x} was it?', 'It was the {x} of the {fkind}.'],
    ['What was strange about the {x}?', 'It could talk.'],
  ],
};

export const GETTING_BACK: readonly Plot[] = [tooHigh, crowTookIt, talkingThing];
