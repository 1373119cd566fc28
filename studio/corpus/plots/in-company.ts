import { rounds, type Plot } from './plot.ts';
import { ANIMALS } from './shared.ts';

/** More and more come along, or in, or are greeted. */

const walk: Plot = {
  name: 'walk',
  about: [
    'who went to {goal}',
    'who went for a long walk',
    'who wanted to see {goal}',
    'who did not want to walk alone',
  ],
  things: ['a long walk', '{goal}', 'many animals'],
  cast: [],
  slots: { goal: ['the sea', 'the market', 'the lake', 'the big forest', 'the top of the hill', 'the town'] },
  steps: [
    [
      '{oneDay} {hero} wanted to go to {goal}. So {he} went down the road.',
      '{oneDay} {hero} said, "I want to see {goal}." And so {he} went down the road.',
      '{hero} had never been to {goal}. {oneDay} {he} went on {his} way.',
    ],
    rounds(
      ANIMALS,
      [3],
      [
        [
          '{He} met a {who}. "Where are you going?" asked the {who}. "I am going to {goal}," said {hero}. "May I come with you?" asked the {who}. "Yes," said {hero}, "you may come with me."',
          'Then they met a {who}. "Where are you going?" asked the {who}. "We are going to {goal}," said {hero}. "May I come with you?" asked the {who}. "Yes," said {hero}, "you may come with us."',
        ],
        [
          'On the road {he} met a {who}. "Where are you going?" asked the {who}. "I am going to {goal}. Come with me!" said {hero}. So the {who} came, too.',
          'On the road they met a {who}. "Where are you going?" asked the {who}. "We are going to {goal}. Come with us!" said {hero}. So the {who} came, too.',
        ],
      ],
    ),
    [
      'So they all went down the road, {hero}, the {whoA}, the {whoB} and the {whoC}.',
      'And so they walked on, {hero} and the {whoA} and the {whoB} and the {whoC}.',
      'Now there were four of them: {hero}, the {whoA}, the {whoB} and the {whoC}.',
    ],
    [
      'At last they came to {goal}. "Here we are!" said {hero}. They were all very happy.',
      '{soon} they came to {goal}. "How beautiful it is!" said {hero}.',
      'They walked and walked, and at last they saw {goal}. "Look!" said {hero}. "There it is!"',
    ],
    [
      'They played there all day long. Then they all went home together.',
      'They sat down and ate {food}. Then they all went home again.',
      'They stayed until the sun went down. Then they went home, all four of them.',
    ],
    [
      '"It is good to have friends," said {hero}.',
      'It was the best day of all.',
      'And {hero} was never alone again.',
    ],
  ],
  more: [
    'The next day they all met again. "Where are we going today?" asked the {whoA}. "Let us go to {goal} again," said {hero}. And so they did.',
    'From that day on they were friends, {hero}, the {whoA}, the {whoB} and the {whoC}.',
  ],
  shorter: [
    'A {quality} {kind} went to {goal}, and the {whoA}, the {whoB} and the {whoC} came, too.',
    '{hero} went to {goal} with three friends.',
  ],
  lesson: [
    '{hero} learned that it is better to go together than alone.',
    'The {kind} learned that a long way is short with friends.',
  ],
  feel: ['{hero} was happy, because {he} was not alone.', '{He} was tired and happy in the end.'],
  asks: [
    ['Where did they go?', 'They went to {goal}.'],
    ['Whom did {hero} meet first?', 'First {he} met the {whoA}.'],
    ['Who came with {hero}?', 'The {whoA}, the {whoB} and the {whoC} came with {him}.'],
    ['Who came last?', 'The {whoC} came last.'],
  ],
};

