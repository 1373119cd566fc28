import { rounds, type Plot } from './plot.ts';
import { ANIMALS } from './shared.ts';

/** One animal after the other is asked the same. */

const whoHasSeenIt: Plot = {
  name: 'who has seen it',
  about: [
    'who lost {his} {thing}',
    'who could not find {his} {thing}',
    'who looked everywhere for {his} {thing}',
    'who asked all the animals for {his} {thing}',
  ],
  things: ['a lost {thing}', 'a {color} {thing}', 'a {thing}'],
  cast: ['friend'],
  slots: {
    thing: ['hat', 'ball', 'scarf', 'ring', 'book', 'shoe', 'bell', 'cap', 'basket', 'spoon', 'key', 'coat'],
    where: [
      'under the bed',
      'behind the door',
      'in the garden',
      'on the chair',
      'in the basket',
      'in the tree',
    ],
  },
  steps: [
    [
      '{hero} had a {color} {thing}. {He} loved {his} {thing} very much.',
      '{hero} had a {color} {thing}, and {he} loved it very much.',
      '{hero} had a new {thing}. It was a {color} {thing}, and {he} was very proud of it.',
    ],
    [
      '{oneDay} {he} could not find {his} {thing}. "Where is my {thing}?" said {hero}.',
      'But {oneDay} the {thing} was gone. "Oh no!" said {hero}. "Where is my {thing}?"',
      '{oneDay} {hero} looked for {his} {thing}, but it was gone. "I have lost my {thing}!" {he} said.',
    ],
    rounds(
      ANIMALS,
      [3],
      [
        [
          '{He} went to the {who}. "Have you seen my {thing}?" asked {hero}. "No," said the {who}, "I have not seen your {thing}."',
          'Then {he} went to the {who}. "Have you seen my {thing}?" asked {hero}. "No," said the {who}, "I have not seen your {thing}."',
        ],
        [
          'So {he} asked the {who}. "Do you know where my {thing} is?" "No," said the {who}, "I do not know where your {thing} is."',
          'Then {he} asked the {who}. "Do you know where my {thing} is?" "No," said the {who}, "I do not know where your {thing} is."',
        ],
        [
          'First {he} asked the {who}. "Did you take my {thing}?" "No," said the {who}. "I did not take your {thing}. Ask the {next}."',
          'So {he} asked the {who}. "Did you take my {thing}?" "No," said the {who}. "I did not take your {thing}. Ask the {next}."',
        ],
      ],
    ),
    [
      'Then {he} went to {friend}. "Have you seen my {thing}?" asked {hero}. "Yes," said {friend}, "I have seen your {thing}. It is {where}."',
      'At last {he} asked {friend}. "Yes," said {friend}. "I know where your {thing} is. It is {where}."',
      'Then {he} met {friend}. "I have lost my {thing}," said {hero}. "I have seen it," said {friend}. "Your {thing} is {where}."',
    ],
    [
      '{hero} ran home and looked {where}. There was {his} {thing}!',
      '{hero} looked {where}, and there it was!',
      'They went to look together. And there it was, {where}!',
    ],
    [
      '"Thank you, thank you!" said {hero}. {He} put the {thing} away and was very happy.',
      '{hero} was so happy that {he} gave {friend} a big hug.',
      '"I have found my {thing}!" said {hero}, and {he} was happy again.',
    ],
    [
      'After that {hero} never lost {his} {thing} again.',
      'From that day on {hero} and {friend} were good friends.',
      '{hero} told all the animals that {he} had found {his} {thing}.',
    ],
  ],
  more: [
    'The next day {hero} showed {his} {thing} to the {whoA}. "Now I have seen your {thing}," said the {whoA}. They both laughed.',
    'After that, {hero} and {friend} played together every day. {hero} never lost {his} {thing} again.',
    '{hero} went back to the {whoA}. "I have found my {thing}," said {hero}. "It was {where}." The {whoA} was happy for {him}.',
  ],
  shorter: [
    'A {quality} {kind} lost {his} {thing}, asked all the animals, and found it {where}.',
    '{hero} could not find {his} {color} {thing}. It was {where}.',
  ],
  lesson: [
    '{hero} learned to ask for help and not to give up.',
    'The {kind} learned that it is good to ask a friend.',
  ],
  feel: [
    '{hero} was sad when the {thing} was gone, and happy when {he} found it.',
    'At first {he} was sad. In the end {he} was very happy.',
  ],
  asks: [
    ['Where was the {thing}?', 'The {thing} was {where}.'],
    ['What did {hero} lose?', '{He} lost {his} {color} {thing}.'],
    ['What color was the {thing}?', 'The {thing} was {color}.'],
    ['Whom did {hero} ask first?', 'First {he} asked the {whoA}.'],
    ['Who knew where the {thing} was?', 'The {fkind} knew that it was {where}.'],
  ],
};

