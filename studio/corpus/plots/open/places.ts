import { rounds, type Plot } from '../plot.ts';
import { ANIMALS } from '../shared.ts';

/** Stories of a place or of something large: to get there, to live in it, to make it go. */

const theWayThere: Plot = {
  name: 'the way there',
  x: ['place'],
  about: ['who wanted to see {aX}', 'who looked for {aX}', 'and {aX}', 'on the way to {aX}'],
  things: ['{aX}', 'the way to {aX}'],
  cast: ['friend'],
  slots: {
    seen: ['the sun go down', 'a rainbow', 'the first star', 'the whole world', 'a flock of white birds'],
  },
  steps: [
    [
      '{hero} had heard of {aX}, and {he} wanted to see it.',
      'All {his} life {hero} had wanted to see {aX}.',
      '"Somewhere there is {aX}," said the {ekind} of {hero}. Since then {he} thought of nothing else.',
    ],
    [
      '{oneDay} {he} went to look for the {x}.',
      '{oneDay} {he} put some bread into a bag and set out.',
      'So {oneDay} {he} said goodbye and went on {his} way.',
    ],
    rounds(
      ANIMALS,
      [2, 3],
      [
        [
          'First {he} met the {who}. "Do you know the way to the {x}?" asked {hero}. "No," said the {who}. "I have never been to the {x}."',
          'Then {he} met the {who}. "Do you know the way to the {x}?" asked {hero}. "No," said the {who}. "I have never been to the {x}."',
        ],
        [
          '"Where is the {x}?" {he} asked the {who}. "Go on and on," said the {who}, "and ask the {next}."',
          'So {he} went on and on. "Where is the {x}?" {he} asked the {who}. "Go on and on," said the {who}, "and ask the {next}."',
        ],
      ],
    ),
    [
      'It was getting dark when {he} met {friend}. "Do you know the way to the {x}?" asked {hero}.',
      'At last {he} came to {friend}. "Please, where is the {x}?" {he} asked.',
      '{hero} was so tired that {he} sat down. There came {friend}.',
    ],
    [
      '"You are almost there," said {friend}. "Come, I will show you."',
      '"The {x}?" said {friend}. "I go there every day. Come with me."',
      '"I know the {x}," said {friend}. "It is behind that hill."',
    ],
    [
      'And there it was! The {x} was even more beautiful than {he} had thought.',
      'They went around a corner, and there was the {x}.',
      'Then {hero} saw it. "So that is the {x}," {he} said softly.',
    ],
    [
      'From there they saw {seen}.',
      'They sat down together and looked at {seen}.',
      '{hero} and {friend} stayed at the {x} until they had seen {seen}.',
    ],
    [
      '"Next time I will know the way," said {hero}.',
      'And the way home was much shorter, because {he} was not alone.',
      '{hero} never forgot the {x}.',
    ],
  ],
  more: [
    'The next week {hero} showed the way to the {whoA}. "Thank you," said the {whoA}. "I always wanted to see the {x}."',
  ],
  shorter: ['{hero} looked for {aX}, and {friend} showed {him} the way.'],
  lesson: ['{hero} learned that you find the way if you go on asking.'],
  feel: ['{hero} was tired and very happy.'],
  asks: [
    ['Where did {hero} want to go?', '{He} wanted to go to {aX}.'],
    ['Who knew the way?', 'The {fkind} knew the way.'],
    ['What did they see?', 'They saw {seen}.'],
    ['Whom did {hero} ask first?', 'First {he} asked the {whoA}.'],
    ['Where was {hero} in the end?', 'In the end {he} was at the {x}.'],
  ],
};

