import { rounds, type Plot } from '../plot.ts';

/** A thing is made, learned, given or wished for. */

const birthdayGift: Plot = {
  name: 'birthday gift',
  x: ['thing', 'big'],
  about: ['who made {aX} for {his} {ekind}', 'who gave {aX} to {his} {ekind}', 'and {aX}'],
  things: ['{aX} as a present', '{aX}'],
  cast: ['elder'],
  slots: {
    hide: ['under the bed', 'behind the barn', 'in the cellar', 'in the attic', 'under an old blanket'],
    time: ['two days', 'three days', 'four days', 'a whole week'],
  },
  steps: [
    [
      '{hero} wanted to give {aX} to {elder}. It was for {ehis} birthday.',
      'Soon it was the birthday of {elder}, and {hero} wanted to make {aX} for {ehim}.',
      '"{elder} needs {aX}," thought {hero}, "and soon it is {ehis} birthday."',
    ],
    [
      'But {he} did not have the money to buy one. So {he} began to make it {himself}.',
      '"I will make it all by myself," {he} said.',
      'In the shop it cost too much. "I can make it, too," {he} said.',
    ],
    rounds(
      [
        { who: 'baker', what: 'some string' },
        { who: 'miller', what: 'a piece of wood' },
        { who: 'farmer', what: 'some nails' },
        { who: 'tailor', what: 'a piece of cloth' },
        { who: 'painter', what: 'a little paint' },
        { who: 'gardener', what: 'a big leaf' },
      ],
      [2, 3],
      [
        [
          'First {he} went to the {who}. "I am making {aX}," said {hero}. "Can you give me something for it?" The {who} gave {him} {what}.',
          'Then {he} went to the {who}. "I am making {aX}," said {hero}. "Can you give me something for it?" The {who} gave {him} {what}.',
        ],
        ['The {who} gave {him} {what} for the {x}.', 'And the {who} gave {him} {what} for the {x}.'],
      ],
    ),
    [
      'Then {hero} worked for {time}. Every evening {he} put the {x} {hide}.',
      'It took {him} {time}. So that nobody would see it, {he} kept the {x} {hide}.',
      '{He} hid the {x} {hide} and worked on it for {time}.',
    ],
    [
      'On the birthday {hero} brought out the {x}. It was a little crooked.',
      'Then the day came. "Close your eyes," said {hero}, and {he} got the {x}.',
      '"Happy birthday!" said {hero}, and there was the {x}.',
    ],
    [
      '{elder} looked at it for a long time. "Did you make this?" {ehe} asked.',
      '"{aX}!" cried {elder}. "And you made it for me?"',
      '{elder} had tears in {ehis} eyes. "It is the most beautiful {x} that I have ever seen," {ehe} said.',
    ],
    [
      '{Ehe} took {hero} in {ehis} arms and did not let {him} go.',
      'Of all the presents it was the one {ehe} liked best.',
      'And {hero} had never been so happy.',
    ],
  ],
  more: ['The next day everybody wanted to see the {x}. "It was made for me," said {elder} to all of them.'],
  shorter: ['{hero} made {aX} for the birthday of {elder}.'],
  lesson: ['{hero} learned that the best presents are not bought.'],
  feel: ['{hero} was proud and happy.'],
  asks: [
    ['What did {hero} make?', '{hero} made {aX}.'],
    ['Where did {hero} hide the {x}?', '{He} hid it {hide}.'],
    ['Whose birthday was it?', 'It was the birthday of {elder}.'],
    ['How long did it take?', 'It took {time}.'],
    ['Why did {hero} make {aX}?', 'Because it was the birthday of {elder}.'],
    ['What did the {whoA} give to {hero}?', 'The {whoA} gave {him} {whatA}.'],
  ],
};

