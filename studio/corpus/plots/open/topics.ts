import { rounds, type Plot } from '../plot.ts';
import { ANIMALS } from '../shared.ts';

/** Stories of what cannot be counted: honey, snow, courage. `{aX}` has no article here. */

const whatIsIt: Plot = {
  name: 'what is it',
  x: ['idea', 'stuff'],
  about: ['who wanted to know what {x} is', 'who did not know what {x} was', 'and {x}', 'who looked for {x}'],
  things: ['{x}'],
  cast: ['friend'],
  slots: {
    seat: ['on a bench', 'under a tree', 'beside the fire', 'on the stairs', 'by the window'],
    together: ['a walk', 'a song', 'a game', 'a long talk', 'a quiet hour'],
  },
  steps: [
    [
      '{hero} had heard of {x}, but {he} did not know what it was.',
      '{hero} wanted to know what {x} is.',
      '"What is {x}?" asked {hero}. {His} {ekind} only laughed.',
    ],
    [
      '"I will ask until I know it," {he} said, and went out.',
      '"Somebody must know it," said {hero}. So {he} went to ask.',
      '{oneDay} {he} went out to look for {x}.',
    ],
    rounds(
      ANIMALS,
      [2, 3],
      [
        [
          'First {he} asked the {who}. "What is {x}?" "I do not know what {x} is," said the {who}. "Ask the {next}."',
          'Then {he} asked the {who}. "What is {x}?" "I do not know what {x} is," said the {who}. "Ask the {next}."',
        ],
        [
          '"Do you know what {x} is?" {he} asked the {who}. "Yes," said the {who}, "but I cannot explain it."',
          '"And do you know what {x} is?" {he} asked the {who}. "Yes," said the {who}, "but I cannot explain it."',
        ],
      ],
    ),
    [
      'Then {he} came to {friend}, who sat {seat}. "Do you know what {x} is?" asked {hero}.',
      '{friend} was sitting {seat}. "Can you tell me about {x}?" {he} asked.',
      'At last {he} sat down {seat}. {friend} sat there, too.',
    ],
    [
      '"I cannot tell you," said {friend}, "but I can show you." And they had {together}.',
      '"Sit down with me," said {friend}. Then they had {together}.',
      '"It is hard to say," said {friend}. "Let us have {together} first."',
    ],
    [
      'When it was over, {hero} smiled. "Now I know what {x} is," {he} said.',
      '"So that is {x}!" said {hero}.',
      'And then {hero} understood. "I had it all the time," {he} said. "I only did not know that it was {x}."',
    ],
    [
      'And when somebody asks {him} about {x}, {he} says, "Come and sit with me."',
      '{hero} ran home and told {his} {ekind} all about {x}.',
      'From that day on {hero} and {friend} were friends.',
    ],
  ],
  more: [
    'The next day the {whoA} came. "Now tell me," said the {whoA}. "What is {x}?" So {hero} showed it to the {whoA}, too.',
  ],
  shorter: ['{hero} asked everybody what {x} is, and {friend} showed it to {him}.'],
  lesson: ['{hero} learned what {x} is.'],
  feel: ['{hero} was curious at first and happy in the end.'],
  asks: [
    ['What did {hero} want to know?', '{hero} wanted to know what {x} is.'],
    ['Who showed it to {him}?', 'The {fkind} showed it to {him}.'],
    ['Where did they sit?', 'They sat {seat}.'],
    ['Whom did {hero} ask first?', 'First {he} asked the {whoA}.'],
    ['What did they have?', 'They had {together}.'],
  ],
};

const dayWithout: Plot = {
  name: 'day without',
  x: ['stuff', 'idea'],
  about: ['who did not like {x}', 'and a day without {x}', 'who wanted no more {x}', 'and {x}'],
  things: ['{x}', 'a world without {x}'],
  cast: ['elder'],
  slots: {
    missed: [
      'sat down and cried',
      'was angry',
      'did not want to play',
      'stayed in bed',
      'looked out of the window',
    ],
  },
  steps: [
    [
      '{hero} did not like {x} at all.',
      '"I do not like {x}," said {hero} every day.',
      'There was one thing that {hero} did not like, and that was {x}.',
    ],
    [
      '"I wish there was no {x} in the world," {he} said one evening. A little star heard it.',
      'Before {he} went to sleep, {he} looked at the moon. "Please take away all the {x}," {he} said.',
      '"I never want to hear of {x} again!" said {hero}, and {he} went to bed.',
    ],
    [
      'When {he} woke up, there was no {x} any more. It was gone from the whole world.',
      'And {nextDay} all the {x} was gone!',
      '{nextDay} {hero} looked around. There was no {x} anywhere.',
    ],
    rounds(
      ANIMALS,
      [2, 3],
      [
        [
          'First {he} met the {who}. "There is no {x} today," said the {who}. "What a sad day!" And the {who} {missed}.',
          'Then {he} met the {who}. "There is no {x} today," said the {who}. "What a sad day!" And the {who} {missed}, too.',
        ],
        [
          '"Have you seen any {x}?" asked the {who}. "I need it so much." "No," said {hero}.',
          '"Have you seen any {x}?" asked the {who}, too. "No," said {hero} again.',
        ],
      ],
    ),
    [
      'In the evening {hero} was sad, too. "Now I know what {x} is good for," {he} said.',
      '"I did not know that everybody needs {x}," said {hero}.',
      'And the longer the day was, the more {hero} missed it. "Without {x} everything is gray," {he} said.',
    ],
    [
      '"Please give us back the {x}," {he} said to the moon.',
      'So {he} wished with all {his} heart that the {x} would come back.',
      '"I am sorry," {he} said softly. "I want the {x} to come back."',
    ],
    [
      'And {nextDay} it was there again. Everybody danced, and {hero} danced most of all.',
      'When {he} woke up, there was {x} as before. "Good morning!" said {hero} and laughed.',
      '{nextDay} the {x} was back. {hero} told {his} {ekind} about it. "You only had a dream," said {elder}.',
    ],
    [
      'Since then {hero} likes {x} very much.',
      'And {hero} never said a bad word about {x} again.',
      'A day with {x} is a good day after all.',
    ],
  ],
  more: ['The next time the {whoA} spoke badly of something, {hero} said, "Be careful what you wish for."'],
  shorter: ['{hero} did not like {x}, until there was a day without it.'],
  lesson: ['{hero} learned that you often miss a thing only when it is gone.'],
  feel: ['{hero} was sad without {x} and happy when it was back.'],
  asks: [
    ['What did {hero} not like?', '{hero} did not like {x}.'],
    ['What was gone?', 'All the {x} was gone.'],
    ['Who was sad first?', 'First the {whoA} was sad.'],
    ['Why was {hero} sad?', 'Because there was no {x} any more.'],
  ],
};