const whoLivesThere: Plot = {
  name: 'who lives there',
  x: ['place', 'big', 'thing'],
  about: ['who lived in {aX}', 'and {aX}', 'who moved into {aX}', 'who made room in {aX}'],
  things: ['{aX} where many animals live', '{aX} as a house'],
  cast: [],
  steps: [
    [
      '{hero} had no house, but {he} found {aX}.',
      '{oneDay} {hero} found {aX} that was empty.',
      'There was an empty {x}, and {hero} moved in. It was {aX} that nobody needed.',
    ],
    [
      '"I will live here," said {hero}. It was warm and dry in the {x}.',
      '"This {x} is just right for me," {he} said, and lay down to sleep.',
      '{He} swept the floor and made a little bed.',
    ],
    rounds(
      ANIMALS,
      [3],
      [
        [
          'Then came the {who}. "Who lives in the {x}?" asked the {who}. "I do," said {hero}. "May I live in the {x}, too?" "Yes, come in," said {hero}.',
          'Then came the {who}. "Who lives in the {x}?" asked the {who}. "We do," said {hero}. "May I live in the {x}, too?" "Yes, come in," said {hero}.',
        ],
        [
          'There was a knock. It was the {who}. "I have no house," said the {who}. "Then come in," said {hero}. "There is room in the {x}."',
          'There was another knock. It was the {who}. "I have no house," said the {who}. "Then come in," said {hero}. "There is still room in the {x}."',
        ],
      ],
    ),
    [
      'Now there were four of them: {hero}, the {whoA}, the {whoB} and the {whoC}.',
      'It was full now, but nobody minded.',
      'So all four of them lived in the {x}.',
    ],
    [
      'At night it was cold outside. But in the {x} they kept each other warm.',
      'In the evening they told each other stories, and the {whoC} sang a song.',
      'They cooked soup together and sat close to each other.',
    ],
    [
      '"I am glad that I found the {x}," said {hero}. "And I am glad that you came."',
      '"A house is only a home when there are friends in it," said {hero}.',
      'Nobody was alone any more.',
    ],
    [
      'And if nothing has happened, they still live there today.',
      'And when there is a knock, they always say, "Come in!"',
      'They lived happily in the {x} for a long time.',
    ],
  ],
  more: [
    'In winter there was another knock. A small mouse was sitting in the snow. "Come in," they all said. "There is room for one more."',
  ],
  shorter: ['{hero} lived in {aX}, and the {whoA}, the {whoB} and the {whoC} came to live there, too.'],
  lesson: ['{hero} learned that there is always room for a friend.'],
  feel: ['{hero} was happy because {he} was not alone.'],
  asks: [
    ['Where did {hero} live?', '{hero} lived in {aX}.'],
    ['Who came first?', 'First the {whoA} came.'],
    ['Who came last?', 'The {whoC} came last.'],
    ['How many lived in the {x}?', 'Four of them lived in the {x}.'],
    ['What did {hero} find?', '{hero} found {aX}.'],
  ],
};

const nightThere: Plot = {
  name: 'night there',
  x: ['place'],
  about: ['who spent a night in {aX}', 'and a night in {aX}', 'and {aX}', 'who was not afraid of {aX}'],
  things: ['{aX} at night', 'a strange sound in {aX}'],
  cast: ['friend'],
  slots: {
    sound: [
      { sound: 'Tap, tap, tap', cause: 'a branch in the wind' },
      { sound: 'Hoo, hoo', cause: 'a young owl' },
      { sound: 'Drip, drip, drip', cause: 'the rain in an old pot' },
      { sound: 'Crunch, crunch', cause: 'a hedgehog that was eating an apple' },
      { sound: 'Squeak, squeak', cause: 'a door that wanted some oil' },
    ],
    light: ['a lamp', 'a candle', 'a lantern'],
  },
  steps: [
    [
      '{hero} was going to spend a night in {aX}.',
      'Nobody had ever slept in {aX}. But {hero} wanted to do it.',
      '"I am not afraid to sleep in {aX}," said {hero}.',
    ],
    [
      '{He} took {light} and asked {friend} to come along.',
      '{friend} came, too, and brought {light}.',
      'So {he} went there with {friend} and {light}.',
    ],
    [
      'In the evening the {x} was quiet and beautiful. They ate bread and looked at the stars.',
      'At first it was fun. They told each other jokes and laughed.',
      'They lay down side by side. It was very dark in the {x}.',
    ],
    [
      'Then there was a sound. "{sound}," it went.',
      '{suddenly} they heard something. "{sound}!"',
      'In the middle of the night something went "{sound}!"',
    ],
    [
      '"What is that?" whispered {hero}. "I do not know," whispered {friend}.',
      '"Did you hear that?" asked {friend}. {hero} could not say a word.',
      '"There is somebody in the {x}," whispered {hero}.',
    ],
    [
      '"We must look," said {hero}. {His} heart was beating fast. They took {light} and went to see.',
      'They held each other tight. Then they took {light} and went toward the sound.',
      '"If we go together, it is not so bad," said {friend}. And they went with {light}.',
    ],
    [
      'And what was it? It was only {cause}!',
      'They came nearer and nearer. Then {hero} began to laugh. It was {cause}.',
      'It was nothing but {cause}.',
    ],
    [
      'They laughed until they fell asleep. And in the morning the sun shone into the {x}.',
      '"Now I am not afraid any more," said {hero}, and {he} slept until the morning.',
      'After that they slept well in the {x}.',
    ],
  ],
  more: [
    'The next evening they went to the {x} again. "Good night, {cause}," said {hero}, and they laughed.',
  ],
  shorter: ['{hero} and {friend} slept in {aX} and heard a strange sound. It was only {cause}.'],
  lesson: ['{hero} learned to look before being afraid.'],
  feel: ['{hero} was scared at first, and then {he} had to laugh.'],
  asks: [
    ['Where did they sleep?', 'They slept in {aX}.'],
    ['What was the sound?', 'It was only {cause}.'],
    ['Who came along?', 'The {fkind} came along.'],
    ['When did they hear the sound?', 'They heard it at night.'],
    ['What did they take with them?', 'They took {light} with them.'],
  ],
};

export const PLACES_OF_ANY_KIND: readonly Plot[] = [theWayThere, whoLivesThere, nightThere];
