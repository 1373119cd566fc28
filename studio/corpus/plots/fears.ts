import { maybe, oneOf, type Plot } from './plot.ts';

/** Fears, and how they grow small. */

const dark: Plot = {
  name: 'dark',
  about: [
    'who was afraid of the dark',
    'who did not like the night',
    'who wanted the night to go away',
    'who learned to like the dark',
  ],
  things: ['the dark', 'a night light', 'the moon and the stars'],
  not: ['owl', 'mole', 'badger'],
  qualities: ['shy', 'little', 'small', 'young', 'quiet', 'gentle'],
  cast: ['elder'],
  slots: {
    shape: [
      { shape: 'a big black bear', truly: 'a coat on a hook' },
      { shape: 'a long snake', truly: 'a belt on a chair' },
      { shape: 'a hungry wolf with two ears', truly: 'a chair with two socks on it' },
      { shape: 'a tall ghost', truly: 'a white curtain' },
      { shape: 'a giant with a round head', truly: 'a broom with a hat' },
    ],
  },
  steps: [
    [
      'By day {hero} was never afraid. But when the sun went down, {he} wanted to hide under {his} blanket.',
      '{hero} liked the sun, the grass and the blue sky. {He} did not like the dark at all.',
      '"Please leave the light on," said {hero} every night, for {he} was afraid of the dark.',
      'Every night it was the same. {hero} did not want to go to bed, because {he} was afraid of the dark.',
      'There was only one thing that {hero} was afraid of, and it came every night.',
    ],
    [
      'One night the lamp went out. In the corner stood {shape}!',
      'Then the candle burned down, and the room was black. {hero} looked, and {he} saw {shape} by the wall.',
      'In the middle of the night {he} woke up. It was so dark! And there was {shape}.',
      'One night there was a storm, and all the lights went out. {hero} opened one eye. Was that {shape}?',
    ],
    [
      '"Help!" cried {hero}. {elder} came in at once. "What is it?"',
      '{He} pulled the blanket over {his} head and called for {elder}.',
      '{hero} could not move. {He} could only whisper, "Who is there?" Then {he} heard {elder} at the door.',
      '{His} heart was beating like a drum. {elder} heard {him} cry and came.',
    ],
    oneOf(
      {
        set: {
          lesson: 'many things look bad in the dark and are not bad at all',
          helped: '{he} went to look at what it was',
        },
        steps: [
          [
            '"Take my hand," said {elder}, "and we will go and touch it." {hero} did not want to, but {he} went, one small step after the other.',
            '"Shall we look together?" asked {elder}. They went closer. {hero} put out {his} {hand}.',
            '{elder} did not make a light. "Ask it what it wants," {ehe} said. "What do you want?" asked {hero}. There was no answer. So {he} went and touched it.',
          ],
          [
            '{He} looked again. It was only {truly}!',
            'And what was it? {Truly}, and nothing else. {hero} began to laugh.',
            '"It is only {truly}!" said {hero}, and {he} laughed.',
          ],
        ],
      },
      {
        set: { lesson: 'the night has beautiful things, too', helped: '{he} saw the stars with {elder}' },
        steps: [
          [
            '{elder} turned up a lamp, and it was only {truly}. "Come," said {elder}, "I want to show you something." And they went out into the night.',
            '"That is only {truly}," said {elder}. "But now that you are awake, put on your coat." They sat down outside on the step.',
          ],
          [
            '{hero} looked up. There were more stars than {he} could count. "They are always there," said {elder}, "but only the dark can show them."',
            'The moon was round and white. Little green lights danced over the grass. An owl flew past without a sound. "All of this is here every night?" asked {hero}.',
            'A star fell, and then one more. The air smelled of flowers that open only at night. {hero} forgot to be afraid.',
          ],
        ],
      },
    ),
    maybe(
      'They drank a cup of warm milk in the kitchen.',
      '"Were you ever afraid?" asked {hero}. "Oh yes," said {elder}, "and I still am, now and then."',
      '{elder} sang the old song about the moon.',
      'Somewhere a clock struck two.',
    ),
    [
      'Then {hero} went back to bed. It was still dark, but it was a friendly dark now.',
      'Back in bed {hero} said, "Good night, dark." And {he} closed {his} eyes.',
      '"You can turn off the lamp," said {hero}. {elder} kissed {him} on the nose.',
      'That night {hero} slept until the sun was high.',
    ],
    [
      'Since then {he} only laughs when {he} sees {theShape} in the corner.',
      'And the next evening {he} was the first in bed.',
      'When {his} little cousin came and was afraid, {hero} knew just what to do.',
      '{hero} still likes the day best. But {he} is a friend of the night, too.',
    ],
  ],
  more: [
    'The next night {hero} woke up again. {He} looked around the room and saw something tall at the door. "I know you," {he} said. "You are only the broom." And {he} slept on.',
    'Soon {hero} and {elder} went out every night when the sky was clear. They gave names to the stars. One of them they called the spoon.',
    'In the summer {hero} slept in a tent outside. It was dark and quiet. In the morning {he} said that it was the best night of {his} life.',
  ],
  shorter: [
    'A {quality} {kind} was afraid of the dark until {helped}.',
    '{hero} saw {shape} in the night, but it was only {truly}.',
  ],
  lesson: [
    '{hero} learned that {lesson}.',
    '{He} learned that {lesson}.',
    'The {kind} learned not to be afraid of the dark.',
  ],
  feel: [
    '{hero} was very afraid at night, but in the end {he} felt safe.',
    'First {he} was scared, and then {he} was calm and {glad}.',
  ],
  asks: [
    ['What was in the corner?', 'It was only {truly}.'],
    ['What did {hero} see in the dark?', '{He} thought that {he} saw {shape}, but it was {truly}.'],
    ['Why was {hero} afraid?', '{He} was afraid because it was dark and {he} saw {shape}.'],
    ['Who came to help?', '{elder} came to help {him}.'],
  ],
};

