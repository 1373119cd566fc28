import { rounds, type Plot } from '../plot.ts';
import { ANIMALS } from '../shared.ts';

/** Something is broken, or hidden. `{aX}` is any noun with its article. */

const brokenAndMended: Plot = {
  name: 'broken and mended',
  x: ['thing', 'big'],
  about: ['who broke {aX}', 'and a broken {x}', 'who mended {aX}', 'with {aX}'],
  things: ['a broken {x}', '{aX}'],
  cast: ['friend'],
  slots: {
    part: ['a little screw', 'a piece of string', 'a drop of glue', 'a small nail', 'a bit of wire'],
    where: ['under the table', 'in a drawer', 'in the kitchen', 'behind the door', 'in a box'],
  },
  steps: [
    [
      '{hero} had {aX}, and {he} used it every day.',
      '{hero} had {aX} that {he} loved very much.',
      '{hero} was very proud of {his} {x}. There was not {aX} like it anywhere.',
    ],
    [
      'But {oneDay} there was a crack, and the {x} was broken.',
      '{oneDay} it fell down, and then the {x} was broken.',
      'But {oneDay} the {x} did not work any more.',
    ],
    [
      '"My {x}!" cried {hero}. "My beautiful {x}!"',
      '"Oh no," said {hero}. "What shall I do without my {x}?"',
      '{hero} sat down and cried.',
    ],
    rounds(
      ANIMALS,
      [2],
      [
        [
          '"Can you mend my {x}?" {he} asked the {who}. "No," said the {who}, "I cannot mend {aX}."',
          'Then {he} asked the {who}. "Can you mend my {x}?" "No," said the {who}, "I cannot mend {aX}."',
        ],
        [
          'The {who} looked at the {x}. "Throw it away," said the {who}. But {hero} did not want to.',
          'The {who} looked at the {x}, too. "Throw it away," said the {who}. But {hero} did not want to.',
        ],
      ],
    ),
    [
      'Then {friend} came. "Let me see," {fhe} said. "All we need is {part}."',
      'At last {he} went to {friend}, who turned the {x} around and around. "It only needs {part}," {fhe} said.',
      '"Do not cry," said {friend}. "With {part} we can mend it."',
    ],
    [
      'They looked everywhere, and they found {part} {where}.',
      'There was {part} {where}. That was just right.',
      '{hero} ran and found {part} {where}.',
    ],
    [
      '{friend} worked until it was dark. Then the {x} was whole again.',
      'They worked together, and soon the {x} was as good as new.',
      'It took all afternoon. But then the {x} worked again!',
    ],
    [
      '"Thank you!" said {hero}. "You are the best friend in the world."',
      'And if it breaks again, {hero} knows what to do.',
      '{hero} laughed and hugged {friend}, and then the {x}.',
    ],
  ],
  more: [
    'A few days later the {whoA} came with something that was broken. "Can you mend it?" asked the {whoA}. "We can try," said {hero}.',
    'Now {hero} always has {part} in {his} pocket.',
  ],
  shorter: ['The {x} of {hero} was broken, and {friend} mended it with {part}.'],
  lesson: ['{hero} learned that you do not have to throw away what is broken.'],
  feel: ['{hero} was sad when the {x} was broken, and happy when it was mended.'],
  asks: [
    ['What was broken?', 'The {x} was broken.'],
    ['Who mended the {x}?', 'The {fkind} mended it.'],
    ['What did they need?', 'They needed {part}.'],
    ['Where did they find {part}?', 'They found it {where}.'],
    ['Why was {hero} sad?', 'Because the {x} was broken.'],
  ],
};

const secretThing: Plot = {
  name: 'secret thing',
  x: ['thing'],
  about: ['who had a secret {x}', 'who hid {aX}', 'and {aX}'],
  things: ['{aX}', 'a secret and {aX}'],
  cast: ['friend'],
  slots: {
    hidden: ['under {his} bed', 'in the barn', 'in a hole in the wall', 'in an old box', 'behind a stone'],
  },
  steps: [
    [
      '{hero} had {aX}, and nobody knew about it.',
      '{hero} had a secret, and it was {aX}.',
      'There was {aX} that belonged to {hero}, and {he} did not show it to anybody.',
    ],
    [
      '{He} kept the {x} {hidden}. Every evening {he} went to look at it.',
      'The {x} was {hidden}, where no one would look.',
      '{hero} had put the {x} {hidden}. "There it is safe," {he} thought.',
    ],
    rounds(
      ANIMALS,
      [2, 3],
      [
        [
          '"What do you have there?" asked the {who}. "Nothing," said {hero}.',
          '"What do you have there?" asked the {who}, too. "Nothing," said {hero} again.',
        ],
        [
          '"Come and play with us," said the {who}. "I cannot," said {hero}. "I have to watch my {x}."',
          '"Come and play," said the {who}. "I cannot," said {hero}. "I have to watch my {x}."',
        ],
      ],
    ),
    [
      'After a while {hero} was all alone with the {x}. It was not much fun.',
      'Soon nobody asked {him} any more. {hero} sat beside the {x} and was lonely.',
      '"I have the best {x} in the world," thought {hero}. "So why am I sad?"',
    ],
    [
      'Then {friend} came. "Are you sad?" asked {friend}. {hero} thought about it. "I will show you something," {he} said.',
      '{oneDay} {friend} sat down beside {him} and asked nothing at all. "Can you keep a secret?" asked {hero}.',
      '{friend} knocked at the door. {hero} took a deep breath. "Come with me," {he} said.',
    ],
    [
      '{He} took {friend} to the place {hidden}. "{aX}!" said {friend}. "How beautiful!"',
      'They looked at the {x} together. "Show me how you play with it," said {friend}.',
      '"What a nice {x}!" said {friend}. "May I touch it?"',
    ],
    [
      'They played with the {x} all day, and it was more fun than ever before.',
      'With two it was much better. They laughed until the sun went down.',
      'Then the others came, too, and all of them looked at the {x}.',
    ],
    [
      'Since that day {hero} has no secret, but {he} has a friend.',
      'The {x} is not {hidden} any more. It stands in the middle of the room.',
      '"A thing is only half as nice when no one knows it," said {hero}.',
    ],
  ],
  more: [
    'The next day the {whoA} came. "May I see the {x}?" asked the {whoA}. "Yes," said {hero}, "come in."',
  ],
  shorter: ['{hero} hid {aX} and was lonely, until {he} showed it to {friend}.'],
  lesson: ['{hero} learned that it is better to share what you have.'],
  feel: ['{hero} was lonely at first and happy in the end.'],
  asks: [
    ['Where was the {x}?', 'The {x} was {hidden}.'],
    ['What did {hero} hide?', '{hero} hid {aX}.'],
    ['Who saw the {x} first?', 'The {fkind} saw it first.'],
    ['What was the secret?', 'It was {aX}.'],
  ],
};

export const KEEPING: readonly Plot[] = [brokenAndMended, secretThing];
