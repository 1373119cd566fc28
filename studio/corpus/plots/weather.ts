import { anyOrder, maybe, oneOf, type Plot } from './plot.ts';

/** A seed that grows, and a day of rain. */

const seed: Plot = {
  name: 'seed',
  about: [
    'who planted a seed',
    'who planted a {plant} seed',
    'who waited for a seed to grow',
    'who wanted to grow a {plant}',
  ],
  things: ['a seed', 'a {plant}', 'a garden'],
  cast: ['elder'],
  slots: {
    plant: [
      { plant: 'sunflower', grown: 'as tall as the door' },
      { plant: 'pumpkin', grown: 'as round as the moon' },
      { plant: 'bean', grown: 'up to the roof' },
      { plant: 'rose', grown: 'red and sweet' },
      { plant: 'carrot', grown: 'long and orange' },
      { plant: 'cherry tree', grown: 'full of white flowers' },
    ],
    hurry: [
      'dug it up to see if it was still there',
      'pulled at the earth',
      'shouted at the ground',
      'shone a lamp on it all night',
      'gave it ten buckets of water',
    ],
  },
  steps: [
    [
      '{hero} got a seed from {elder}. It was so small that it almost got lost in {his} {hand}. "There is a {plant} in it," said {elder}.',
      '"What is that?" asked {hero} {oneDay}. "This is a {plant} seed," said {elder}. "Now it is yours."',
      '{oneDay} in spring {hero} found a seed in an old bag. {elder} knew what it was. "It wants to be a {plant}," {ehe} said.',
      'In the spring {hero} wanted to have a {plant}. {elder} put one seed on the table. "Here you are. The rest you must do."',
    ],
    [
      '{hero} made a hole, put the seed in, and covered it with earth. "Good night, seed," {he} said.',
      'Behind the house there was a sunny spot. {hero} dug a hole and planted the seed there.',
      'Into the ground it went, and some water on top. {hero} sat down in front of it to wait.',
      'They planted it together, not too deep, and put a little stick next to it.',
    ],
    [
      'The next day {he} ran outside. Nothing! The day after there was nothing, too.',
      'One day went by, and two, and three. The earth was brown and bare.',
      '{hero} looked in the morning, at noon and in the evening. {He} saw only mud.',
      'An hour later {he} asked, "Is it ready?" {elder} laughed.',
    ],
    [
      '{hero} was so impatient that {he} {hurry}. "That does not help," said {elder}.',
      '"Grow!" said {hero}. Then {he} {hurry}. {elder} shook {ehis} head.',
      'At last {he} could not wait any longer, and {he} {hurry}. It did not make the {plant} come faster.',
    ],
    [
      '"What does it need?" asked {hero}. "Water, sun and time," said {elder}, "and time is the hardest one."',
      '{elder} sat down beside {him}. "Things that grow cannot be hurried. You were not big in one day, either."',
      '"The seed is busy under the ground," said {elder}. "First it makes roots, and those you cannot see."',
    ],
    anyOrder(
      [
        'So {hero} gave it a cup of water each day, not more and not less.',
        'Every morning {he} came with the can, and {he} told it what {he} had dreamed.',
        'From then on {he} watered it, and then {he} went to play.',
      ],
      [
        'When it was cold at night, {he} put straw around it.',
        '{He} pulled out the weeds and chased the snails away, but gently.',
        'A crow came and wanted to eat it, but {hero} ran out and chased it away.',
      ],
    ),
    oneOf(
      {
        set: { lesson: 'good things need time' },
        steps: [
          [
            'And one morning, when {he} had almost stopped thinking about it, there was something green. It was as thin as a thread.',
            'Then the rain came, a soft warm rain. After it a tiny green tip looked out of the ground. "It is here!" cried {hero}.',
            '{suddenly} one day the earth had a crack, and in the crack there were two small leaves.',
          ],
        ],
      },
      {
        set: { lesson: 'you must not give up too early' },
        steps: [
          [
            'Many days passed. "It is dead," said {hero}, and {he} wanted to stop. "One more week," said {elder}. On the last day of that week there was a green tip.',
            'A late frost came, and the first small leaf turned brown. {hero} cried. But {he} went on with the water, and {soon} there was a second leaf, stronger than the first.',
          ],
        ],
      },
    ),
    [
      'It grew and grew. In summer there was a {plant}, {grown}.',
      'Week by week it became bigger, until there stood a real {plant}. It was {grown}.',
      'When the days were hot and long, the {plant} was {grown}, and everybody stopped to look.',
    ],
    [
      '{hero} was very proud. In the autumn {he} kept some seeds in a little box, for next year.',
      '"You did that," said {elder}. "No," said {hero}, "it did it alone. I only waited."',
      '{hero} sat in front of it and did nothing at all. {He} had learned to do that well.',
      'And a bee came by and thought that it was just right.',
    ],
  ],
  more: [
    'In the autumn {hero} gave a seed to each of {his} friends. "What must we do?" they asked. "Water, sun and time," said {hero}, "and time is the hardest one."',
    'When winter came, the garden slept under the snow. {hero} looked out of the window and was not sad. {He} knew that the roots were there.',
    'The next spring {he} planted a whole row. {elder} brought a chair for two. They sat there and waited together.',
  ],
  shorter: [
    'A {quality} {kind} planted a seed, waited and waited, and at last there was a {plant}.',
    '{hero} could not wait for a {plant} to grow, but {he} took care of it, and it grew.',
  ],
  lesson: [
    '{hero} learned that {lesson}.',
    '{He} learned to wait, and that {lesson}.',
    'The {kind} learned that {lesson}.',
  ],
  feel: [
    '{hero} was impatient at first. When the {plant} grew, {he} was proud and {glad}.',
    '{He} could hardly wait, and later {he} was calm and happy.',
  ],
  asks: [
    ['What did {hero} plant?', '{He} planted a {plant} seed.'],
    ['What does a seed need?', 'It needs water, sun and time.'],
    ['Who gave {him} advice?', '{elder} told {him} what to do.'],
    ['What did {he} do when {he} could not wait?', '{He} {hurry}, but it did not help.'],
    ['How was the {plant} in the end?', 'It was {grown}.'],
  ],
};