const comeIn: Plot = {
  name: 'come in',
  about: [
    'who had a warm house',
    'who let the others come in',
    'who shared {his} {home} when it {weather}',
    'who had many guests',
  ],
  things: ['a warm house', 'a cold night', 'many guests'],
  cast: [],
  slots: {
    weather: [
      { weather: 'rained', outside: 'wet' },
      { weather: 'snowed', outside: 'cold' },
      { weather: 'stormed', outside: 'cold' },
    ],
  },
  steps: [
    [
      'It was a cold night. {hero} sat in {his} {home} by the fire. It was warm inside.',
      'It was a cold and dark evening. {hero} was at home in {his} warm {home}.',
      'One night it {weather}. {hero} was warm and dry in {his} {home}.',
    ],
    rounds(
      ANIMALS,
      [3],
      [
        [
          'Knock, knock! "Who is there?" asked {hero}. "It is me, the {who}. It is so {outside} outside. May I come in?" "Yes," said {hero}, "come in." And the {who} came in.',
          'Knock, knock! "Who is there?" asked {hero}. "It is me, the {who}. It is so {outside} outside. May I come in?" "Yes," said {hero}, "come in." And the {who} came in.',
        ],
        [
          'There was a knock at the door. It was a {who}. "I am so {outside}," said the {who}. "May I come in?" "Yes, come in," said {hero}. "There is room for you."',
          'There was a knock at the door. It was a {who}. "I am so {outside}," said the {who}. "May I come in, too?" "Yes, come in," said {hero}. "There is room for you, too."',
        ],
      ],
    ),
    [
      'Now the {home} was full. There was {hero}, and the {whoA}, and the {whoB}, and the {whoC}.',
      'Now they were four: {hero}, the {whoA}, the {whoB} and the {whoC}. The {home} was very full.',
      '{hero}, the {whoA}, the {whoB} and the {whoC} all sat by the fire.',
    ],
    [
      '{hero} gave them {food}, and they were all warm.',
      'They ate {food} and told each other stories.',
      '"Are you warm now?" asked {hero}. "Yes," said the {whoA}, "now I am warm." "Yes," said the {whoB}, "now I am warm." "Yes," said the {whoC}, "now I am warm."',
    ],
    [
      'Then they all went to sleep.',
      'In the morning the sun came out. "Thank you," they said, and they all went home.',
      '"Good night," said {hero}. "Good night," said the {whoA}, the {whoB} and the {whoC}.',
    ],
  ],
  more: [
    'The next night it was cold again. Knock, knock! "Who is there?" asked {hero}. "It is us," said the {whoA}, the {whoB} and the {whoC}. "Come in!" said {hero}.',
    'In the morning the {whoA} made the beds, and the {whoB} and the {whoC} made {food}. "Thank you for last night," they said.',
  ],
  shorter: [
    'A {quality} {kind} had a warm {home}, and the {whoA}, the {whoB} and the {whoC} came in.',
    'It was a cold night, and {hero} let three animals come in.',
  ],
  lesson: [
    '{hero} learned that there is room for everyone if you are kind.',
    'The {kind} learned that a full house is a happy house.',
  ],
  feel: ['{hero} was happy, because {he} was not alone.', '{He} felt warm and happy with all the guests.'],
  asks: [
    ['Who came first?', 'The {whoA} came first.'],
    ['Who came last?', 'The {whoC} came last.'],
    ['Who came in?', 'The {whoA}, the {whoB} and the {whoC} came in.'],
    ['How was it outside?', 'It was {outside} outside.'],
  ],
};

const goodNight: Plot = {
  name: 'good night',
  about: [
    'who did not want to go to bed',
    'who said good night to everyone',
    'who was tired',
    'who went to bed',
  ],
  things: ['the moon', 'a good night', 'a warm bed', 'sleep'],
  cast: ['elder'],
  slots: {},
  steps: [
    [
      'It was late. "It is time for bed," said {elder}. "But I have to say good night first," said {hero}.',
      'The sun went down. "Time for bed," said {elder}. "First I will say good night," said {hero}.',
      'It was night, and {hero} was very tired. "Go to bed now," said {elder}. "But first I must say good night," said {hero}.',
    ],
    rounds(
      [...ANIMALS, { who: 'moon' }, { who: 'tree' }, { who: 'river' }, { who: 'star' }],
      [3],
      [
        [
          '{He} went to the {who}. "Good night, {who}," said {hero}. "Good night, {call}," said the {who}.',
          'Then {he} went to the {who}. "Good night, {who}," said {hero}. "Good night, {call}," said the {who}.',
        ],
        [
          '"Good night, {who}," said {hero}. "Good night," said the {who}, "sleep well."',
          '"Good night, {who}," said {hero}. "Good night," said the {who}, "sleep well."',
        ],
        [
          '{hero} said good night to the {who}. "Good night, little {kind}," said the {who}. "Good night, {who}," said {hero}.',
          'Then {hero} said good night to the {who}. "Good night, little {kind}," said the {who}. "Good night, {who}," said {hero}.',
        ],
      ],
    ),
    [
      'Then {hero} lay down in {his} bed. "Good night, {call}," said {elder}.',
      'At last {hero} went to bed. {elder} gave {him} a kiss. "Good night," said {elder}.',
      'Then {hero} went home and lay down in {his} warm bed. "Good night, {ekind}," {he} said. "Good night, {call}," said {elder}.',
    ],
    [
      'The {whoA} was asleep, the {whoB} was asleep, and the {whoC} was asleep. And {soon} {hero} was asleep, too.',
      'And {soon} {hero} was asleep.',
      '{hero} closed {his} eyes. {soon} {he} was asleep.',
    ],
    ['Good night!', 'And {he} slept until the morning.', 'And then it was very still.'],
  ],
  more: [
    'In the morning {hero} went out again. "Good morning, {whoA}," {he} said. "Good morning, {call}," said the {whoA}. "Did you sleep well?" "Yes," said {hero}, "I did."',
    'The next morning {hero} got up. "Good morning," said {elder}. "Good morning," said {hero}, and they ate {food} together.',
  ],
  shorter: [
    'A {quality} {kind} said good night to the {whoA}, the {whoB} and the {whoC}, and went to bed.',
    '{hero} said good night to all of them. Then {he} was asleep.',
  ],
  lesson: [
    '{hero} learned that it is good to say good night to your friends.',
    'The {kind} learned that everyone must sleep at night.',
  ],
  feel: ['{hero} was tired and happy.', '{He} felt safe and warm in {his} bed.'],
  asks: [
    ['To whom did {hero} say good night?', '{He} said good night to the {whoA}, the {whoB} and the {whoC}.'],
    ['Who came first?', 'First {he} said good night to the {whoA}.'],
    ['Who said that it was time for bed?', '{elder} said that it was time for bed.'],
    ['Where did {hero} sleep?', '{He} slept in {his} bed.'],
  ],
};

