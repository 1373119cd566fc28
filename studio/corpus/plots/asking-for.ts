import { rounds, type Plot } from './plot.ts';

/** One animal after the other is asked, and each has an answer of its own. */

const whatToGive: Plot = {
  name: 'what to give',
  about: [
    'who wanted to make {elder} happy',
    'who wanted to give something to {elder}',
    'who looked for a gift for {elder}',
  ],
  things: ['a gift', 'a gift for {elder}', 'a birthday'],
  cast: ['elder'],
  slots: {},
  steps: [
    [
      'It was the birthday of {elder}. "What can I give to my {ekind}?" said {hero}.',
      '{hero} wanted to give something to {elder}. "But what can I give to my {ekind}?" {he} said.',
      '{hero} loved {elder} very much. {oneDay} {he} wanted to make {ehim} happy. "What can I give to my {ekind}?" {he} said.',
    ],
    rounds(
      [
        { who: 'cat', gift: 'a fish' },
        { who: 'dog', gift: 'a bone' },
        { who: 'hen', gift: 'an egg' },
        { who: 'cow', gift: 'some milk' },
        { who: 'bee', gift: 'some honey' },
        { who: 'mouse', gift: 'some cheese' },
        { who: 'sheep', gift: 'some wool' },
        { who: 'horse', gift: 'some hay' },
        { who: 'squirrel', gift: 'a nut' },
        { who: 'rabbit', gift: 'a carrot' },
        { who: 'frog', gift: 'a fly' },
        { who: 'bird', gift: 'a song' },
      ],
      [3],
      [
        [
          '{He} asked the {who}. "Give {ehim} {gift}," said the {who}. "I like {gift} best of all." "But my {ekind} does not want {gift}," said {hero}.',
          'Then {he} asked the {who}. "Give {ehim} {gift}," said the {who}. "I like {gift} best of all." "But my {ekind} does not want {gift}," said {hero}.',
        ],
        [
          'First {he} went to the {who}. "What can I give to my {ekind}?" "I will give you {gift}," said the {who}. "No, thank you," said {hero}.',
          'Then {he} went to the {who}. "What can I give to my {ekind}?" "I will give you {gift}," said the {who}. "No, thank you," said {hero}.',
        ],
      ],
    ),
    [
      '{hero} was sad. {He} had nothing to give. So {he} went home and gave {elder} a big hug.',
      'So {hero} came home with nothing. "I have no gift for you," {he} said. "I can only give you a hug."',
      'In the end {hero} went home. "I have no gift," {he} said to {elder}, and {he} hugged {ehim}.',
    ],
    [
      '"That is the best gift of all," said {elder}.',
      '"Oh," said {elder}, "a hug from you is the best gift of all!"',
      '{elder} smiled. "This is what I like best of all," {ehe} said.',
    ],
    [
      'And they were both very happy.',
      'Then they ate {food} together.',
      'And {hero} gave {ehim} one more hug.',
    ],
  ],
  more: [
    'The next day {hero} went to the {whoA}. "What did you give to your {ekind}?" asked the {whoA}. "A hug," said {hero}. "That was the best gift of all."',
    'After that {hero} gave {elder} a hug every morning and every evening.',
  ],
  shorter: [
    'A {quality} {kind} looked for a gift for {elder}. The best gift was a hug.',
    '{hero} had no gift for {elder}, so {he} gave {ehim} a hug.',
  ],
  lesson: [
    '{hero} learned that a hug can be the best gift of all.',
    'The {kind} learned that love is the best gift.',
  ],
  feel: [
    'First {hero} was sad, because {he} had no gift. Then {he} was happy.',
    '{He} was happy, because {elder} liked the hug.',
  ],
  asks: [
    ['What did {hero} give?', '{He} gave {elder} a big hug.'],
    ['What did the {whoA} say?', 'The {whoA} spoke of {giftA}.'],
    ['Whom did {hero} ask first?', 'First {he} asked the {whoA}.'],
    ['Who got the gift?', 'The gift was for {elder}.'],
  ],
};