const allGone: Plot = {
  name: 'all gone',
  x: ['stuff'],
  about: ['who had no {x} left', 'and the last {x}', 'who wanted to know who took the {x}', 'and {x}'],
  things: ['{x}', '{x} that was gone'],
  cast: ['friend'],
  slots: {
    vessel: ['a big pot', 'a blue jar', 'an old box', 'a brown bag', 'a deep bowl'],
    shelf: ['on the shelf', 'in the kitchen', 'under the stairs', 'beside the door'],
    need: ['a sick child', 'a lost kitten', 'an old woman', 'a hungry baby bird', 'a poor family'],
  },
  steps: [
    [
      '{hero} had {vessel} full of {x}.',
      '{hero} had some {x} in {vessel}, and {he} was very proud of it.',
      'There was {vessel} with {x} in the house of {hero}.',
    ],
    [
      'It stood {shelf}. But {oneDay} it was empty.',
      '{oneDay} {he} looked {shelf}, and all the {x} was gone.',
      '{He} kept it {shelf}. And {oneDay} there was nothing in it.',
    ],
    [
      '"Who took my {x}?" cried {hero}.',
      '"My {x}!" said {hero}. "It is all gone!"',
      '"Somebody was here," said {hero}, "and took all the {x}."',
    ],
    rounds(
      ANIMALS,
      [2, 3],
      [
        [
          'First {he} went to the {who}. "Did you take my {x}?" asked {hero}. "No," said the {who}, "I did not take your {x}."',
          'Then {he} went to the {who}. "Did you take my {x}?" asked {hero}. "No," said the {who}, "I did not take your {x}."',
        ],
        [
          '"It was you!" {he} said to the {who}. "No," said the {who}. "I do not even like {x}."',
          '"Then it was you!" {he} said to the {who}. "No," said the {who}. "I do not even like {x}."',
        ],
      ],
    ),
    [
      'There was a trail on the floor. {hero} followed it and came to {friend}.',
      'At last {he} went to {friend}, who became very red.',
      'Then {friend} came to the door and looked down at {fhis} feet.',
    ],
    [
      '"It was me," said {friend}. "I took the {x} for {need}. You were not at home, and I could not wait."',
      '"I took it," said {friend}. "I gave your {x} to {need}. I am sorry that I did not ask."',
      '"Please do not be angry," said {friend}. "The {x} was for {need}."',
    ],
    [
      '{hero} thought about it. "Then it was good for something," {he} said.',
      '"Next time ask me," said {hero}. "But you did the right thing."',
      '"For {need} you may have all of it," said {hero}.',
    ],
    [
      'They got new {x} together, and {theVessel} was full again.',
      'And half of the new {x} went to {need}.',
      'And {hero} said sorry to the {whoA}, too.',
    ],
  ],
  more: [
    'The next day somebody knocked. It was {need}. "Thank you for the {x}," they heard, and {hero} was happy.',
  ],
  shorter: ['The {x} of {hero} was gone. {friend} had taken it for {need}.'],
  lesson: ['{hero} learned to ask first and to be angry later.'],
  feel: ['{hero} was angry at first, and then {he} was glad.'],
  asks: [
    ['Who took the {x}?', 'The {fkind} took it.'],
    ['Where was the {x}?', 'It was {shelf}.'],
    ['Why did the {fkind} take the {x}?', 'Because it was for {need}.'],
    ['Whose {x} was it?', 'It was the {x} of {hero}.'],
    ['What was gone?', 'The {x} was gone.'],
  ],
};

export const TOPICS: readonly Plot[] = [whatIsIt, dayWithout, allGone];
