import { anyOrder, maybe, oneOf, type Plot } from './plot.ts';

/** A jealous friend, and a gift for a friend. */

const jealousy: Plot = {
  name: 'jealousy',
  alsoThere: ['a {newcomer}'],
  about: [
    'who was jealous',
    'who was jealous of a new friend',
    'whose best friend had a new friend',
    'who felt left out',
  ],
  things: ['a new friend', 'three friends'],
  cast: ['friend'],
  slots: {
    newcomer: ['toad', 'snail', 'sparrow', 'robin', 'swan', 'piglet', 'parrot'],
    game: [
      'play hide and seek',
      'go fishing',
      'jump over the stream',
      'fly kites',
      'roll down the hill',
      'paint stones',
    ],
  },
  steps: [
    [
      '{hero} and {friend} were best friends. They met every day to {game}.',
      'Every day {hero} went to {friend}, and every day they would {game}.',
      '{hero} had the best friend of all. It was {friend}. Nobody could {game} like the two of them.',
      'Nothing was better for {hero} than to {game} with {friend}.',
    ],
    [
      '{oneDay} a {newcomer} moved in next door. "Come and play with us!" {friend} called over the fence. {hero} did not like that.',
      'Then a {newcomer} came to live {place}, and {friend} asked the {newcomer} to join them.',
      'But {oneDay} {hero} came a little late, and {friend} was already playing with a {newcomer}.',
      'One day there was somebody new. It was a {newcomer} who knew no one.',
    ],
    [
      '{friend} laughed about everything that the {newcomer} said. {hero} did not laugh.',
      'The two laughed together, and {hero} stood beside them and felt very alone.',
      'The {newcomer} could do everything, and {friend} clapped and clapped. Nobody clapped for {hero}.',
      '"Come on, {call}!" they called. But {hero} turned {his} back.',
    ],
    [
      'There was something hot and heavy in {his} chest. "{friend} is my friend," {he} thought, "not yours."',
      '"I hope the {newcomer} moves away again," {he} said to {himself}.',
      '{He} went home and sat on the step all alone.',
      '{hero} went away without a word and hid behind the barn.',
    ],
    maybe(
      'Somewhere far away the others were calling {him}.',
      'Even {food} did not taste good that day.',
      'It began to rain, and that was just right for {hero}.',
      '"Nobody needs me," {he} said to a passing ant.',
    ),
    oneOf(
      {
        set: {
          lesson: 'a friend can have another friend and still like you',
          turn: '{friend} came and told {him} so',
        },
        steps: [
          [
            'Then {friend} came around the corner. "I have looked for you everywhere! Why did you go?"',
            'A shadow fell on {his} feet. It was {friend}. "There you are. It is no fun without you."',
          ],
          [
            '{hero} said it very fast. "You do not like me any more." "But I do!" said {friend}. "My heart does not get smaller when one more comes in."',
            '"You have the {newcomer} now," said {hero}. {friend} sat down close to {him}. "I have two friends now. You are still the oldest and the best."',
            '"You like the {newcomer} better," {hero} said. {friend} shook {fhis} head. "One sun can shine on two flowers," {fhe} said.',
          ],
        ],
      },
      {
        set: {
          lesson: 'someone who is new may feel more alone than you',
          turn: 'the {newcomer} was lonely, too',
        },
        steps: [
          [
            'Then {he} heard someone cry softly. It was the {newcomer}. "You do not like me," the {newcomer} said, "and I have no one here."',
            '{soon} the {newcomer} came alone. "I did not want to take your friend," the {newcomer} said. "I only wanted to have one, too."',
          ],
          [
            '{hero} had not thought of that. {He} remembered how it is to be new. "Come," {he} said, "I will show you everything."',
            'All at once the hot feeling was gone. "You can have half of my apple," said {hero}, and the {newcomer} took it.',
          ],
        ],
      },
    ),
    [
      'They went back, and now there were three to {game}. With three it was even better.',
      'That afternoon the three of them tried to {game}, and it was the best time they ever had.',
      '{hero} showed the {newcomer} all the tricks, and {friend} smiled.',
    ],
    [
      'And if you go there today, you will see three friends and not two.',
      'In the evening {hero} counted on {his} {hand}. One friend, two friends. {He} was rich.',
      'On the way home {hero} walked in the middle.',
      'That night {he} fell asleep with a light heart.',
    ],
  ],
  more: [
    'The next week another family moved in. Now it was {hero} who went over first. "Hello," {he} said. "Do you want to play with us?"',
    'They made a club for three and wrote the rules on a big leaf. The first rule was, "Nobody is left out." There was no second rule.',
    'When the {newcomer} had a birthday, {hero} made the biggest gift. It was a bench, and it was just long enough for three.',
  ],
  shorter: [
    'A {quality} {kind} was jealous of a {newcomer}, until {turn}, and then they were three friends.',
    '{hero} felt left out when a {newcomer} came, but in the end all three played together.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} was jealous and felt left out. In the end {he} was {glad} to have two friends.',
    '{He} felt hot and angry inside, and later {his} heart was light.',
  ],
  asks: [
    ['Why was {hero} jealous?', '{He} was jealous because {his} best friend played with a {newcomer}.'],
    ['Who was new?', 'A {newcomer} was new.'],
    ['Why did it get better?', 'It got better because {turn}.'],
    ['What did they like to do?', 'They liked to {game}.'],
  ],
};

