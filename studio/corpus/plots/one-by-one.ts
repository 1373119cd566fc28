import { rounds, type Plot } from './plot.ts';
import { ANIMALS } from './shared.ts';

/** Things are tried, given or guessed one by one. */

const countDown: Plot = {
  name: 'count down',
  about: [
    'who had four {fruits}',
    'who gave away {his} {fruits}',
    'who had {fruits} and many friends',
    'who shared {fruits}',
  ],
  things: ['four {fruits}', '{fruits}', 'a basket'],
  cast: [],
  slots: {
    fruit: [
      { fruit: 'apple', fruits: 'apples' },
      { fruit: 'plum', fruits: 'plums' },
      { fruit: 'nut', fruits: 'nuts' },
      { fruit: 'cookie', fruits: 'cookies' },
      { fruit: 'pear', fruits: 'pears' },
      { fruit: 'carrot', fruits: 'carrots' },
      { fruit: 'cake', fruits: 'cakes' },
    ],
  },
  steps: [
    [
      '{hero} had four {fruits}. {He} put them into a basket and went for a walk.',
      '{oneDay} {hero} went out with a basket. In the basket there were four {fruits}.',
      '{hero} had a basket with four {fruits}. "I will eat them all," said {hero}.',
    ],
    rounds(
      ANIMALS,
      [3],
      [
        [
          '{He} met a {who}. "I am so hungry," said the {who}. So {hero} gave a {fruit} to the {who}. Now {he} had three {fruits}.',
          'Then {he} met a {who}. "I am so hungry," said the {who}. So {hero} gave a {fruit} to the {who}. Now {he} had two {fruits}.',
          'Then {he} met a {who}. "I am so hungry," said the {who}. So {hero} gave a {fruit} to the {who}. Now {he} had one {fruit}.',
        ],
        [
          'There was a {who}. "May I have a {fruit}?" asked the {who}. "Yes," said {hero}, "here you are." Then there were three {fruits} in the basket.',
          'There was a {who}. "May I have a {fruit}?" asked the {who}. "Yes," said {hero}, "here you are." Then there were two {fruits} in the basket.',
          'There was a {who}. "May I have a {fruit}?" asked the {who}. "Yes," said {hero}, "here you are." Then there was one {fruit} in the basket.',
        ],
      ],
    ),
    [
      '{hero} sat down and ate the last {fruit}. It was very good.',
      '"This one is for me," said {hero}, and {he} ate the last {fruit}.',
      'Then {he} ate the last {fruit}, and the basket was empty.',
    ],
    [
      'The {whoA}, the {whoB} and the {whoC} came to {him}. "Thank you for the {fruits}," they said. "Come and play with us!"',
      'In the evening the {whoA}, the {whoB} and the {whoC} came with a big basket of {fruits}. "These are for you," they said.',
      '"You are very kind," said the {whoA}. "You are very kind," said the {whoB}. "You are very kind," said the {whoC}.',
    ],
    ['And {hero} was very happy.', 'So {hero} had three new friends.', '"It is good to share," said {hero}.'],
  ],
  more: [
    'The next day the {whoA} had four {fruits}. The {whoA} gave one to {hero}, one to the {whoB} and one to the {whoC}.',
    'After that they met every day, {hero}, the {whoA}, the {whoB} and the {whoC}. They always shared their {fruits}.',
  ],
  shorter: [
    'A {quality} {kind} had four {fruits} and gave three of them away.',
    '{hero} shared {his} {fruits} with the {whoA}, the {whoB} and the {whoC}.',
  ],
  lesson: [
    '{hero} learned that it is good to share.',
    'The {kind} learned that you get friends when you share.',
  ],
  feel: ['{hero} was happy, because {he} had shared.', '{He} felt good, because {he} had three new friends.'],
  asks: [
    ['How many {fruits} did {hero} have?', '{He} had four {fruits}.'],
    ['Who got the first {fruit}?', 'The {whoA} got the first one.'],
    ['Who got a {fruit}?', 'The {whoA}, the {whoB} and the {whoC} got one.'],
    ['Who ate the last {fruit}?', '{hero} ate the last one.'],
  ],
};

