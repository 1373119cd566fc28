import { rounds, type Plot } from '../plot.ts';
import { ANIMALS } from '../shared.ts';

/** A thing is found, lost, taken or out of reach. */

const whoseIsIt: Plot = {
  name: 'whose thing',
  x: ['thing', 'big'],
  about: [
    'who found {aX}',
    'and {aX}',
    'who did not know whose {x} it was',
    'who looked for the owner of {aX}',
  ],
  things: ['{aX} that somebody lost', '{aX}'],
  cast: ['friend'],
  slots: {
    spot: ['under a tree', 'by the road', 'in the grass', 'on the bridge', 'beside the well', 'on a bench'],
    gift: ['a jar of honey', 'a basket of plums', 'a big cake', 'a bag of nuts', 'a warm loaf of bread'],
  },
  steps: [
    [
      '{oneDay} {hero} found {aX} {spot}.',
      '{oneDay} there was {aX} {spot}, and {hero} was the first to see it.',
      'On the way home {hero} found {aX}. It was lying {spot}.',
    ],
    [
      '"Whose {x} is this?" {he} asked. There was nobody there.',
      '"Somebody has lost this {x}," said {hero}. "I must find out who it was."',
      '{He} would have liked to keep it. "But it is not mine," {he} said.',
    ],
    rounds(
      ANIMALS,
      [2, 3],
      [
        [
          'First {he} went to the {who}. "Is this your {x}?" asked {hero}. "No," said the {who}, "it is not my {x}."',
          'Then {he} went to the {who}. "Is this your {x}?" asked {hero}. "No," said the {who}, "it is not my {x}."',
        ],
        [
          '"Did you lose {aX}?" {he} asked the {who}. "No," said the {who}. "Ask the {next}."',
          'So {he} asked the {who}. "Did you lose {aX}?" "No," said the {who}. "Ask the {next}."',
        ],
      ],
    ),
    [
      'Then {he} came to {friend}, who was looking for something.',
      'In the evening {he} met {friend}. {Fhe} looked very sad.',
      'At the end of the road sat {friend}.',
    ],
    [
      '"Is this your {x}?" asked {hero}. "Yes!" cried {friend}. "That is my {x}! Where was it?" "It was {spot}," said {hero}.',
      '"My {x}!" said {friend}. "I thought I would never see it again."',
      '"I have lost my {x}," said {friend}. {hero} laughed. "Here it is," {he} said.',
    ],
    [
      '{friend} was so happy that {fhe} gave {hero} {gift}.',
      '"You are very honest," said {friend}, and {fhe} gave {him} {gift}.',
      'To say thank you, {friend} gave {him} {gift}.',
    ],
    [
      'So {hero} came home without the {x}, but with {gift} and a new friend.',
      'They ate it together and became good friends.',
      'And {hero} was happier than if {he} had kept the {x}.',
    ],
  ],
  more: [
    'The next day {friend} came to visit, and the {x} came along. They had a lovely day.',
    'The {whoA} heard of it. "If I lose something," said the {whoA}, "I hope that {hero} finds it."',
  ],
  shorter: ['{hero} found {aX} {spot} and brought it back to {friend}.'],
  lesson: ['{hero} learned that it is good to be honest.'],
  feel: ['{hero} was glad that the {x} was back with its owner.'],
  asks: [
    ['Whose {x} was it?', 'It was the {x} of the {fkind}.'],
    ['What did {hero} find?', '{hero} found {aX}.'],
    ['Where was the {x}?', 'The {x} was {spot}.'],
    ['What did {hero} get?', '{hero} got {gift}.'],
    ['Who had lost the {x}?', 'The {fkind} had lost it.'],
  ],
};

