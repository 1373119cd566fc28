import { rounds, type Plot } from '../plot.ts';
import { ANIMALS } from '../shared.ts';

/** Something is shared, sung of, or drawn. `{aX}` is any noun with its article. */

const someForAll: Plot = {
  name: 'some for all',
  x: ['stuff'],
  about: ['with a basket of {x}', 'who carried {x} to {his} grandmother', 'who shared {his} {x}', 'and {x}'],
  things: ['{x}', 'a basket full of {x}'],
  cast: ['elder'],
  slots: { left: ['a spoon', 'a cup', 'a handful', 'very little'] },
  steps: [
    [
      '{oneDay} {hero} had to carry a basket of {x} to {elder}.',
      '"Take this {x} to {elder}," they told {hero}.',
      '{hero} had some {x}, and {he} wanted to bring it to {elder}.',
    ],
    [
      'So {he} went on {his} way with the {x}.',
      'The basket was full, and the way was long.',
      '{He} walked carefully, because the {x} was a present.',
    ],
    rounds(
      ANIMALS,
      [2, 3],
      [
        [
          'By the road sat the {who}. "What do you have there?" asked the {who}. "I have {x}," said {hero}. "May I have some of it?" "Yes," said {hero}, "take some {x}."',
          'A little later {he} met the {who}. "What do you have there?" asked the {who}. "I have {x}," said {hero}. "May I have some of it?" "Yes," said {hero}, "take some {x}."',
        ],
        [
          'The {who} looked so sad that {hero} stopped. "Do you want some {x}?" {he} asked. And the {who} was happy.',
          'Then {he} saw that the {who} was sad, too. "Do you want some {x}?" {he} asked. And the {who} was happy.',
        ],
      ],
    ),
    [
      'When {he} came to {elder}, there was only {left} in the basket.',
      'At the end of the way {he} looked into the basket. There was only {left} of the {x} left.',
      'Then {he} stood before {elder}, with only {left} of the {x}.',
    ],
    [
      '"I am sorry," said {hero}. "I gave the {x} to everybody on the way."',
      '"It was more," {he} said, "but they all wanted some {x}."',
      '{hero} looked down. "There were so many who wanted some," {he} said.',
    ],
    [
      'But there was a knock at the door. There stood the {whoA} and the {whoB}. Each had brought something to say thank you.',
      '{elder} laughed. "{left} is enough," {ehe} said, "because you have a good heart."',
      'Then they heard voices outside. All of them had come with flowers and cake.',
    ],
    [
      'So they all ate together, and it was the best party of the year.',
      'It was enough for all of them.',
      'And it was more than {x} that they had that day.',
    ],
  ],
  more: [
    'The next week {hero} went again with a basket. This time it was two baskets, one for the way and one for {elder}.',
  ],
  shorter: ['{hero} carried {x} to {elder} and gave some to everybody on the way.'],
  lesson: ['{hero} learned that what you give comes back.'],
  feel: ['{hero} was worried at first and happy in the end.'],
  asks: [
    ['What did {hero} carry?', '{hero} carried {x}.'],
    ['Who got some {x} first?', 'First the {whoA} got some.'],
    ['How much was left?', 'There was only {left} left.'],
    ['What was in the basket?', 'There was {x} in the basket.'],
  ],
};

