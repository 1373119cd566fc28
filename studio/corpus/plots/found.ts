import { anyOrder, maybe, oneOf, type Plot } from './plot.ts';

/** What is found, and what comes of it. */

const foundKey: Plot = {
  name: 'found key',
  about: [
    'who found a key',
    'who found an old key',
    'and a little key',
    'who wanted to know what a key was for',
    'who opened an old {box}',
  ],
  things: ['a key', 'a little key and an old {box}', 'something that is locked', 'an old {box}'],
  qualities: ['curious', 'clever', 'little', 'small', 'young', 'lively', 'cheerful', 'shy'],
  cast: ['friend'],
  slots: {
    metal: ['golden', 'silver', 'rusty', 'tiny', 'shiny', 'black'],
    spot: [
      'under a stone',
      'in the sand',
      'between two roots',
      'at the bottom of an old pot',
      'in a hole in the wall',
    ],
    box: ['box', 'chest', 'cupboard', 'trunk'],
  },
  steps: [
    [
      '{oneDay} {hero} found a {metal} key {spot}. "What does it open?" {he} asked.',
      '{oneDay} something shone {spot}. {hero} dug with {his} {hand} and pulled out a {metal} key.',
      '{hero} liked to look for treasures. {oneDay} {he} looked {spot}, and there lay a {metal} key!',
      '{oneDay} {hero} saw something shiny. It was a {metal} key, and it was lying {spot}.',
      '{oneDay} {hero} was playing outside when {he} found a {metal} key {spot}. {He} picked it up.',
    ],
    anyOrder(
      [
        '{He} tried it in {his} own front door. It was too small.',
        'First it went into the door of the barn, but it would not turn.',
        'The garden gate had a lock. {hero} tried, and the key fell right through.',
        '{hero} tried to put it into the big clock, but it did not fit.',
      ],
      [
        '{He} asked the baker. "It is not my key," said the baker.',
        'The old woman at the shop shook her head. "I have never seen such a key."',
        '"Is this yours?" {he} asked the miller. But the miller had lost no key.',
        '{hero} showed it to a farmer, who only scratched his head.',
      ],
    ),
    [
      'Then {friend} looked at the key for a long time. "There is an old {box} in my attic," {fhe} said. "It has been locked for years."',
      '{hero} met {friend} and told {fhim} about it. "My grandfather had an old {box}," said {friend}. "We could never open it."',
      '"I know what it could be for!" said {friend}. "Come with me." They climbed up a steep stair. In the corner there was an old {box}.',
      '{friend} had an old {box} that nobody could open. "Let us try," {fhe} said, and they ran to {fhis} house.',
    ],
    [
      'The key went in. It turned slowly, and then it went click.',
      '{hero} held {his} breath and turned the key. Click! The {box} was open.',
      'It did not want to turn. They used a drop of oil, and then the lock jumped open.',
      'With a small sound the lock gave way. They both looked inside.',
    ],
    oneOf(
      {
        set: {
          inside: 'old letters and pictures',
          end: 'they read the letters together',
          lesson: 'old things can tell stories',
        },
        steps: [
          [
            'There was no gold in the {box}. There were letters and old pictures. "That is my grandmother when she was small!" cried {friend}.',
            'Inside lay a pile of letters with a ribbon around it, and pictures of people in funny hats.',
            'At first they were a little sad, because it was only paper. But then they saw the pictures. Everybody in the family of {friend} was there!',
          ],
          [
            'They sat on the floor and read until the sun went down.',
            'All afternoon they read the letters to each other. Some made them laugh, and one made them cry a little.',
            '"This is better than gold," said {hero}, and {friend} thought so, too.',
          ],
        ],
      },
      {
        set: {
          inside: 'a music box',
          end: 'the music made everybody dance',
          lesson: 'a treasure is best when you share it',
        },
        steps: [
          [
            'Inside there was something round and small with a handle. {hero} turned the handle, and sweet music filled the room.',
            'They found a music box with a tiny dancer on top. When {friend} opened it, it began to play.',
            'Under an old cloth lay a music box. It still worked! Its song was soft and bright, like rain on glass.',
          ],
          [
            'They took it outside and played it for everyone, and the whole street began to dance.',
            '"Everybody should hear this," said {hero}. So they carried it to the square, and old and young danced to it.',
            'The neighbors heard the music and came in, one after the other. Soon all of them were dancing.',
          ],
        ],
      },
      {
        set: {
          inside: 'seeds in little bags',
          end: 'they planted all the seeds',
          lesson: 'small things can become something big',
        },
        steps: [
          [
            'It was full of little paper bags, and in each bag there were seeds. "Only seeds," said {friend}, but {hero} had an idea.',
            'No gold, no jewels! There were only seeds in small bags. "What will they be?" asked {hero}.',
            'They looked in and saw a hundred tiny seeds. On every bag there was a name that they could not read.',
          ],
          [
            'They planted them along the road. In summer there were flowers of every color, and people stopped to look.',
            'So they put them into the ground and gave them water. Some weeks later the old yard was a garden.',
            'They planted them behind the house, and {soon} the first green tips came up.',
          ],
        ],
      },
    ),
    [
      '{hero} hung the key on a string around {his} neck. It was only a key, but it had given {him} a friend.',
      'And the key? {hero} gave it to {friend}. "It was yours all the time," {he} said.',
      'Since that day {hero} and {friend} have been the best of friends.',
      '"I wonder what I will find tomorrow," said {hero} on the way home.',
    ],
  ],
  more: [
    'A week later {hero} found a second key, even smaller than the first. {He} ran to {friend} at once. "Let us begin again!" they both said.',
    '{hero} and {friend} made a sign and put it on the {box}: "Everyone may look." Many came, and everyone liked what they saw.',
    'That winter, when it was too cold to play outside, they sat beside the {box} and made up stories about who had locked it.',
  ],
  shorter: [
    'A {quality} {kind} found a key that opened an old {box}, and {he} found {inside} in it.',
    '{hero} found a {metal} key, and with {friend} {he} opened an old {box} with {inside} in it.',
    '{hero} found a key, looked for its lock, and in the end {end}.',
  ],
  lesson: [
    '{hero} learned that {lesson}.',
    'The {kind} learned that {lesson}.',
    '{He} learned to go on asking, and that {lesson}.',
  ],
  feel: [
    '{hero} was curious from the beginning to the end, and {he} was {glad} when the lock opened.',
    '{He} was curious, and in the end {he} was very happy.',
  ],
  asks: [
    ['What was in the {box}?', 'They found {inside} in it.'],
    ['Where was the key?', 'The key was {spot}.'],
    ['What did {hero} find?', '{hero} found a {metal} key.'],
    ['What did the key open?', 'It opened an old {box}.'],
    ['What happened in the end?', 'In the end {end}.'],
  ],
};

