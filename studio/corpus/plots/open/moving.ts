import { rounds, type Plot } from '../plot.ts';
import { ANIMALS } from '../shared.ts';

/** Something large is moved, ridden in, or cleaned. `{aX}` is any noun with its article. */

const wouldNotMove: Plot = {
  name: 'would not move',
  x: ['big', 'thing'],
  about: ['who could not move {aX}', 'and {aX} that was too heavy', 'who had to push {aX}'],
  things: ['{aX} that would not move', '{aX} in the mud'],
  cast: [],
  slots: { stuck: ['in the mud', 'in the snow', 'in the sand', 'in the middle of the road'] },
  steps: [
    [
      '{oneDay} {hero} came along with {aX}. But it got stuck {stuck}.',
      'There was {aX} {stuck}, and {hero} had to move it.',
      '{hero} had {aX}, and {oneDay} it was stuck {stuck}.',
    ],
    [
      '{He} pushed and pushed, but the {x} did not move.',
      '{hero} pushed as hard as {he} could. The {x} did not move.',
      '"Come on!" said {hero}, and {he} pushed. But the {x} did not move.',
    ],
    rounds(
      ANIMALS,
      [3],
      [
        [
          'So {he} called the {who}. {hero} and the {who} pushed and pushed, but the {x} did not move.',
          'So they called the {who}. They all pushed and pushed, but the {x} did not move.',
        ],
        [
          'The {who} came along. "May I help?" "Yes, please," said {hero}. They pushed together, but the {x} did not move.',
          'Then the {who} came along. "May I help, too?" "Yes, please," said {hero}. They all pushed together, but the {x} did not move.',
        ],
      ],
    ),
    [
      'Then came a little mouse. "May I help?" asked the mouse. They all laughed. "You are so small!"',
      'A mouse was watching them. "Let me help you," said the mouse. "You?" said the {whoC}, and laughed.',
      '"We need one more," said {hero}. But there was only a mouse.',
    ],
    [
      'But the mouse pushed, and they all pushed, and {suddenly} the {x} moved!',
      'So they pushed once more, all of them and the mouse. And the {x} moved!',
      '"One, two, three!" said the mouse. They all pushed, and the {x} moved at last!',
    ],
    [
      'They all fell down on their noses and laughed.',
      '"It was the mouse who did it," said {hero}.',
      '"Thank you," said {hero}, "and thank you most of all, little mouse."',
    ],
    [
      'And nobody ever laughed at the mouse again.',
      'Then they all went home together, and the mouse sat on top of the {x}.',
      'And the mouse was as proud as a king.',
    ],
  ],
  more: ['The next day {hero} came to the mouse with a big piece of cheese. "That is for you," said {hero}.'],
  shorter: ['{hero} could not move {aX}, and only when a little mouse helped did it go.'],
  lesson: ['{hero} learned that even a little help can be just what is needed.'],
  feel: ['{hero} was tired but glad.'],
  asks: [
    ['Where was the {x}?', 'The {x} was {stuck}.'],
    ['What would not move?', 'The {x} would not move.'],
    ['Who helped first?', 'First the {whoA} helped.'],
    ['Who came last?', 'Last came a little mouse.'],
    ['Why did they laugh at the mouse?', 'Because the mouse was so small.'],
  ],
};