const swimming: Plot = {
  name: 'swimming',
  about: [
    'who learned to swim',
    'who could not swim',
    'who was afraid of the water',
    'who wanted to swim like the others',
  ],
  things: ['a lake', 'swimming', 'deep water'],
  not: ['duck', 'frog', 'otter', 'turtle', 'owl', 'hen', 'mole', 'cat', 'kitten'],
  cast: ['friend'],
  slots: {
    water: ['the lake', 'the pond', 'the river', 'the bay'],
    float: ['an old log', 'a round piece of wood', 'an empty barrel', 'a big bag full of air'],
    lost: ['a red ball', 'a straw hat', 'a toy boat', 'a small duck', 'a yellow bucket'],
  },
  steps: [
    [
      'It was a hot summer. Everyone was in {water}, but {hero} stayed on dry land, because {he} could not swim.',
      '{hero} sat beside {water} and watched the others jump in. "I like it here," {he} said, but that was not true.',
      'All the friends of {hero} could swim. {He} could not, and {he} did not want them to know.',
      '"Come in, the water is warm!" they called to {hero}. {He} shook {his} head. {He} had never learned to swim.',
    ],
    [
      'Once {he} put one foot into the water and pulled it out again. "Too cold," {he} said.',
      'The water was deep and green. {hero} thought about everything that might live in it.',
      '"What if I sink like a stone?" {he} thought.',
      'When {he} was very small, {he} had fallen in, and {he} had never forgotten it.',
    ],
    [
      '{friend} sat down beside {him}. "I could not swim either," {fhe} said. "Shall I show you how I learned?"',
      '{friend} was a good swimmer. {Fhe} saw {him} sitting there and came out of the water. "We can start where it is not deep," {fhe} said.',
      'Then {friend} asked very quietly, "Are you afraid? I can teach you, and I will not tell the others."',
    ],
    [
      'The first day they only washed their feet. The second day {hero} stood in the water up to {his} tummy.',
      'They began with blowing bubbles. {hero} put {his} face in the water, and it tickled.',
      '"First you must learn to float," said {friend}. "Lie on your back and look at the clouds. I hold you."',
      '{friend} gave {him} {float} to hold. "Now kick!" {fhe} said. {hero} kicked, and the water flew everywhere.',
    ],
    [
      'One time {he} drank half of {water}, or so it felt. "I give up!" {he} cried. But the next day {he} was there again.',
      'It did not go well. {He} kicked too hard, and {he} forgot to breathe.',
      'Day after day they practiced. {hero} was cold and tired and a little better each time.',
      'Again and again {he} sank and came up like a wet cat. {friend} did not laugh.',
    ],
    oneOf(
      {
        set: {
          lesson: 'you can learn hard things little by little',
          moment: '{friend} let go and {he} did not sink',
        },
        steps: [
          [
            'Then one morning {friend} said, "Look!" {hero} looked. {friend} was not holding {him} any more. {He} was swimming all alone!',
            '"Do not let go!" said {hero}. "I let go a long time ago," said {friend}. And it was true.',
            '{hero} swam three strokes, then five, then ten. {He} was so surprised that {he} almost forgot to go on.',
          ],
          [
            'Everybody on the shore clapped. "{hero} can swim!" they shouted.',
            '"I can do it!" {he} called, and {he} got water in {his} mouth.',
            '{friend} was even happier than {hero} was.',
          ],
        ],
      },
      {
        set: { lesson: 'you can do more than you think', moment: '{he} had to bring back {lost}' },
        steps: [
          [
            'One afternoon the wind blew {lost} out on {water}. A tiny mouse stood on the shore and cried. Nobody else was there.',
            'One day {hero} was alone at {water}. There was {lost}, and it was drifting away. "Oh no," cried a tiny mouse, "it is mine!"',
          ],
          [
            '{hero} did not think about it. {He} went in and swam, and {he} pushed it back with {his} nose. Only on the shore did {he} see what {he} had done.',
            '"I will get it," said {hero}, and {he} was already in the water. Kick and breathe, kick and breathe. Then {he} had it!',
          ],
        ],
      },
    ),
    maybe(
      'The sun was warm on {his} back.',
      'A fish jumped as if it wanted to say hello.',
      '{His} legs were shaking, but {he} laughed.',
    ),
    [
      'Now you cannot get {hero} out of the water, not even for supper.',
      'That summer {hero} and {friend} swam across {water} and back again.',
      'In the evening {he} told it at home three times, and each time the water was a little deeper.',
      'And the next year it was {hero} who taught the small ones to blow bubbles.',
    ],
  ],
  more: [
    'The next summer {hero} saw a small lamb on the shore that did not want to go in. {He} sat down beside it. "I could not swim either," {he} said. "Shall I show you?"',
    '{friend} and {hero} had a race to the big stone. {friend} came first, but only by a nose. "Next time," said {hero}.',
    'On the last warm day they jumped from the high rock. They held on to each other and counted to three. Splash!',
  ],
  shorter: [
    'A {quality} {kind} was afraid of the water and learned to swim with the help of a friend.',
    '{hero} could not swim, practiced every day, and then {moment}.',
  ],
  lesson: [
    '{hero} learned to swim, and that {lesson}.',
    '{He} learned that {lesson}.',
    'The {kind} learned that {lesson}.',
  ],
  feel: [
    '{hero} was afraid of the water. When {he} could swim, {he} was proud and {glad}.',
    'At first {he} was scared, and at the end {he} did not want to come out.',
  ],
  asks: [
    ['Who taught {hero} to swim?', 'The {fkind} taught {him} to swim.'],
    ['Why did {hero} not go in?', '{He} was afraid, because {he} could not swim.'],
    ['Where did {hero} swim?', '{He} swam in {water}.'],
    ['Could {hero} swim in the end?', 'Yes, in the end {he} could swim very well.'],
  ],
};

export const FEARS: readonly Plot[] = [dark, swimming];
