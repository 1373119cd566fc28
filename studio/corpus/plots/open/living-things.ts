import { rounds, type Plot } from '../plot.ts';
import { ANIMALS } from '../shared.ts';

/** Things go along and are alive. */

const twoHelpers: Plot = {
  name: 'two helpers',
  x: ['thing'],
  y: ['thing'],
  about: ['with {aX} and {aY}', 'who took {aX} and {aY} along', 'and {aX} and {aY}'],
  things: ['{aX} and {aY}'],
  cast: ['friend'],
  slots: {
    goal: ['to the sea', 'up the mountain', 'to the big town', 'through the forest'],
    trouble: [
      'had fallen into a hole',
      'was stuck in the mud',
      'sat high up in a tree',
      'was caught in a net',
    ],
  },
  steps: [
    [
      '{hero} wanted to go {goal}, and {he} took {aX} and {aY} along.',
      '{hero} had {aX} and {aY} in {his} bag.',
      '{oneDay} {hero} went {goal} with only two things, {aX} and {aY}.',
    ],
    [
      '"Why do you take {aX}?" they asked. "And why {aY}?" "You never know," said {hero}.',
      'They all laughed at {him}. "What do you want with {aX} and {aY}?" they said.',
      '"The {x} is heavy," said {his} {ekind}, "and so is the {y}." But {hero} took them both.',
    ],
    [
      '{soon} {he} heard somebody call for help. It was {friend}, who {trouble}.',
      'On the way {he} found {friend}, who {trouble}.',
      '"Help!" somebody called. There was {friend}, who {trouble}.',
    ],
    [
      '"Wait!" said {hero}. "I have {aX}." With the {x} {he} got {friend} out.',
      '{hero} took the {x}. "Hold on to it," {he} said. And soon {friend} was free.',
      'What could {he} do? Then {he} thought of the {x}. And with the {x} it was easy.',
    ],
    [
      'But {friend} was still sad. So {hero} gave {fhim} the {y}, and {fhe} began to smile.',
      '"I am so cold and tired," said {friend}. Then {hero} took out the {y}, and that helped, too.',
      '{friend} began to cry. "Here," said {hero}, "take my {y}."',
    ],
    [
      '"How good that you had the {x} and the {y}!" said {friend}.',
      '"Without the {x} and the {y} I would still be there," said {friend}.',
      '"The {x} for you, and the {y} for your heart," said {hero}.',
    ],
    [
      'Then they went on together.',
      'And nobody laughed at the {x} and the {y} any more.',
      'So {hero} went out with two things and came home with a friend.',
    ],
  ],
  more: [
    'When they were home again, {friend} wanted to carry the {x}, and {hero} carried the {y}. Next time they will take both again.',
  ],
  shorter: ['{hero} took {aX} and {aY} along and helped {friend}, who {trouble}.'],
  lesson: ['{hero} learned that it is good to be prepared.'],
  feel: ['{hero} was proud of the {x} and the {y}.'],
  asks: [
    ['What did {hero} take along?', '{hero} took {aX} and {aY} along.'],
    ['Where did {hero} go?', '{He} went {goal}.'],
    ['What did {hero} give to the {fkind}?', '{He} gave {fhim} the {y}.'],
    ['Who needed help?', 'The {fkind} needed help.'],
    ['Why did the {fkind} call for help?', 'Because {fhe} {trouble}.'],
  ],
};