const gift: Plot = {
  name: 'gift',
  about: [
    'who made a gift for a friend',
    'who had no money for a gift',
    'who wanted to give {his} friend a {gift}',
    'who looked for the right gift',
  ],
  things: ['a gift', 'a {gift}', 'a birthday gift'],
  cast: ['friend'],
  slots: {
    gift: [
      { gift: 'necklace of shells', part: 'shells', from: 'the beach' },
      { gift: 'crown of flowers', part: 'flowers', from: 'the meadow' },
      { gift: 'pillow of feathers', part: 'feathers', from: 'the yard' },
      { gift: 'picture of leaves', part: 'leaves', from: 'the park' },
      { gift: 'lamp of colored paper', part: 'bits of paper', from: 'an old drawer' },
      { gift: 'chain of nuts', part: 'nuts', from: 'the woods' },
    ],
    wish: [
      'a drum in the shop',
      'a fine silver cup',
      'a big book with gold on it',
      'a new coat',
      'a glass ship',
    ],
  },
  steps: [
    [
      '{friend} was going to have a birthday the next day. {hero} did not have a gift yet, and {he} had no money.',
      '{hero} counted {his} coins. There was one coin, and it was very small. But {friend} had a birthday the next day!',
      '{hero} wanted to give something to {friend}, who had a birthday the next day. "It must be something special," {he} said.',
      '{hero} had a friend who was always kind to {him}. It was {friend}. {oneDay} {hero} wanted to give something back.',
    ],
    [
      'In the town {he} saw {wish}. It cost too much, of course.',
      '{hero} stood in front of a window and looked at {wish}. "I can never buy that," {he} said.',
      '{hero} saw {wish}, but {he} did not have enough money.',
      '{He} went to the shop and asked for {wish}, but it cost too much.',
    ],
    [
      'On the way home {he} kicked a stone. Then {he} saw pretty {part} on the ground, and {he} had an idea.',
      'Sadly {he} walked on. But what was that? There were {part} all around {him}, and they were beautiful.',
      '"If I cannot buy a gift, I can make one," {he} said, and {he} went to find {part}.',
      '{hero} sat down to think. Then {he} saw some {part}, and {he} had an idea.',
    ],
    anyOrder(
      [
        'From {from} {he} took the best ones, one by one.',
        '{He} needed many {part}, and {he} looked through all of {from} for them.',
        'Back and forth {he} went to {from} until {he} had enough.',
      ],
      [
        'Some were too big and some were broken. {hero} was very careful.',
        'A few had funny forms, and those were the ones {he} liked most.',
        'The ugly ones {he} left where they were.',
      ],
    ),
    [
      'All evening {he} worked with needle and thread, and at last the {gift} was done.',
      'It was slow work. It fell apart two times, and two times {he} began again. Then it was a real {gift}.',
      'Late at night a small lamp was still burning. {hero} was making a {gift}.',
      'Bit by bit it turned into a {gift}. It was not perfect, but it was made with love.',
    ],
    [
      'The next day everyone brought big boxes with ribbons. {hero} held {his} gift behind {his} back.',
      'There were so many fine gifts on the table! {hero} wanted to hide {his} own.',
      '"It is only a small thing," {hero} said, and {he} looked at {his} feet.',
      'When it was {his} turn, {hero} could hardly speak. "I made it for you."',
    ],
    oneOf(
      {
        set: {
          lesson: 'a gift that you make yourself can be the best of all',
          reply: 'it was the best gift of the day',
        },
        steps: [
          [
            '{friend} opened it and did not say anything. Then {fhe} hugged {hero}. "You made this for me? It is the best of all."',
            '"Nobody else in the world has one like it," said {friend}, and {fhe} put all the other gifts aside.',
            '{friend} looked at it with big eyes. "How long did this take you?" {fhe} asked. "All of yesterday," said {hero}. "Then you gave me a whole day," said {friend}.',
          ],
        ],
      },
      {
        set: { lesson: 'kindness comes back to you', reply: '{friend} had a gift for {hero}, too' },
        steps: [
          [
            '{friend} laughed out loud and ran to the cupboard. {Fhe} had made something for {hero}, too! It was a {gift}, and it looked almost the same.',
            '"Wait," said {friend}. "I have something for you as well." And what was it? A little card with a picture of the two of them.',
            'Then {friend} took {his} {hand}. "I had only one birthday wish," {fhe} said, "and that was that you would come."',
          ],
        ],
      },
    ),
    [
      'The {gift} still has the best place in the house of {friend}.',
      'After that they all ate {food} and danced.',
      '{hero} walked home under the stars, and {his} pocket was still empty, but {his} heart was full.',
      'Since then {hero} has never been sad about an empty pocket.',
    ],
  ],
  more: [
    'Soon others asked {hero} for a {gift}, too. {He} did not want money for it. So they gave {him} {food}, and everyone was happy.',
    'The next day {friend} came to learn how it was made. They sat at the table together and made ten more of them.',
    'Some weeks later the {gift} broke. {friend} cried, but {hero} still had a few {part}. In an hour it was whole again.',
  ],
  shorter: [
    'A {quality} {kind} had no money for a gift, so {he} made a {gift} out of {part}, and {reply}.',
    '{hero} could not buy a gift for {his} friend, and made a {gift}.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} was worried about {his} gift, and then {he} was {glad} that {friend} liked it.',
    '{He} was shy about it at first and proud in the end.',
  ],
  asks: [
    ['What was the gift?', 'The gift was a {gift}.'],
    ['What was it made of?', 'It was made of {part}.'],
    ['Where did the {part} come from?', 'The {part} came from {from}.'],
    ['Did the {fkind} like it?', 'Yes, the {fkind} liked it very much.'],
    ['Why did {hero} not buy something?', '{He} had no money.'],
  ],
};

export const FRIENDSHIP: readonly Plot[] = [jealousy, gift];