const babyBird: Plot = {
  name: 'baby bird',
  alsoThere: ['a baby bird'],
  about: [
    'who found a baby bird',
    'who took care of a baby bird',
    'and a baby bird',
    'who helped a little bird to fly',
  ],
  things: ['a baby bird', 'a bird that cannot fly', 'a nest'],
  not: ['owl', 'hen', 'duck', 'cat', 'kitten', 'fox', 'wolf'],
  qualities: ['gentle', 'kind', 'little', 'quiet', 'shy', 'young', 'small'],
  cast: ['elder'],
  slots: {
    bed: ['an old hat', 'a small box', 'a warm glove', 'a tea cup', 'a soft slipper', 'a basket with wool'],
    bird: ['Peep', 'Chirp', 'Tiny', 'Sky', 'Tweet'],
    meal: ['small worms', 'bread crumbs', 'seeds and berries', 'soft seeds'],
  },
  steps: [
    [
      '{oneDay} {hero} heard a soft sound in the grass. Peep, peep! It was a baby bird, and it was all alone.',
      'After a storm {hero} found a baby bird under a tree. It was wet, and it was shaking.',
      '{hero} was walking home {oneDay} when something small moved near {his} feet. It was a tiny bird without a nest.',
      'There was a strong wind in the night. In the morning {hero} saw a nest on the ground with one little bird in it.',
      'What was that? {hero} looked down {oneDay} and saw a baby bird with big eyes and hardly any feathers.',
    ],
    [
      '"Where is your mother?" asked {hero}. {He} waited behind a bush until the evening, but no bird came.',
      '{He} looked up into the tree. The branch was broken, and the mother was gone.',
      '{hero} called and waited, and waited and called. Nobody came for the little one.',
      '"Poor thing," {he} said. "You cannot stay here in the cold."',
    ],
    [
      'So {he} carried it home and made a bed for it in {bed}.',
      'With great care {hero} took it home. "You can sleep in here," {he} said, and {he} put it in {bed}.',
      '{hero} asked {elder} for help. They took {bed} and filled it with dry grass, and the bird fell asleep in it.',
      '{hero} put it in {bed} and set it near the stove, where it was warm.',
    ],
    [
      '{hero} called the bird {bird}. Every hour it opened its beak and wanted {meal}.',
      '"I will call you {bird}," said {hero}. {bird} was always hungry, and {he} had to find {meal} from morning to night.',
      '{elder} showed {him} how to feed it with {meal}, a little at a time. {hero} named it {bird}.',
      'What a lot of work it was! {bird}, as {he} named the bird, ate {meal} all day and cried when there were none.',
    ],
    maybe(
      'At night {hero} got up two times to see if it was warm.',
      '{hero} sang to it, and the bird moved its head from side to side.',
      'Some days {he} was tired, but {he} never forgot.',
      'Once it sneezed, and {hero} did not leave its side until it was well.',
    ),
    [
      'Week after week {bird} grew. Soft gray down turned into long brown feathers.',
      '{soon} {bird} was too big for the bed. It hopped over the table and sat on {his} head.',
      'The little bird grew strong. It flapped its wings so hard that the papers flew from the table.',
      'Then came the day when {bird} jumped from a chair, and for a moment it stayed in the air.',
    ],
    [
      '"It wants to fly," said {elder}. {hero} was quiet, because {he} knew what that meant.',
      '{hero} took {bird} out to the meadow. It looked at the sky, and then it looked at {him}.',
      '"You must let it try," {elder} said softly. So they went up the hill together.',
      'Outside other birds were singing. {bird} listened and began to shake its wings.',
    ],
    oneOf(
      {
        set: {
          lesson: 'when you love someone, you sometimes have to let them go',
          end: 'flew away, and it came back to visit',
        },
        steps: [
          [
            '{hero} opened {his} {hand}. Up, up went {bird}, over the trees and into the blue. {hero} cried a little, and {he} smiled, too.',
            '"Fly!" said {hero}. The bird jumped and fell, then it spread its wings and rose high into the sky.',
            'It was hard to say goodbye. {hero} kissed the soft head once, and then {bird} flew away.',
          ],
          [
            'But the next spring, there was a tap on the window. There sat {bird}, and it had brought a friend.',
            'Every morning since then a bird has come to sing in front of the {home}. {hero} knows who it is.',
            'In the evening a bird sang on the roof. It was {bird}, who only wanted to say good night.',
          ],
        ],
      },
      {
        set: {
          lesson: 'small ones need time and care before they can fly',
          end: 'flew, and made its nest near the {home}',
        },
        steps: [
          [
            'The first time {bird} fell into the grass. The second time it flew as far as the fence. The third time it flew all around the field!',
            'It tried and fell, and tried and fell. {hero} picked it up each time. "Once more," {he} said. And then it flew.',
          ],
          [
            '{bird} did not go far. It built a nest in the tree beside the {home}, and {hero} could see it from {his} bed.',
            'It landed on the nearest tree, and there it made its own nest. Now {hero} has a neighbor who sings.',
          ],
        ],
      },
    ),
  ],
  more: [
    'In the summer there were four eggs in the nest of {bird}. {hero} watched it every day from far away. When the eggs opened, there were four little beaks, and all of them were hungry.',
    'When winter came, {hero} put {meal} on the window. Many birds came to eat. One of them was not afraid of {him} at all.',
    'The next day {hero} put the empty bed away and looked at the sky. A small feather came down and landed on {his} nose. {He} kept it in a book.',
  ],
  shorter: [
    'A {quality} {kind} took care of a baby bird until it {end}.',
    '{hero} found a baby bird, fed it with {meal}, and helped it learn to fly.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} was worried about the bird at first. When it flew, {he} was sad and happy at the same time.',
    '{He} felt sorry for the little bird, and later {he} was very proud of it.',
  ],
  asks: [
    ['What was the name of the bird?', 'The bird was called {bird}.'],
    ['What did the bird eat?', 'It ate {meal}.'],
    ['Where did the bird sleep?', 'It slept in {bed}.'],
    ['Could the bird fly in the end?', 'Yes, it {end}.'],
    ['Who helped {hero}?', '{elder} helped {him} with the bird.'],
  ],
};

export const FOUND: readonly Plot[] = [foundKey, babyBird];