const justRight: Plot = {
  name: 'just right',
  about: [
    'who wanted a new {thing}',
    'who looked for a {thing}',
    'who tried three {things}',
    'whose {thing} was too small',
  ],
  things: ['a new {thing}', 'three {things}', 'a shop'],
  cast: ['friend'],
  slots: {
    thing: [
      { thing: 'hat', things: 'hats', use: 'put it on' },
      { thing: 'coat', things: 'coats', use: 'put it on' },
      { thing: 'bed', things: 'beds', use: 'lay down in it' },
      { thing: 'chair', things: 'chairs', use: 'sat down in it' },
      { thing: 'sweater', things: 'sweaters', use: 'put it on' },
      { thing: 'blanket', things: 'blankets', use: 'tried it' },
    ],
    shades: [
      { one: 'red', two: 'blue', three: 'green' },
      { one: 'white', two: 'red', three: 'yellow' },
      { one: 'green', two: 'brown', three: 'blue' },
      { one: 'blue', two: 'yellow', three: 'red' },
      { one: 'yellow', two: 'green', three: 'white' },
    ],
    flaws: [
      { flaw: 'too big', other: 'too small' },
      { flaw: 'too small', other: 'too big' },
      { flaw: 'too hard', other: 'too soft' },
      { flaw: 'too long', other: 'too short' },
      { flaw: 'too old', other: 'too thin' },
    ],
  },
  steps: [
    [
      '{hero} wanted a new {thing}. So {he} went to the shop of {friend}. There were three {things}: a {one} {thing}, a {two} {thing} and a {three} {thing}.',
      'The {thing} of {hero} was old. "I want a new {thing}," said {hero}. {friend} had three {things}, a {one} {thing}, a {two} {thing} and a {three} {thing}.',
      '{oneDay} {hero} came to {friend}. "I need a new {thing}," said {hero}. "I have three {things}," said {friend}. "A {one} {thing}, a {two} {thing} and a {three} {thing}."',
    ],
    [
      'First {he} took the {one} {thing}. {He} {use}. "This {thing} is {flaw}," said {hero}.',
      '{hero} took the {one} {thing} and {use}. "The {one} {thing} is {flaw}," {he} said.',
      'So {hero} took the {one} {thing} first. But the {one} {thing} was {flaw}.',
    ],
    [
      'Then {he} took the {two} {thing}. {He} {use}. "This {thing} is {other}," said {hero}.',
      '{hero} took the {two} {thing} and {use}. "The {two} {thing} is {other}," {he} said.',
      'Then {hero} took the {two} {thing}. But the {two} {thing} was {other}.',
    ],
    [
      'Then {he} took the {three} {thing}. {He} {use}. "This {thing} is just right!" said {hero}.',
      '{hero} took the {three} {thing} and {use}. "The {three} {thing} is just right!" {he} said.',
      'Then {hero} took the {three} {thing}. And the {three} {thing} was just right.',
    ],
    [
      '"Then it is yours," said {friend}. "Thank you," said {hero}.',
      '"You may have it," said {friend}. "Thank you very much!" said {hero}.',
      '"I will take the {three} {thing}," said {hero}. "It is yours," said {friend}.',
    ],
    [
      '{hero} took the {three} {thing} home and was very happy.',
      'So {hero} went home with a new {thing}, and it was just right.',
      'And {hero} was very happy with {his} {three} {thing}.',
    ],
  ],
  more: [
    'The next day {friend} came to see {hero}. "Is the {three} {thing} still just right?" asked {friend}. "Yes," said {hero}, "it is just right."',
    'At home {hero} showed the {three} {thing} to everyone. "It is just right," {he} said.',
  ],
  shorter: [
    'A {quality} {kind} tried three {things}, and the {three} one was just right.',
    'One {thing} was {flaw}, one was {other}, and one was just right.',
  ],
  lesson: [
    '{hero} learned to look until {he} finds what is just right.',
    'The {kind} learned that you must try before you know.',
  ],
  feel: ['{hero} was happy with {his} new {thing}.', '{He} was very glad to have the {three} {thing}.'],
  asks: [
    ['Which {thing} was just right?', 'The {three} {thing} was just right.'],
    ['How was the {one} {thing}?', 'The {one} {thing} was {flaw}.'],
    ['How was the {two} {thing}?', 'The {two} {thing} was {other}.'],
    ['What did {hero} want?', '{He} wanted a new {thing}.'],
    ['Who had the {things}?', 'The {fkind} had the {things}.'],
  ],
};