const whoWillHelp: Plot = {
  name: 'who will help',
  about: [
    'who made {food}',
    'who wanted to make {food}',
    'who asked the others to help {him}',
    'who had to do all the work alone',
  ],
  things: ['{food}', 'friends who did not help', 'a kitchen'],
  cast: [],
  slots: {
    task: [
      { task: 'cut the wood', tasked: 'cut the wood' },
      { task: 'get the water', tasked: 'got the water' },
      { task: 'clean the kitchen', tasked: 'cleaned the kitchen' },
      { task: 'find the spoon', tasked: 'found the spoon' },
      { task: 'light the fire', tasked: 'lit the fire' },
    ],
  },
  steps: [
    [
      '{oneDay} {hero} wanted to make {food}. {He} lived with the {whoA}, the {whoB} and the {whoC}.',
      '{hero} lived in a little house with the {whoA}, the {whoB} and the {whoC}. {oneDay} {he} wanted to make {food}.',
      '{hero} had three friends, the {whoA}, the {whoB} and the {whoC}. {oneDay} {hero} said, "I will make {food}."',
    ],
    [
      '"Who will help me to {task}?" asked {hero}.',
      '"Who will help me?" asked {hero}. "I have to {task}."',
      '"First I have to {task}," said {hero}. "Who will help me?"',
    ],
    rounds(
      ANIMALS,
      [3],
      [
        ['"Not I," said the {who}.', '"Not I," said the {who}.'],
        ['"I will not help you," said the {who}.', '"I will not help you," said the {who}.'],
        ['"I do not want to," said the {who}.', '"I do not want to," said the {who}.'],
      ],
    ),
    [
      '"Then I will do it myself," said {hero}. And so {he} did.',
      '"Then I will do it all by myself," said {hero}. And {he} did.',
      'So {hero} {tasked} all by {himself}.',
    ],
    [
      '{soon} there was {food} on the table, and it smelled very good. "Who will help me to eat it?" asked {hero}.',
      'When the {food} was ready, it smelled so good. "And who will help me to eat it?" asked {hero}.',
      '{soon} the {food} was ready. "Now, who will help me to eat it?" asked {hero}.',
    ],
    [
      '"I will!" said the {whoA}. "I will!" said the {whoB}. "I will!" said the {whoC}.',
      '"I will help you," said the {whoA}. "I will help you," said the {whoB}. "I will help you," said the {whoC}.',
      '"I want to eat it," said the {whoA}. "I want to eat it, too," said the {whoB}. "And I want to eat it, too," said the {whoC}.',
    ],
    [
      '"No," said {hero}. "You did not help me to {task}, so I will eat it myself." And so {he} did.',
      '"No," said {hero}. "You did not help me. I will eat it all by myself." And {he} did.',
      '{hero} looked at them. "You did not help me," {he} said. "But I am kind. Next time you will help me." And they all ate together.',
    ],
    [
      'The next time they all helped {him}.',
      'After that the {whoA}, the {whoB} and the {whoC} always wanted to help.',
      'It was the best {food} of all.',
    ],
  ],
  more: [
    'The next day {hero} wanted to make {food} again. "Who will help me?" {he} asked. "I will!" said the {whoA}. "I will!" said the {whoB}. "I will!" said the {whoC}.',
    'The {whoA}, the {whoB} and the {whoC} were sorry. "Next time we will help you," they said. And they did.',
  ],
  shorter: [
    'A {quality} {kind} made {food}. The {whoA}, the {whoB} and the {whoC} did not help, but they wanted to eat.',
    'The others did not help {hero}, so {he} did all the work alone.',
  ],
  lesson: [
    'The {whoA}, the {whoB} and the {whoC} learned that you have to help if you want to eat.',
    'They learned to help when a friend asks them.',
  ],
  feel: [
    '{hero} was sad that the others did not help, but {he} was proud of the {food}.',
    '{He} was tired after all the work, and proud.',
  ],
  asks: [
    ['What did {hero} make?', '{He} made {food}.'],
    ['Who helped {hero}?', 'The others did not help. {He} did it alone.'],
    ['Who lived with {hero}?', 'The {whoA}, the {whoB} and the {whoC} lived with {him}.'],
    ['What did the {whoA} say?', 'The {whoA} did not want to help.'],
  ],
};

