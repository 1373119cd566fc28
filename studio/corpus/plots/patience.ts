import { maybe, oneOf, type Plot } from './plot.ts';

/** A day in the snow, and a day at the river. */

const snow: Plot = {
  name: 'snow day',
  about: [
    'who saw the snow for the first time',
    'who built a snowman',
    'and the first snow',
    'who had a snow day',
  ],
  things: ['snow', 'a snowman', 'a winter day'],
  cast: ['friend'],
  slots: {
    nose: ['carrot', 'pine cone', 'potato', 'red stone', 'nut'],
    wear: ['scarf', 'hat', 'pair of gloves', 'old coat'],
  },
  steps: [
    [
      '{hero} opened {his} eyes, and the room was strangely bright. {He} looked out. Everything was white!',
      'In the night it had become very quiet. In the morning {hero} put {his} head out of the door, and something cold landed on {his} nose.',
      '"What is that?" asked {hero}. White bits were falling from the sky. {He} had never seen snow before.',
      'The whole world was white when {hero} woke up. There was snow on the trees, snow on the roofs, and snow on the cat from next door.',
    ],
    [
      '{He} took one step. Crunch! {He} took another step. Crunch! It was a lovely sound.',
      '{hero} caught a flake, and {he} wanted to look at it, but it was only a drop.',
      'First {he} touched it with one toe. It was soft and cold at once.',
      '{He} threw {himself} into it and came out as white as sugar.',
    ],
    [
      '{friend} was already out there. "Let us build a snowman," {fhe} said.',
      'A ball of snow hit {him} on the back. It was {friend}! They had a big snow fight, and then they wanted to build a snowman.',
      '"Do you know what we need?" asked {friend}, who lived near by. "A snowman!"',
    ],
    [
      'They rolled one big ball, and one that was not so big, and a little one for the head. A {nose} was the nose.',
      'It was heavy work. {hero} pushed and {friend} pulled, until the snowman stood there with a {nose} in the middle of his face.',
      'He had a round tummy, two dark eyes, and a {nose} for a nose.',
      '"He is taller than both of us," said {hero}, when {he} put on the {nose}.',
    ],
    oneOf(
      {
        set: { event: '{he} gave a {wear} to the snowman', lesson: 'it is nice to care for others' },
        steps: [
          [
            '"He looks cold," said {hero}. {friend} laughed. "Snowmen are always cold." But {hero} ran home and got a {wear} for him.',
            'When it became dark, {hero} looked back. The snowman stood there all alone. So {he} brought him a {wear}.',
          ],
          [
            'In the night {hero} dreamed that the snowman came in and said, "Thank you. It was a long time since I was warm."',
            'The next morning the {wear} was gone from the snowman. It lay before the door of {hero}, dry and folded, and around it there were round marks in the snow.',
          ],
        ],
      },
      {
        set: {
          event: 'they helped a hungry bird',
          lesson: 'winter is hard for small animals, and we can help them',
        },
        steps: [
          [
            'Then a little bird sat down on the head of the snowman. It had puffed up its feathers. "It is hungry," said {hero}. "All the seeds are under the snow."',
            '{suddenly} they saw a robin. It was picking at the {nose}. "There is nothing else for it to eat," {friend} said.',
          ],
          [
            'They ran home for bread and seeds, and they put them into the arms of the snowman. {soon} ten birds were sitting there.',
            'So they gave the snowman an old plate to hold and filled it with crumbs. All the birds came to dinner.',
          ],
        ],
      },
      {
        set: {
          event: 'the snowman melted',
          lesson: 'nice things do not last forever, but you can remember them',
        },
        steps: [
          [
            'Every day they came to see him. But then a warm wind blew, and the snowman became small and thin. One day only the {nose} was left.',
            'After a week the sun was strong. Drip, drip, drip. The snowman melted, and {hero} was sad.',
          ],
          [
            '"He has gone up to the clouds," said {friend}. "Next winter he will come down again." {hero} kept the {nose} for him.',
            '{hero} drew a picture of him and hung it over {his} bed, and {friend} wrote his name under it.',
          ],
        ],
      },
    ),
    maybe(
      'Their ears were red from the cold.',
      'They drank hot milk with honey.',
      'From the roofs hung long needles of ice.',
      'Then they went down the hill on a wooden board.',
    ),
    [
      'At night {hero} lay in bed and listened. Snow makes no sound, but {he} could hear it.',
      'They sat by the stove, ate {food}, and held out their cold feet to the fire.',
      '"Will there be snow tomorrow?" asked {hero}. And then {he} was asleep.',
      'Winter was the best time of the year now. At least until spring!',
    ],
  ],
  more: [
    'The next winter the first flakes fell on a Sunday. {hero} and {friend} met at the same place and did not have to say a word. They began to roll a big ball.',
    'The next day they built a wife for the snowman, and a child, and a dog. In the end there was a whole village of snow. They gave it a name and a bell.',
    'In the evening a soft wind came up. {hero} and {friend} took a lamp and walked through the white night. Everything was still, and the stars were very near.',
  ],
  shorter: [
    'A {quality} {kind} saw the snow and built a snowman with a friend, and then {event}.',
    '{hero} and {his} friend built a snowman with a {nose} for a nose.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} was surprised by the snow, and {he} was very happy with it.',
    '{He} was cold outside and warm inside, and {glad}.',
  ],
  asks: [
    ['What did they build?', 'They built a snowman.'],
    ['What was the nose of the snowman?', 'His nose was a {nose}.'],
    ['What happened with the snowman?', 'They built him with a {nose} for a nose, and then {event}.'],
    ['Who built it with {him}?', 'The {fkind} helped to build it.'],
  ],
};