const guess: Plot = {
  name: 'guess',
  about: [
    'who had a box',
    'who had something in a box',
    'who wanted to know what was in the box',
    'who got a box from {elder}',
  ],
  things: ['a box', 'a secret in a box', 'a gift'],
  cast: ['elder'],
  slots: { gift: ['a little ship', 'a gold ring', 'a silver bell', 'a new hat', 'a kite', 'a red scarf'] },
  steps: [
    [
      '{oneDay} {elder} came home with a box. "This is for you," said {elder}. "What is in the box?" asked {hero}. "Guess!" said {elder}.',
      '{elder} had a box. "What is in the box?" asked {hero}. "You have to guess," said {elder}.',
      '{oneDay} there was a box on the table. "What is in the box?" asked {hero}. "Guess what it is," said {elder}.',
    ],
    rounds(
      ['ball', 'book', 'cake', 'cup', 'toy', 'spoon', 'drum', 'doll', 'flute', 'lamp', 'boat', 'pear'].map(
        (who) => ({ who }),
      ),
      [3],
      [
        [
          '"Is it a {who}?" asked {hero}. "No," said {elder}, "it is not a {who}."',
          '"Is it a {who}?" asked {hero}. "No," said {elder}, "it is not a {who}."',
        ],
        [
          '{hero} looked at the box. "I think it is a {who}," {he} said. "No," said {elder}. "It is not a {who}."',
          '{hero} thought about it. "I think it is a {who}," {he} said. "No," said {elder}. "It is not a {who}."',
        ],
      ],
    ),
    [
      '"I give up," said {hero}. "Then open the box," said {elder}.',
      '"I do not know what it is," said {hero}. "Open it," said {elder}.',
      '"May I open the box now?" asked {hero}. "Yes," said {elder}, "you may open it."',
    ],
    [
      'So {hero} opened the box. In the box there was {gift}!',
      '{hero} opened the box and looked inside. It was {gift}!',
      'So {he} opened it. And what was in the box? It was {gift}!',
    ],
    [
      '"Thank you, thank you!" said {hero}. {He} was very happy.',
      '"I wanted {gift} so much!" said {hero}. "Thank you!"',
      '{hero} gave {elder} a big hug. "Thank you so much," {he} said.',
    ],
    [
      'It was the best gift of all.',
      'And {he} took {gift} to bed with {him}.',
      'Then {hero} played until it was time for bed.',
    ],
  ],
  more: [
    'The next day {hero} had a box. "What is in the box?" asked {elder}. "Guess!" said {hero}. "Is it a {whoA}?" asked {elder}. "Yes," said {hero}, "it is a {whoA}!"',
    'After that {hero} showed {gift} to everyone. They all liked it very much.',
  ],
  shorter: [
    'A {quality} {kind} had to guess what was in a box. It was {gift}.',
    '{hero} guessed three times. In the box there was {gift}.',
  ],
  lesson: [
    '{hero} learned that it is fun to guess.',
    'The {kind} learned that it is good to wait for something nice.',
  ],
  feel: ['{hero} was excited, and then {he} was very happy.', '{He} was happy with {gift}.'],
  asks: [
    ['What was in the box?', 'In the box there was {gift}.'],
    ['Whose box was it?', '{elder} had the box.'],
    ['What did {hero} guess first?', 'First {he} guessed a {whoA}.'],
    ['Was it a {whoB}?', 'No, it was not a {whoB}. It was {gift}.'],
  ],
};