const firstTries: Plot = {
  name: 'first tries',
  x: ['thing', 'big'],
  about: ['who got {aX}', 'who learned to use {aX}', 'and a new {x}', 'and {aX}'],
  things: ['a new {x}', '{aX}'],
  cast: ['friend'],
  slots: { times: ['three', 'five', 'seven', 'ten'] },
  steps: [
    [
      '{hero} got {aX}, but {he} did not know how to use it.',
      '{oneDay} {hero} got {aX} from {his} {ekind}.',
      '{hero} was very glad, because {he} had got {aX}.',
    ],
    [
      '"That is easy," said {hero}. But it was not easy at all.',
      '{He} wanted to use the {x} at once.',
      '"How do you use {aX}?" {he} asked. But nobody was there to tell {him}.',
    ],
    [
      'The first time the {x} fell on {his} foot.',
      'The first time {he} held the {x} upside down.',
      'The first time nothing happened at all.',
    ],
    [
      'The second time it was not much better. The cat ran away.',
      'The second time {he} fell into the mud, and the {x} fell on top of {him}.',
      'The second time there was a loud crash.',
    ],
    [
      '"I cannot do it," said {hero}. "I will never learn it." {He} put the {x} into a corner.',
      '{hero} sat down. "This is a bad {x}," {he} said.',
      '"I do not want the {x} any more," said {hero}.',
    ],
    [
      'Then {friend} came along. "I had to try it {times} times," said {friend}.',
      '{friend} had seen it all. "Nobody can do it the first time," {fhe} said. "I needed {times} tries."',
      'But {friend} laughed in a kind way. "Do you know how often I tried? {times} times!"',
    ],
    [
      '{friend} showed {him} how to hold the {x}. "Slowly," {fhe} said. "And now again."',
      'So {hero} took the {x} and tried again, and {friend} helped {him}.',
      '"Try once more," said {friend}. So {hero} tried once more, very slowly.',
    ],
    [
      'And this time it worked! "Look!" cried {hero}. "I can do it!"',
      'And {suddenly} it was easy. {hero} could do it!',
      'The next time it was better, and the time after that it was good.',
    ],
    [
      'Now {hero} uses the {x} every day.',
      'And {hero} never said again that {he} could not learn a thing.',
      'In the evening {he} fell asleep with the {x} beside {him}.',
    ],
  ],
  more: [
    'The next week a little mouse got {aX}, too. "Let me show you," said {hero}. "But nobody can do it the first time."',
  ],
  shorter: ['{hero} got {aX} and could not use it, until {friend} told {him} to try again.'],
  lesson: ['{hero} learned not to give up too soon.'],
  feel: ['{hero} was angry at first and proud in the end.'],
  asks: [
    ['What did {hero} get?', '{hero} got {aX}.'],
    ['How many times did the {fkind} have to try?', 'The {fkind} had to try {times} times.'],
    ['Who helped {hero}?', 'The {fkind} helped {him}.'],
    ['What did {hero} learn?', '{hero} learned not to give up too soon.'],
    ['Why did {hero} want to give up?', 'Because it was not easy.'],
  ],
};

const threeWishes: Plot = {
  name: 'three wishes',
  x: ['thing', 'big'],
  about: ['and a magic {x}', 'who had three wishes', 'and {aX} that was magic', 'and {aX}'],
  things: ['a magic {x}', '{aX} and three wishes'],
  cast: ['friend'],
  slots: {
    first: [
      'a mountain of cake',
      'a crown of gold',
      'a hundred balloons',
      'a castle',
      'the biggest sandwich in the world',
    ],
    second: ['a white horse', 'a ship', 'new shoes', 'a swing', 'a garden full of roses'],
  },
  steps: [
    [
      '{oneDay} {hero} cleaned {aX}, and it began to shine.',
      '{oneDay} {hero} found {aX} in the attic.',
      'An old woman gave {hero} {aX}. "Be careful with it," she said.',
    ],
    [
      '"I am a magic {x}," said a voice. "You have three wishes."',
      '{suddenly} the {x} spoke. "You have three wishes," it said.',
      '"Rub the {x}," said a voice, "and say what you want. You may do it three times."',
    ],
    [
      '"I want {first}," said {hero}. And there it was!',
      'First {hero} wished for {first}. The {x} shook a little, and there it was.',
      '{hero} did not think for long. "{first}!" {he} said. And it came.',
    ],
    [
      'Then {he} wished for {second}. The {x} gave {him} that, too.',
      '"And now {second}!" {he} said. The {x} shook, and there it was.',
      'The second wish was {second}. That came, too.',
    ],
    [
      'But {hero} was all alone with it, and soon it was boring.',
      '{He} had everything now. But there was nobody to see it.',
      'It was nice, but only for an hour. Then {hero} was sad.',
    ],
    [
      'At the window stood {friend}, who had nobody to play with.',
      'Then {he} saw {friend} sitting alone in the rain.',
      'Outside {friend} was walking by, cold and tired.',
    ],
    [
      '{hero} took the {x} once more. "I want {friend} to be happy," {he} said.',
      '"My third wish is for {friend}," said {hero} to the {x}.',
      '"Dear {x}," said {hero}, "I only want a friend."',
    ],
    [
      'The {x} said, "For that you do not need me." So {hero} went to the door and opened it.',
      '"That is the best wish of all," said the {x}. And {friend} came in and smiled.',
      'Then the {x} was just {aX} again. But {friend} was there.',
    ],
    [
      'They played together every day, and they needed no more magic.',
      'And the {x} stands on the shelf to this day.',
      'That was worth more than {first}.',
    ],
  ],
  more: ['Many years later {hero} gave the {x} to a child. "Be careful what you wish for," {he} said.'],
  shorter: ['{hero} had a magic {x}. {He} wished for {first} and {second}, but the best was a friend.'],
  lesson: ['{hero} learned that a friend is better than all that you can wish for.'],
  feel: ['{hero} was lonely with all {his} things, and happy with a friend.'],
  asks: [
    ['What did {hero} wish for first?', 'First {he} wished for {first}.'],
    ['What was the second wish?', 'The second wish was {second}.'],
    ['How many wishes did {hero} have?', '{hero} had three wishes.'],
    ['What was magic?', 'The {x} was magic.'],
    ['Who came in the end?', 'In the end the {fkind} came.'],
  ],
};

export const MAKING: readonly Plot[] = [birthdayGift, firstTries, threeWishes];