const bigTurnip: Plot = {
  name: 'big root',
  about: [
    'who had a very big {root}',
    'who pulled and pulled',
    'who could not pull the {root} out of the ground',
    'who grew a {root}',
  ],
  things: ['a very big {root}', 'a {root}', 'a garden'],
  cast: [],
  slots: { root: ['turnip', 'carrot', 'onion', 'potato', 'radish'] },
  steps: [
    [
      '{hero} had a {root} in {his} garden. The {root} grew and grew, until it was very, very big.',
      '{hero} grew a {root} in {his} garden. It was a very big {root}.',
      'In the garden of {hero} there was a {root}. Every day it grew. {soon} it was a very big {root}.',
    ],
    [
      '{oneDay} {hero} wanted to pull it out. {He} pulled and pulled, but the {root} did not come out.',
      '{oneDay} {hero} pulled at the {root}. {He} pulled and pulled, but it did not move.',
      '"Now I will pull it out," said {hero}. {He} pulled and pulled, but the {root} did not come out.',
    ],
    rounds(
      ANIMALS,
      [3],
      [
        [
          'So {he} called the {who}. "Come and help me pull!" They pulled and pulled, but the {root} did not come out.',
          'So they called the {who}. "Come and help us pull!" They pulled and pulled, but the {root} did not come out.',
        ],
        [
          '"Please help me," said {hero} to the {who}. So {hero} pulled and the {who} pulled. But the {root} did not come out.',
          '"Please help us," said {hero} to the {who}. So they all pulled and the {who} pulled, too. But the {root} did not come out.',
        ],
      ],
    ),
    [
      'Then a little beetle came. "May I help you?" asked the beetle. They all laughed. "You are too small," they said.',
      'Then a very small beetle came along. "I will help you," said the beetle. "But you are so small!" said {hero}.',
      'At last a tiny beetle said, "I can help you, too." "You are very small," said {hero}, "but you can help us."',
    ],
    [
      'The beetle pulled, the {whoC} pulled, the {whoB} pulled, the {whoA} pulled, and {hero} pulled. And out came the {root}!',
      'So {hero} pulled, the {whoA} pulled, the {whoB} pulled, the {whoC} pulled, and the beetle pulled. Pop! The {root} came out.',
      '{hero} and the {whoA} and the {whoB} and the {whoC} and the beetle pulled and pulled. And the {root} came out!',
    ],
    [
      'Then they made soup and ate it all together.',
      'They took the {root} home and ate it together.',
      'There was so much soup that they all had enough.',
    ],
    [
      '"Thank you, little beetle," said {hero}.',
      'And the little beetle was very proud.',
      'From then on they did all their work together.',
    ],
  ],
  more: [
    'The next year {hero} had a {root} again, and it was even bigger. "Come and help me pull!" said {hero}. They all came, and the beetle came first.',
    '{hero} gave a big piece of the {root} to the beetle. "Without you we could not have done it," {he} said.',
  ],
  shorter: [
    'A {quality} {kind} had a very big {root}. They all pulled, and a little beetle helped, and it came out.',
    '{hero} could not pull out the {root} alone, so the others helped {him}.',
  ],
  lesson: [
    '{hero} learned that even the smallest one can help.',
    'The {kind} learned that we can do more together than alone.',
  ],
  feel: [
    '{hero} was tired from pulling, and happy in the end.',
    '{He} was happy, because all of them helped.',
  ],
  asks: [
    ['What did {hero} have?', '{He} had a very big {root}.'],
    ['Who helped first?', 'The {whoA} helped first.'],
    ['Who helped {hero}?', 'The {whoA}, the {whoB}, the {whoC} and a little beetle helped {him}.'],
    ['Who was the smallest?', 'The beetle was the smallest.'],
  ],
};

export const IN_COMPANY: readonly Plot[] = [walk, comeIn, goodNight, bigTurnip];