const whatCanIDo: Plot = {
  name: 'what can I do',
  about: [
    'who wanted to know what {he} could do',
    'who thought that {he} could do nothing',
    'who could not do what the others could do',
    'who could {able}',
  ],
  things: ['a song', 'what everyone can do', 'many animals'],
  cast: [],
  slots: {
    able: [
      { able: 'sing', ably: 'sang a song', praise: 'You sing so well' },
      { able: 'tell stories', ably: 'told a story', praise: 'You tell stories so well' },
      { able: 'dance', ably: 'danced in the sun', praise: 'You dance so well' },
      { able: 'whistle', ably: 'whistled a song', praise: 'You whistle so well' },
    ],
  },
  steps: [
    [
      '{hero} was sad. "I can do nothing," {he} said. "What can the others do?"',
      '"What can I do?" said {hero}. "I do not know what I can do." So {he} went to ask the others.',
      '{oneDay} {hero} thought, "What can I do?" {He} went to ask the others.',
    ],
    rounds(
      [
        { who: 'duck', can: 'swim' },
        { who: 'bird', can: 'fly' },
        { who: 'horse', can: 'run fast' },
        { who: 'frog', can: 'jump high' },
        { who: 'mole', can: 'dig a hole' },
        { who: 'cat', can: 'catch a mouse' },
        { who: 'bee', can: 'make honey' },
        { who: 'squirrel', can: 'climb a tree' },
        { who: 'owl', can: 'see at night' },
        { who: 'cow', can: 'give milk' },
        { who: 'hen', can: 'lay an egg' },
      ],
      [3],
      [
        [
          '{He} met the {who}. "I can {can}," said the {who}. "Can you {can}?" "No," said {hero}, "I cannot {can}."',
          'Then {he} met the {who}. "I can {can}," said the {who}. "Can you {can}?" "No," said {hero}, "I cannot {can}."',
        ],
        [
          '"What can you do?" {he} asked the {who}. "I can {can}," said the {who}. {hero} tried it, too, but {he} could not {can}.',
          '"And what can you do?" {he} asked the {who}. "I can {can}," said the {who}. {hero} tried it, too, but {he} could not {can}.',
        ],
      ],
    ),
    [
      '{hero} sat down under a tree. {He} was so sad that {he} {ably}.',
      '{hero} went home all alone. And because {he} was sad, {he} {ably}.',
      'So {hero} sat down and {ably}, very softly, just for {himself}.',
    ],
    [
      'The {whoA} came, and the {whoB} came, and the {whoC} came. "{praise}!" they said.',
      '"{praise}!" said the {whoA}. "{praise}!" said the {whoB}. "{praise}!" said the {whoC}.',
      'The {whoA}, the {whoB} and the {whoC} looked at {him}. "We cannot {able}," they said. "{praise}!"',
    ],
    [
      '"Now I know what I can do!" said {hero}. "I can {able}!"',
      '"I can {able}," said {hero}, and {he} was very proud.',
      'So {hero} was happy. "I can {able}!" {he} said.',
    ],
    [
      'And {he} was never sad about it again.',
      'From then on they came to {him} every evening.',
      'Everyone can do something.',
    ],
  ],
  more: [
    'The next day the {whoA} came. "Can you show me how to {able}?" asked the {whoA}. "Yes," said {hero}, "and you can show me how to {canA}."',
    'After that they all met every evening. {hero} {ably}, and they were happy.',
  ],
  shorter: [
    'A {quality} {kind} thought that {he} could do nothing. But {he} could {able}.',
    'The {whoA} could {canA}, and {hero} could {able}.',
  ],
  lesson: [
    '{hero} learned that everyone can do something.',
    'The {kind} learned that {he} does not have to be like the others.',
  ],
  feel: ['First {hero} was sad. Then {he} was proud.', '{He} was very proud, because {he} could {able}.'],
  asks: [
    ['What could {hero} do?', '{He} could {able}.'],
    ['What could the {whoA} do?', 'The {whoA} could {canA}.'],
    ['What could the {whoB} do?', 'The {whoB} could {canB}.'],
    ['Whom did {hero} meet first?', 'First {he} met the {whoA}.'],
  ],
};

export const ONE_BY_ONE: readonly Plot[] = [countDown, justRight, guess, whatCanIDo];