const fishing: Plot = {
  name: 'patience',
  about: ['who learned to be patient', 'who could not wait', 'who went fishing', 'who could not sit still'],
  things: ['a fishing rod', 'a fish', 'patience'],
  not: ['otter', 'duck'],
  qualities: ['lively', 'little', 'young', 'curious', 'busy', 'funny', 'small'],
  cast: ['elder'],
  slots: {
    bait: ['a worm', 'a bit of bread', 'a piece of cheese', 'a grain of corn'],
    loud: [
      'threw stones into the water',
      'sang a loud song',
      'jumped up and down',
      'ran along the bank',
      'talked and talked',
    ],
    saw: [
      'a deer that came to drink',
      'a blue bird that dived like an arrow',
      'a family of ducks in a row',
      'a pair of dragonflies that danced',
    ],
  },
  steps: [
    [
      '{hero} could not sit still, not even for a minute. {oneDay} {elder} said, "Come with me. We will go fishing."',
      'Before the sun was up, {hero} and {elder} went to the river to fish. {hero} was so excited that {he} hopped all the way.',
      '"Today I will catch the biggest fish in the world," said {hero} {oneDay}, when {elder} took {him} along to the river.',
      '{hero} had a fishing rod, a very short one, and {elder} had a long one. {oneDay} they took both of them to the river.',
    ],
    [
      'They put {bait} on the hook and threw it in. {hero} waited. {He} counted to ten. No fish!',
      '{elder} showed {him} how to hold the rod with {bait} on the hook. "And now?" asked {hero}. "Now we wait."',
      'Plop, the hook went into the water with {bait} on it. "Where are the fish?" asked {hero} at once.',
    ],
    [
      'After two minutes {hero} {loud}. "Shh," said {elder}. "The fish can hear you."',
      '"This is boring," said {hero}, and {he} {loud}. Far out a fish turned around and swam away.',
      '{hero} pulled out the line to look, and put it back, and pulled it out again. Then {he} {loud}.',
    ],
    maybe(
      '{elder} had already caught two. {hero} had caught an old boot.',
      '"Are the fish asleep?" {he} asked. "No," said {elder}, "but you are very awake."',
      'The bucket of {elder} was full, and the bucket of {hero} was empty.',
    ),
    [
      '"Look at the heron over there," said {elder}. A gray bird stood in the water on one leg, as still as a stick. "He has not moved for an hour. And he will eat today."',
      '{elder} was not angry. "Waiting is not doing nothing," {ehe} said. "Waiting is listening and looking. Try it once."',
      '"Be a tree," said {elder}. "A tree does not run, and still everything comes to it."',
    ],
    [
      'So {hero} sat down and was quiet. It was very hard to sit still.',
      '{hero} tried. {He} held the rod and let {his} feet hang down, and {he} breathed in and out.',
      'It was hard. {hero} bit {his} lip. But little by little {he} became as still as the water.',
    ],
    [
      'And now {he} saw what {he} had not seen before. There was {saw}.',
      'When {he} was quiet, the river was not quiet at all. It talked to the stones. And {he} saw {saw}.',
      '{hero} did not move. And then {he} saw {saw}, very close to {him}.',
    ],
    oneOf(
      {
        set: { end: '{he} caught a fish', lesson: 'good things come to those who can wait' },
        steps: [
          [
            'Then something pulled at the line! {hero} held on with all {his} strength. It was a fish, silver and shining.',
            '{suddenly} the rod bent down. "Now!" said {elder}. {hero} pulled, and a fine fish came flying out of the water.',
          ],
          [
            '"I waited for it," said {hero}, "and it came."',
            'It was not the biggest fish in the world. But it was the first one that {hero} had caught.',
            '{hero} looked into its round eyes. Then {he} let it swim away. "Grow a little more," {he} said.',
          ],
        ],
      },
      {
        set: { end: '{he} caught no fish, but {he} saw {saw}', lesson: 'being quiet shows you many things' },
        steps: [
          [
            'When the sun went down, {hero} had no fish at all. "Are you sad?" asked {elder}. "No," said {hero}, and {he} was surprised that it was true.',
            'No fish came that day. But {hero} had forgotten that {he} was waiting for one.',
          ],
          [
            '"I have caught something else," {he} said. "I have caught the whole river."',
            '"Can we do nothing again tomorrow?" asked {hero}, and {elder} laughed.',
          ],
        ],
      },
    ),
    [
      'They walked home with their shadows in front of them, and {hero} did not hop.',
      'At home there was {food}. And when it was too hot, {hero} waited until it was cool.',
      'Now {hero} can sit still. Not always, but when it matters.',
    ],
  ],
  more: [
    'The next Sunday {hero} was up before {elder}. {He} sat on the step with both rods and waited. When {elder} came out, a bird was sitting on {his} shoe.',
    'At school they had to be quiet for one minute. Everyone giggled. Only {hero} sat there like a heron and heard the rain begin.',
    '{hero} took {his} little cousin to the river. "Where are the fish?" asked the cousin at once. {hero} smiled. "Be a tree," {he} said.',
  ],
  shorter: [
    'A {quality} {kind} went fishing with {elder}, learned to be quiet, and {end}.',
    '{hero} could not wait, but at the river {he} learned it from {elder}.',
  ],
  lesson: ['{hero} learned that {lesson}.', '{He} learned to be patient, and that {lesson}.'],
  feel: [
    '{hero} was bored at first, and later {he} was calm and {glad}.',
    '{He} could hardly sit still, but then {he} felt quiet inside.',
  ],
  asks: [
    ['Did {hero} catch a fish?', 'This is how it ended: {end}.'],
    ['Why did the fish not come?', 'They did not come because {hero} was too loud.'],
    ['Who went fishing with {hero}?', '{elder} went with {him}.'],
    ['What did {hero} see at the river?', '{He} saw {saw}.'],
    ['What was on the hook?', 'There was {bait} on the hook.'],
  ],
};

export const PATIENCE: readonly Plot[] = [snow, fishing];