const rideAlong: Plot = {
  name: 'ride along',
  x: ['big'],
  about: ['with {aX}', 'and {aX}', 'who went for a ride in {aX}', 'who had {aX}'],
  things: ['{aX}', 'a ride in {aX}'],
  cast: [],
  slots: {
    goal: ['to the sea', 'to the market', 'to the mountains', 'around the world', 'to {his} grandmother'],
  },
  steps: [
    [
      '{hero} had {aX}, and {oneDay} {he} wanted to go {goal} in it.',
      '{oneDay} {hero} got into {aX}. "I am going {goal}," {he} said.',
      '{hero} had built {aX} all by {himself}.',
    ],
    [
      '"Off we go!" said {hero}, and the {x} began to move.',
      'The {x} made a loud noise, and off it went {goal}.',
      'So {hero} started on the way {goal}. The sun was shining on the {x}.',
    ],
    rounds(
      ANIMALS,
      [3],
      [
        [
          'By the road stood the {who}. "Where are you going?" asked the {who}. "I am going {goal}," said {hero}. "May I ride in your {x}?" "Yes," said {hero}, "there is room."',
          'A little later they met the {who}. "Where are you going?" asked the {who}. "We are going {goal}," said {hero}. "May I ride in your {x}?" "Yes," said {hero}, "there is room."',
        ],
        [
          'The {who} came running. "Take me with you!" called the {who}. So the {x} stopped, and the {who} got in.',
          'Then the {who} came running. "Take me with you!" called the {who}. So the {x} stopped again, and the {who} got in.',
        ],
      ],
    ),
    [
      'Now the {x} was full. It went slower and slower, and then it stopped.',
      '{suddenly} there was a bang. The {x} stood still.',
      'But then came a steep hill, and the {x} could not get up.',
    ],
    [
      '"We are too heavy," said the {whoA}. "Then we will all get out and push," said {hero}.',
      '"What now?" asked the {whoB}. "Now we push," said {hero}, and they all pushed.',
      'They all got out and pushed. The {whoC} pushed hardest of all.',
    ],
    [
      'Soon the {x} was going again, and they sang all the way.',
      'And the {x} went on as if nothing had happened.',
      'Then they all got in again. "Hooray for the {x}!" they called.',
    ],
    [
      'In the evening they were there. It was the best day of the year.',
      'And so they came {goal} at last, all four of them.',
      '{hero} was glad that {he} had not gone alone.',
    ],
  ],
  more: [
    'On the way back they all slept in the {x}. Only {hero} was awake, and the moon showed {him} the way.',
  ],
  shorter: ['{hero} went {goal} in {aX} and took the {whoA}, the {whoB} and the {whoC} along.'],
  lesson: ['{hero} learned that it is more fun to go together.'],
  feel: ['{hero} was happy to have so many friends.'],
  asks: [
    ['Where did {hero} want to go?', '{He} wanted to go {goal}.'],
    ['What did {hero} ride in?', '{He} had {aX}.'],
    ['Who came along first?', 'First the {whoA} came along.'],
    ['Who came along last?', 'The {whoC} came along last.'],
    ['How many were in the {x}?', 'There were four of them.'],
    ['Whose {x} was it?', 'It was the {x} of {hero}.'],
  ],
};

const cleanedUp: Plot = {
  name: 'cleaned up',
  x: ['place'],
  about: ['who cleaned {aX}', 'who saved {aX}', 'and {aX} that was forgotten', 'and {aX}'],
  things: ['{aX} that nobody looked after', '{aX}'],
  cast: [],
  slots: { count: ['two', 'three', 'four', 'five', 'seven'] },
  steps: [
    [
      '{hero} knew {aX} that nobody looked after any more.',
      'There was {aX} where nobody went any more. Only {hero} liked it.',
      'Every day {hero} walked past {aX}. It was dirty and forgotten.',
    ],
    [
      '"Poor old {x}," said {hero}. "I will make it beautiful again."',
      '"Why does nobody take care of the {x}?" thought {hero}. "Then I will do it."',
      '{oneDay} {he} took a broom and a bucket and began to work.',
    ],
    rounds(
      ANIMALS,
      [2, 3],
      [
        [
          'The {who} came by. "What are you doing?" asked the {who}. "I am cleaning the {x}," said {hero}. "Then I will help you," said the {who}.',
          'Then the {who} came by. "What are you doing?" asked the {who}. "We are cleaning the {x}," said {hero}. "Then I will help you, too," said the {who}.',
        ],
        [
          '"You cannot do that alone," said the {who}, and began to work, too.',
          '"You need more help," said the {who}, and began to work, too.',
        ],
      ],
    ),
    [
      'They worked for {count} days, from morning to night.',
      'It took them {count} days. They washed and painted and planted flowers.',
      'After {count} days the {x} shone in the sun.',
    ],
    [
      'Then everybody came to see the {x}. "How beautiful it is!" they said.',
      'Now people stopped and looked. "Is this the old {x}?" they asked.',
      'On Sunday there was a party at the {x}, with music and cake.',
    ],
    [
      '"Who did this?" they asked. "All of us," said {hero}.',
      '{hero} stood in the middle and was very proud.',
      '"And it all began with {hero}," said the {whoA}.',
    ],
    [
      'Since that day everybody looks after the {x}.',
      'And the {x} has never been lonely again.',
      'If you go there today, you may see {hero} with a broom.',
    ],
  ],
  more: ['The next spring the first flowers came out around the {x}. {hero} counted them every morning.'],
  shorter: ['{hero} and {his} friends made an old {x} beautiful again in {count} days.'],
  lesson: ['{hero} learned that others will help when one begins.'],
  feel: ['{hero} was very proud of the {x}.'],
  asks: [
    ['How many days did they work?', 'They worked for {count} days.'],
    ['What did they clean?', 'They cleaned {aX}.'],
    ['Who helped first?', 'First the {whoA} helped.'],
    ['Why did everybody come?', 'Because the {x} was beautiful again.'],
  ],
};

export const MOVING: readonly Plot[] = [wouldNotMove, rideAlong, cleanedUp];