const songAbout: Plot = {
  name: 'song about',
  x: ['idea', 'stuff', 'big', 'place', 'thing'],
  about: ['who made a song about {aX}', 'who wrote a poem about {aX}', 'and a song about {aX}'],
  things: ['a song about {aX}', '{aX}'],
  cast: ['friend'],
  slots: { work: ['song', 'poem', 'story', 'play'] },
  steps: [
    [
      '{hero} wanted to make a {work} about {aX}.',
      '"I will make a {work} about {aX}," said {hero}.',
      '{hero} had to bring a {work} to a party, and it should be about {aX}.',
    ],
    [
      '{He} sat down and thought. But nothing came into {his} head.',
      '"How does a {work} about {aX} begin?" {he} asked.',
      '{He} took a pen and paper. The paper stayed empty.',
    ],
    rounds(
      ANIMALS,
      [2, 3],
      [
        [
          '"Make it long," said the {who}. So {hero} made it long. But it was not good.',
          '"Make it short," said the {who}. So {hero} made it short. But it was not good, either.',
        ],
        [
          '{He} asked the {who}. "I do not know any {work} about {aX}," said the {who}.',
          'Then {he} asked the {who}. "I do not know any {work} about {aX}," said the {who}, too.',
        ],
      ],
    ),
    [
      'Then {friend} came. "Do you like {aX}?" asked {friend}. "Yes," said {hero}, "very much."',
      '{friend} sat down beside {him}. "What do you think of first?" {fhe} asked.',
      '"Why do you want to do it?" asked {friend}, who had been listening.',
    ],
    [
      '"Then say why," said {friend}. And now the words came all by themselves.',
      '"Just tell it as you would tell it to me," said {friend}. So {hero} did.',
      '"Say what you see," said {friend}, and {hero} began.',
    ],
    [
      'At the party {he} stood up. Everybody was quiet and listened to the {work}.',
      'In the evening all of them heard the {work}. Nobody made a sound.',
      'When the {work} was ready, {hero} read it to {friend} first.',
    ],
    [
      '"That was the best {work} that I have ever heard," said {friend}.',
      'They all clapped, and {hero} had to do it again.',
      '"More!" they called. "More of {aX}!"',
    ],
    [
      'And they still remember that {work}.',
      '{hero} went home and was very happy.',
      'Since then {hero} makes a new {work} every week.',
    ],
  ],
  more: [
    'The next day the {whoA} came to {hero}. "Can you make a {work} about me?" asked the {whoA}. "I will try," said {hero}.',
  ],
  shorter: ['{hero} wanted to make a {work} about {aX}, and {friend} helped {him} to find the words.'],
  lesson: ['{hero} learned to say what {he} thinks in {his} own words.'],
  feel: ['{hero} was proud of the {work}.'],
  asks: [
    ['What was the {work} about?', 'The {work} was about {aX}.'],
    ['What did {hero} make?', '{hero} made a {work}.'],
    ['Who helped {hero}?', 'The {fkind} helped {him}.'],
    ['What did {hero} want to make?', '{hero} wanted to make a {work} about {aX}.'],
  ],
};

const drewIt: Plot = {
  name: 'drew it',
  x: ['thing', 'big', 'place'],
  about: ['who drew {aX}', 'who painted a picture of {aX}', 'and a picture of {aX}'],
  things: ['a picture of {aX}', '{aX}'],
  cast: ['friend'],
  steps: [
    [
      '{oneDay} {hero} drew a picture of {aX}.',
      '{hero} liked to draw, and {oneDay} {he} drew {aX}.',
      '{hero} took a pencil and drew {aX}. It was not easy.',
    ],
    [
      '{He} was very proud of it and showed it to everybody.',
      '"That is the best picture of {aX} in the world," said {hero}.',
      '"Now everybody shall see my {x}," {he} said.',
    ],
    rounds(
      ANIMALS,
      [2, 3],
      [
        [
          '"What is that?" asked the {who}. "Is it a potato?" "No," said {hero}, "it is {aX}."',
          '"What is that?" asked the {who}. "Is it a cloud?" "No," said {hero}, "it is {aX}."',
        ],
        [
          'The {who} looked at it. "I do not see {aX}," said the {who}.',
          'Then the {who} looked at it. "I do not see {aX}, either," said the {who}.',
        ],
      ],
    ),
    [
      '{hero} was sad and wanted to throw the picture away.',
      '"I cannot draw {aX}," said {hero}, and a tear fell on the paper.',
      'So {he} put the picture into {his} pocket and did not show it any more.',
    ],
    [
      'But then {friend} saw it. "What a beautiful {x}!" {fhe} said.',
      '{friend} found the picture. "Oh, {aX}!" said {friend}.',
      'Then {friend} came along. "Who drew this {x}?" {fhe} asked.',
    ],
    [
      '"Do you see that it is {aX}?" asked {hero}. "Of course," said {friend}. "What else could it be?"',
      '"May I keep it?" asked {friend}. "I will hang it over my bed."',
      '"It is just right," said {friend}. "Will you draw one for me?"',
    ],
    [
      'So {hero} drew another {x}, and another one.',
      'Then {hero} was happy again and drew until it was dark.',
      'And the picture of the {x} hangs in the house of {friend} to this day.',
    ],
  ],
  more: ['After that the {whoA} wanted a picture, too. "But this time draw me," said the {whoA}.'],
  shorter: ['{hero} drew {aX}, and only {friend} saw what it was.'],
  lesson: ['{hero} learned to believe in {his} own work.'],
  feel: ['{hero} was sad when nobody saw what it was, and happy when {friend} did.'],
  asks: [
    ['What did {hero} draw?', '{hero} drew {aX}.'],
    ['Who saw what it was?', 'The {fkind} saw it.'],
    ['Why was {hero} sad?', 'Because nobody saw that it was {aX}.'],
    ['Who looked at the picture first?', 'First the {whoA} looked at it.'],
    ['Whose picture was it?', 'It was the picture of {hero}.'],
  ],
};

export const TELLING: readonly Plot[] = [someForAll, songAbout, drewIt];