const windTookIt: Plot = {
  name: 'wind took it',
  x: ['thing'],
  about: ['who lost {aX} in the wind', 'and {aX} that flew away', 'who ran after {aX}'],
  things: ['{aX} that flew away', '{aX} and the wind'],
  cast: ['friend'],
  slots: { caught: ['in a tree', 'on a fence', 'in a bush', 'on a roof', 'in the tall grass'] },
  steps: [
    [
      '{oneDay} {hero} took {aX} out into the garden.',
      '{hero} had {aX}, and {oneDay} {he} left it outside.',
      'It was a windy day, and {hero} was outside with {aX}.',
    ],
    [
      '{suddenly} the wind came and took the {x} away!',
      'Then a big wind came. It took the {x}, and up it went.',
      'The wind blew and blew. And the {x} flew up into the air!',
    ],
    [
      '"Stop!" cried {hero}. "That is my {x}!"',
      '"Come back!" called {hero}, and {he} ran after it.',
      '"My {x}!" cried {hero}, and {he} began to run.',
    ],
    rounds(
      [
        { who: 'fence', how: 'climbed over the fence' },
        { who: 'field', how: 'ran across the field' },
        { who: 'hill', how: 'ran up the hill' },
        { who: 'river', how: 'jumped over the river' },
        { who: 'road', how: 'ran along the road' },
        { who: 'meadow', how: 'ran through the meadow' },
      ],
      [2, 3],
      [
        [
          'The {x} flew over the {who}. So {hero} {how}.',
          'The {x} flew over the {who}. So {hero} {how}, too.',
        ],
        [
          'The wind took it over the {who}. {hero} {how}, but the {x} was faster.',
          'Then the wind took it over the {who}. {hero} {how}, but the {x} was faster.',
        ],
      ],
    ),
    [
      'Then the wind was gone, and so was the {x}. {hero} looked around. "Are you looking for {aX}?" asked {friend}. "It is {caught}."',
      'At last it was caught {caught}, too high for {hero}. But there was {friend}.',
      'When {hero} could not run any more, {he} met {friend}. "I saw {aX}," said {friend}. "It is {caught}."',
    ],
    [
      'They went there together, and {friend} got the {x} down.',
      '{friend} lifted {him} up, and {hero} took the {x}.',
      'There it was, {caught}! {hero} held it with both arms.',
    ],
    [
      '"Thank you," said {hero}. "Now I will hold on to it."',
      '"The wind only wanted to play," said {friend}. They both laughed.',
      'They sat down together until the wind was gone.',
    ],
    [
      'And on windy days {hero} leaves the {x} at home.',
      'Then {hero} took {his} {x} home and closed the window.',
      'That night {hero} heard the wind outside. But the {x} was safe.',
    ],
  ],
  more: ['The next time there was a wind, {hero} and {friend} held the {x} together, one on each side.'],
  shorter: ['The wind took the {x} of {hero}, and {friend} helped to get it back.'],
  lesson: ['{hero} learned to look after {his} things.'],
  feel: ['{hero} was scared for the {x}, and glad when {he} had it back.'],
  asks: [
    ['Where was the {x} in the end?', 'The {x} was {caught}.'],
    ['What did the wind take?', 'The wind took the {x}.'],
    ['Who helped {hero}?', 'The {fkind} helped {him}.'],
    ['Why did {hero} run?', 'Because the wind had taken the {x}.'],
    ['What did the {x} fly over first?', 'First it flew over the {whoA}.'],
  ],
};

const inTheWater: Plot = {
  name: 'in the water',
  x: ['thing'],
  about: ['whose {x} fell into the water', 'who dropped {aX} into the river', 'and {aX}'],
  things: ['{aX} in the river', '{aX} at the bottom of a pond'],
  cast: ['friend'],
  slots: { water: ['the river', 'the pond', 'the lake', 'the well'] },
  steps: [
    [
      '{oneDay} {hero} walked to {water} with {aX}.',
      '{hero} took {aX} along when {he} went to {water}.',
      '{hero} was playing with {aX} beside {water}.',
    ],
    [
      'Then there was a splash. The {x} had fallen into {water}!',
      '{suddenly} it fell out of {his} {hand}. Splash! The {x} was in {water}.',
      'But the {x} was wet and heavy. It fell into {water} and was gone.',
    ],
    [
      '"My {x}!" cried {hero}. "Who will get it out for me?"',
      '"Help!" called {hero}. "My {x} is in {water}!"',
      '{hero} looked down. The water was dark and deep.',
    ],
    rounds(
      ANIMALS,
      [2, 3],
      [
        [
          '"Will you get my {x} out of {water}?" {he} asked the {who}. "No," said the {who}, "the water is too cold."',
          '"Will you get my {x} out of {water}?" {he} asked the {who}. "No," said the {who}, "the water is too deep."',
        ],
        [
          'The {who} came and looked. "I cannot swim," said the {who}.',
          'Then the {who} came and looked. "I cannot swim, either," said the {who}.',
        ],
      ],
    ),
    [
      'Then {friend} came by. "Why are you crying?" asked {friend}. "My {x} is in {water}," said {hero}.',
      'But {friend} had heard it all. "I will do it," said {friend}.',
      'At last {friend} came. "I am not afraid of the water," {fhe} said.',
    ],
    [
      '{friend} jumped in. {hero} waited and waited. And then {friend} came up with the {x}!',
      'With a long stick {friend} pulled the {x} out of {water}.',
      '{friend} went down once, and twice. The third time {fhe} had the {x}.',
    ],
    [
      'The {x} was wet, but it was whole. They put it in the sun.',
      '"Here is your {x}," said {friend}. "It only has to dry."',
      '{hero} gave {friend} a warm blanket and something hot to drink.',
    ],
    [
      'Soon the {x} was dry again, and they went home together.',
      'Since then {hero} holds on to the {x} when {he} goes to {water}.',
      '"You are a true friend," said {hero}.',
    ],
  ],
  more: [
    'The next day {hero} asked {friend} to teach {him} how to swim. By the end of the week {he} could do it.',
  ],
  shorter: ['The {x} of {hero} fell into {water}, and {friend} got it out.'],
  lesson: ['{hero} learned who {his} true friends were.'],
  feel: ['{hero} was sad at first, and very thankful in the end.'],
  asks: [
    ['Where did the {x} fall?', 'It fell into {water}.'],
    ['What fell into {water}?', 'The {x} fell into {water}.'],
    ['Who got the {x} out?', 'The {fkind} got it out.'],
    ['Why was {hero} sad?', 'Because the {x} was in {water}.'],
  ],
};

export const FINDING: readonly Plot[] = [whoseIsIt, windTookIt, inTheWater];