const wantedToSeeTheWorld: Plot = {
  name: 'wanted to see the world',
  x: ['thing', 'big'],
  about: ['who took {aX} on a trip', 'and {aX} that wanted to see the world', 'and {aX}'],
  things: ['{aX} that wanted to see the world', 'a little {x}', '{aX}'],
  cast: [],
  slots: { stood: ['on a shelf', 'in a corner', 'behind the door', 'by the window', 'in the barn'] },
  steps: [
    [
      '{hero} had {aX} that stood {stood} all day long.',
      'In the house of {hero} there was {aX}. It stood {stood}.',
      '{hero} had {aX}. It was a very special {x}, because it had a dream.',
    ],
    [
      '"I want to see the world," said the {x}. {hero} heard it and was surprised.',
      'Every night the {x} said, "I wish I could see the world."',
      '"Nobody ever takes me along," said the {x}. "I want to see the world."',
    ],
    [
      '"Then come with me," said {hero}. And they went out together.',
      'So {oneDay} {hero} took the {x} and went out.',
      '"Why not?" said {hero}, and {he} carried the {x} out of the house.',
    ],
    rounds(
      [
        { who: 'sea', say: 'It is so big' },
        { who: 'forest', say: 'It is so green' },
        { who: 'market', say: 'It is so loud' },
        { who: 'mountain', say: 'It is so high' },
        { who: 'river', say: 'It is so fast' },
        { who: 'bridge', say: 'It is so long' },
        { who: 'meadow', say: 'It is so quiet' },
      ],
      [2, 3],
      [
        [
          'First they came to the {who}. "Look, that is the {who}," said {hero}. "{say}!" said the {x}.',
          'Then they came to the {who}. "Look, that is the {who}," said {hero}. "{say}!" said the {x}.',
        ],
        [
          '{hero} showed the {x} the {who}. "{say}," said the {x}. "What else is there?"',
          'Then {hero} showed the {x} the {who}. "{say}," said the {x}. "What else is there?"',
        ],
      ],
    ),
    [
      'In the evening the {x} was tired. "The world is beautiful," it said. "But now I want to go home."',
      'When it got dark, the {x} became very quiet. "I miss my place," it said.',
      '"Have you seen enough?" asked {hero}. "Yes," said the {x}. "And do you know what I liked best? That you were there."',
    ],
    [
      'So {hero} carried the {x} home again.',
      'They went home under the stars, and {hero} held the {x} tight.',
      'So they turned around and went back, step by step.',
    ],
    [
      'Now the {x} stands {stood} again and thinks of all that it has seen.',
      'And at night it tells the other things about the {whoA}.',
      'And {oneDay} they will go again.',
    ],
  ],
  more: [
    'The next day the {x} asked, "What is behind the {whoB}?" "I do not know," said {hero}. "Let us go and see."',
  ],
  shorter: ['{hero} had {aX} that wanted to see the world, so they went out together.'],
  lesson: ['The {x} learned that the world is big, and that home is good.'],
  feel: ['The {x} was tired and happy.'],
  asks: [
    ['What did the {x} want?', 'The {x} wanted to see the world.'],
    ['Where did they go first?', 'First they went to the {whoA}.'],
    ['What did the {x} say about the {whoA}?', 'The {x} said, "{sayA}!"'],
    ['Whose {x} was it?', 'It was the {x} of {hero}.'],
    ['Where did the {x} stand?', 'It stood {stood}.'],
    ['Why did they go home?', 'Because the {x} was tired.'],
  ],
};

const nobodyNeedsMe: Plot = {
  name: 'nobody needs me',
  x: ['thing', 'big', 'place'],
  about: ['who helped a lonely {x}', 'and a lonely {x}', 'and {aX} that nobody needed'],
  things: ['a lonely {x}', '{aX} that nobody needed', 'a sad {x}'],
  cast: [],
  slots: { storm: ['a storm', 'a heavy rain', 'a cold night', 'a big flood', 'a snowstorm'] },
  steps: [
    [
      'Not far from {hero} there was {aX}, all alone.',
      '{hero} knew {aX} that was very lonely.',
      '{hero} often came by {aX}. It was old, and nobody looked at it.',
    ],
    [
      '"Nobody needs me," said the {x}.',
      '"I am only an old {x}," it said. "What am I good for?"',
      'The {x} was sad. "I wish that somebody needed me," it said.',
    ],
    rounds(
      ANIMALS,
      [2, 3],
      [
        [
          'The {who} came by. "Do you need {aX}?" asked the {x}. "No," said the {who}, and went on.',
          'Then the {who} came by. "Do you need {aX}?" asked the {x}. "No," said the {who}, and went on.',
        ],
        [
          '"Stay with me," said the {x} to the {who}. "I have no time," said the {who}.',
          '"Stay with me," said the {x} to the {who}. "I have no time, either," said the {who}.',
        ],
      ],
    ),
    [
      'But then came {storm}. {hero} was far from home and very scared.',
      '{oneDay} there was {storm}, and {hero} did not know where to go.',
      'Then the sky became dark, and {storm} began. {hero} ran and ran.',
    ],
    [
      '"Come to me!" called the {x}. And {hero} came.',
      'There was the old {x}! {hero} held on to it with all {his} might.',
      '"I will keep you safe," said the {x}.',
    ],
    [
      'When {storm} was over, {hero} was safe. "You saved me, dear {x}," {he} said.',
      'They waited together until it was over. "Thank you," said {hero} to the {x}.',
      'In the morning it was quiet again. "Without you I would have been lost," said {hero}.',
    ],
    [
      'Then the {whoA} and the {whoB} came to see the {x} that had saved {hero}.',
      '"Now I know what I am good for," said the {x}.',
      'The {x} was so glad that it almost cried.',
    ],
    [
      'Since then {hero} comes to the {x} every day, and it is never alone.',
      'And nobody ever went past the {x} again without a hello.',
      '{hero} painted the {x} with bright colors, so that everybody could see it.',
    ],
  ],
  more: [
    'The next day {hero} came back with flowers for the {x}. "Nobody has ever given me flowers," said the {x}.',
  ],
  shorter: ['Nobody needed {aX}, until it saved {hero} in {storm}.'],
  lesson: ['The {x} learned that everybody is needed one day.'],
  feel: ['The {x} was sad at first and very happy in the end.'],
  asks: [
    ['Who was sad?', 'The {x} was sad.'],
    ['Why was the {x} sad?', 'Because nobody needed it.'],
    ['What saved {hero}?', 'The {x} saved {him}.'],
    ['Who came by first?', 'First the {whoA} came by.'],
    ['What did the {x} say?', 'The {x} said that nobody needed it.'],
  ],
};

export const LIVING_THINGS: readonly Plot[] = [twoHelpers, wantedToSeeTheWorld, nobodyNeedsMe];