const rain: Plot = {
  name: 'rain',
  about: [
    'who waited for the rain to stop',
    'who did not like the rain',
    'and a rainy day',
    'who wanted the rain to go away',
  ],
  things: ['rain', 'a rainbow', 'a {roof}', 'a puddle'],
  not: ['frog', 'duck', 'turtle'],
  cast: ['friend'],
  slots: {
    want: ['fly a kite', 'have a picnic', 'play ball', 'ride a bike', 'climb the big tree'],
    roof: ['big leaf', 'old umbrella', 'wooden box', 'wide hat'],
  },
  steps: [
    [
      'It was raining. {hero} pressed {his} nose against the window. "I wanted to {want} today," {he} said.',
      'All week {hero} had looked forward to this day, because {he} wanted to {want}. And now it was raining!',
      '{hero} woke up and heard the rain. "Oh no," {he} said, because {he} had wanted to {want}.',
      'Rain, rain, rain! {hero} had put on {his} shoes to {want}, and now {he} could only sit and look at the gray sky.',
    ],
    [
      '"Go away, rain!" {he} called. But the rain did not stop.',
      '{He} waited for an hour, and then for one more. The drops ran down the glass and had races.',
      '{hero} walked from the door to the stove and from the stove to the door.',
      '"When will it stop?" {he} asked the clock. Tick, tock, said the clock.',
    ],
    [
      'Then there was a knock. Outside stood {friend} under a {roof}. {Fhe} was wet and very happy. "Come out!" {fhe} said.',
      '{soon} {he} heard someone laugh. It was {friend}, who was dancing in the yard with a {roof} on {fhis} head.',
      'A {roof} came down the road, and under it there was {friend}. "Why are you inside? It is raining!" {fhe} called.',
    ],
    [
      '"But we will get wet," said {hero}. "Yes," said {friend}, "is that not wonderful?"',
      '{hero} put one foot outside and pulled it back. "It is cold and wet." "Only for a minute," said {friend}.',
      '"What can you do in the rain?" {he} asked. "Oh, everything that you cannot do in the sun," said {friend}.',
    ],
    oneOf(
      {
        set: { did: 'jumped into puddles and made mud cakes', lesson: 'every kind of weather can be fun' },
        steps: [
          [
            'They jumped into the biggest puddle. Splash! The water flew over their heads.',
            '{friend} jumped first, and the mud landed on {hero}. For a moment {he} was angry, but then {he} jumped, too.',
          ],
          [
            'After that they made mud cakes with stones on top, and they pretended to eat them.',
            'They opened their mouths and drank the drops. They tasted of clouds.',
          ],
        ],
      },
      {
        set: {
          did: 'sailed paper boats on the stream in the road',
          lesson: 'you can make the best of a bad day',
        },
        steps: [
          [
            'A small stream ran down the road. They made boats of paper and let them sail. "Mine is a pirate ship," said {hero}.',
            '{friend} had two little boats. They put them in the water beside the road and ran along with them, all the way to the bridge.',
          ],
          [
            'The red boat won, the white boat got stuck behind a root, and they had to save it.',
            'A little ant sat in one of the boats. It was the captain.',
          ],
        ],
      },
      {
        set: { did: 'helped the snails over the road', lesson: 'somebody is always happy about the rain' },
        steps: [
          [
            '"Look who is here," said {friend}. On the road there were snails, big ones and small ones. They had come out because it was wet.',
            'The frogs were singing, and the worms had come up to see the world. Even the flowers seemed to drink.',
          ],
          [
            'They carried the slow ones over the road, so that no wheel could hurt them.',
            '{hero} found a little snail and put it on a leaf.',
          ],
        ],
      },
    ),
    maybe(
      'Their shoes went squish, squash with every step.',
      '{hero} laughed so loudly that a bird woke up.',
      'Nobody looked at the clock now.',
    ),
    [
      'And then the sun came out. Over the hill there was a rainbow, from one end to the other.',
      '{suddenly} it was light. "Look up!" said {hero}. A rainbow stood over {thePlace}.',
      'The clouds broke open, and everything shone. They counted the colors of the rainbow.',
    ],
    [
      '"Now we can {want}," said {friend}. "Or we can wait for the next rain," said {hero}.',
      'In dry clothes, with {food} in front of them, they listened to the last drops fall from the roof.',
      '"What a pity that it has stopped," {hero} said, and {friend} laughed.',
      'Since then, when it begins to rain, {hero} is the first one at the door.',
    ],
  ],
  more: [
    'The next day the sun was shining, and they went out to {want}. It was very nice. But now and then {hero} looked at the sky, to see if there was a cloud.',
    'That night it rained again. {hero} lay in bed and listened. It sounded like a song now, and {he} fell asleep in the middle of it.',
    '{hero} got a {roof} of {his} own. {He} painted it {color}. When it rained, the two of them went out side by side, and everybody knew them.',
  ],
  shorter: [
    'A {quality} {kind} did not like the rain, but then {he} and a friend {did}.',
    '{hero} wanted to {want}, and it rained. It was a wonderful day all the same.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} was cross about the rain, and later {he} was {glad} about it.',
    'At first {he} was bored and sad. Outside with {his} friend {he} was happy.',
  ],
  asks: [
    ['What did {hero} want to do?', '{He} wanted to {want}.'],
    ['What did they do in the rain?', 'They {did}.'],
    ['What came after the rain?', 'After the rain there was a rainbow.'],
    ['Who came to the door?', 'It was the {fkind}, with a {roof}.'],
  ],
};

export const WEATHER: readonly Plot[] = [seed, rain];