const whoseIsIt: Plot = {
  name: 'whose is it',
  about: [
    'who found {aFind}',
    'who found {aFind} on the road',
    'who wanted to know whose {find} it was',
    'who found something',
  ],
  things: ['{aFind}', 'a lost {find}', 'something that was found'],
  cast: ['friend'],
  slots: {
    find: [
      { find: 'shoe', aFind: 'a shoe' },
      { find: 'hat', aFind: 'a hat' },
      { find: 'basket', aFind: 'a basket' },
      { find: 'ball', aFind: 'a ball' },
      { find: 'glove', aFind: 'a glove' },
      { find: 'key', aFind: 'a key' },
      { find: 'blanket', aFind: 'a blanket' },
    ],
  },
  steps: [
    [
      '{oneDay} {hero} found {aFind} on the road. It was a {color} {find}. "Whose {find} is this?" {he} said.',
      '{oneDay} {hero} went for a walk. There was {aFind} in the grass. "Whose {find} is this?" said {hero}.',
      '{oneDay} {hero} found a {color} {find}. "This is not my {find}," {he} said. "Whose {find} is it?"',
    ],
    rounds(
      ANIMALS,
      [3],
      [
        [
          '{He} went to the {who}. "Is this your {find}?" asked {hero}. "No," said the {who}, "this is not my {find}."',
          '{He} went to the {who}. "Is this your {find}?" asked {hero}. "No," said the {who}, "this is not my {find}."',
        ],
        [
          'First {he} showed it to the {who}. "Is this {find} yours?" "No," said the {who}, "it is not mine. Ask the {next}."',
          'Then {he} showed it to the {who}. "Is this {find} yours?" "No," said the {who}, "it is not mine. Ask the {next}."',
        ],
      ],
    ),
    [
      'Then {he} met {friend}. {Friend} was crying. "Why are you crying?" asked {hero}. "I have lost my {find}," said {friend}.',
      'At last {he} came to {friend}. "Is this your {find}?" asked {hero}. "Yes!" said {friend}. "That is my {find}! I have looked for it all day."',
      'Then {he} went to {friend}. "Is this your {find}?" asked {hero}. "Yes," said {friend}, "this is my {find}!"',
    ],
    [
      '{hero} gave the {find} to {friend}. "Here it is," {he} said. "Thank you so much!" said {friend}.',
      '"Here is your {find}," said {hero}. "Thank you!" said {friend}. "You are very kind."',
      'So {hero} gave {fhim} the {find}. {friend} was very happy. "Thank you," {fhe} said.',
    ],
    [
      'From that day on they were friends.',
      'Then they played together until it was dark.',
      '{hero} went home, and {he} was happy, too.',
    ],
  ],
  more: [
    'The next day {friend} came to see {hero}. {Fhe} brought {food}, and they ate it together. They were good friends now.',
    'A week later {hero} lost a button. {friend} found it and brought it back. "Thank you," said {hero}.',
  ],
  shorter: [
    'A {quality} {kind} found {aFind} and gave it back. It was the {find} of a {fkind}.',
    '{hero} found {aFind}, asked all the animals, and gave it to the {fkind}.',
  ],
  lesson: [
    '{hero} learned that it feels good to give back what you have found.',
    'The {kind} learned to give back what is not {his} own.',
  ],
  feel: ['{hero} was happy, because {he} had helped.', '{He} felt good, because the {find} was home again.'],
  asks: [
    ['What did {hero} find?', '{He} found {aFind}.'],
    ['Whose {find} was it?', 'It was the {find} of the {fkind}.'],
    ['Whom did {hero} ask first?', 'First {he} asked the {whoA}.'],
    ['What did {hero} do with the {find}?', '{He} gave it back to the {fkind}.'],
  ],
};

export const ASKING_AROUND: readonly Plot[] = [whoHasSeenIt, whoWillHelp, whoseIsIt];