const tooBusy: Plot = {
  name: 'too busy',
  about: [
    'who wanted to play',
    'who looked for somebody to play with',
    'who was alone and wanted to play {game}',
    'who had no one to play with',
  ],
  things: ['a game', '{game}', 'a new friend'],
  cast: ['friend'],
  slots: { game: ['ball', 'tag', 'hide and seek', 'catch'] },
  steps: [
    [
      '{oneDay} {hero} wanted to play {game}. "Who will play with me?" {he} said.',
      '{hero} wanted to play {game}, but {he} was all alone. "Who will play with me?" {he} said.',
      'It was a sunny day. {hero} wanted to play {game}. "Who will play with me?" {he} asked.',
    ],
    rounds(
      [
        { who: 'hen', busy: 'sit on my eggs' },
        { who: 'cat', busy: 'catch a mouse' },
        { who: 'cow', busy: 'eat my grass' },
        { who: 'bee', busy: 'make my honey' },
        { who: 'dog', busy: 'watch the house' },
        { who: 'bird', busy: 'build my nest' },
        { who: 'mouse', busy: 'look for food' },
        { who: 'horse', busy: 'pull the cart' },
        { who: 'squirrel', busy: 'hide my nuts' },
        { who: 'duck', busy: 'swim in the pond' },
        { who: 'mole', busy: 'dig a hole' },
        { who: 'owl', busy: 'sleep all day' },
      ],
      [3],
      [
        [
          '{He} went to the {who}. "Will you play with me?" asked {hero}. "No," said the {who}, "I have to {busy}."',
          'Then {he} went to the {who}. "Will you play with me?" asked {hero}. "No," said the {who}, "I have to {busy}."',
        ],
        [
          'First {he} asked the {who}. "Do you want to play with me?" "I cannot play now," said the {who}. "I have to {busy}."',
          'Then {he} asked the {who}. "Do you want to play with me?" "I cannot play now," said the {who}. "I have to {busy}."',
        ],
      ],
    ),
    [
      '{hero} was very sad. {He} sat down under a tree and cried.',
      '"Nobody will play with me," said {hero}, and {he} was sad.',
      'So {hero} sat down all alone. {He} was very sad.',
    ],
    [
      'Then {friend} came by. "Why are you sad?" asked {friend}. "Nobody will play with me," said {hero}. "I will play with you," said {friend}.',
      'Just then {friend} came along. "Will you play with me?" {fhe} asked. "Yes!" said {hero}. "I will play with you."',
      'Then {he} saw {friend}. {Friend} was all alone, too. "Will you play with me?" asked {hero}. "Yes," said {friend}, "I will play with you!"',
    ],
    [
      'So they played {game} all day long.',
      'They played {game} until the sun went down.',
      'They played and played, and {hero} was very happy.',
    ],
    [
      'And the next day they played again.',
      'From that day on they were best friends.',
      'Now {hero} was not alone anymore.',
    ],
  ],
  more: [
    'The next day the {whoA} came. "Now I want to play, too," said the {whoA}. So they played {game}, all three of them.',
    'The next morning {friend} was there again. "Will you play with me?" {fhe} asked. "Yes!" said {hero}.',
  ],
  shorter: [
    'A {quality} {kind} wanted to play {game}. All the others were busy, but then {he} found a friend.',
    '{hero} was alone and found a friend to play {game} with.',
  ],
  lesson: [
    '{hero} learned not to give up when others say no.',
    'The {kind} learned that there is a friend for everyone.',
  ],
  feel: [
    'First {hero} was sad and alone. In the end {he} was happy.',
    '{He} was sad when nobody played with {him}, and happy when {friend} came.',
  ],
  asks: [
    ['What did {hero} want to play?', '{He} wanted to play {game}.'],
    ['Why did the {whoA} not play?', 'The {whoA} had to {busyA}.'],
    ['Why did the {whoB} not play?', 'The {whoB} had to {busyB}.'],
    ['Who played with {hero}?', 'The {fkind} played with {him}.'],
  ],
};

export const ASKING_FOR: readonly Plot[] = [whatToGive, tooBusy];
