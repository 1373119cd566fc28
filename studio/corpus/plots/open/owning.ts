import { rounds, type Plot } from '../plot.ts';
import { ANIMALS } from '../shared.ts';

/** Somebody has a thing, and what comes of it. The thing is any: `{aX}` is it with its article, `{x}` is it alone. */

const nobodyWantsIt: Plot = {
  name: 'nobody wants it',
  x: ['thing', 'big'],
  about: ['who had {aX}', 'who wanted to give away {aX}', 'with {aX}', 'and {aX}'],
  things: ['{aX}', '{aX} that nobody wanted'],
  cast: ['friend'],
  steps: [
    [
      '{hero} had {aX}, but {he} did not need it any more.',
      '{hero} had {aX}, and {he} wanted to give it away.',
      '{hero} had {aX} that was standing around at home.',
    ],
    [
      '"I will give the {x} to someone who needs it," said {hero}.',
      '"Someone will be happy to have it," {he} said. So {he} took the {x} and went out.',
      '"Who needs {aX}?" said {hero}. "I will ask."',
    ],
    rounds(
      ANIMALS,
      [2, 3],
      [
        [
          'First {he} met the {who}. "Do you want my {x}?" asked {hero}. "No, thank you," said the {who}. "I do not need {aX}."',
          'Then {he} met the {who}. "Do you want my {x}?" asked {hero}. "No, thank you," said the {who}. "I do not need {aX}."',
        ],
        [
          '"Would you like the {x}?" {he} asked the {who}. "What would I do with {aX}?" said the {who}.',
          'So {he} went on and asked the {who}. "Would you like the {x}?" "What would I do with {aX}?" said the {who}.',
        ],
      ],
    ),
    [
      'At last {he} met {friend}, who looked at the {x} for a long time.',
      'Then {friend} came down the road and stopped.',
      '{hero} was about to go home when {friend} came along.',
    ],
    [
      '"Is that {aX}?" asked {friend}. "I have always wanted one!"',
      '"Oh, what a beautiful {x}!" said {friend}. "May I have it?"',
      '"I have been looking for {aX} all year," said {friend}.',
    ],
    [
      '"It is yours," said {hero}, and they were both happy.',
      '{hero} gave {fhim} the {x}. {friend} was so happy that {fhe} danced.',
      'So {friend} got the {x}, and {hero} got a big hug.',
    ],
    [
      'From that day on {friend} took good care of the {x}.',
      'And when {hero} comes to visit, the {x} is always there.',
      '{hero} went home with empty hands and a full heart.',
    ],
  ],
  more: [
    'The next day {friend} made a cake to say thank you. They ate it together and looked at the {x}.',
    'A week later {hero} went to see the {x} again. {friend} had put it in the best place in the house.',
  ],
  shorter: ['{hero} had {aX} that nobody wanted, until {friend} was happy to have it.'],
  lesson: [
    '{hero} learned that there is someone for everything.',
    'The {kind} learned that it feels good to give.',
  ],
  feel: ['{hero} was happy because the {x} had found a new home.'],
  asks: [
    ['Who got the {x}?', 'The {fkind} got the {x}.'],
    ['What did {hero} give away?', '{hero} gave away {aX}.'],
    ['Whom did {hero} ask first?', 'First {he} asked the {whoA}.'],
    ['Why did {hero} give away the {x}?', 'Because {he} did not need it.'],
    ['Who wanted the {x}?', 'The {fkind} wanted it.'],
  ],
};

const borrowed: Plot = {
  name: 'borrowed',
  x: ['thing', 'big'],
  about: ['who borrowed {aX}', 'and {aX}', 'who needed {aX}', 'with a borrowed {x}'],
  things: ['{aX}', 'a borrowed {x}'],
  cast: ['friend'],
  slots: { days: ['two days', 'three days', 'five days', 'a week'] },
  steps: [
    [
      '{hero} needed {aX}, but {he} did not have one.',
      '{oneDay} {hero} needed {aX}.',
      '{hero} wanted to have {aX} for a few days.',
    ],
    [
      'So {he} went to {friend}. "May I borrow your {x}?" asked {hero}.',
      '{friend} had one. "May I take your {x} home with me?" asked {hero}.',
      'So {he} asked {friend} for it.',
    ],
    [
      '"Yes," said {friend}, "but please bring it back in {days}."',
      '"You may have it for {days}," said {friend}. "Then I need it again."',
      '"Of course," said {friend}. "Keep it for {days}, and be careful with it."',
    ],
    [
      '{hero} was very careful. Every night {he} put the {x} beside {his} bed.',
      '{hero} liked the {x} so much that {he} did not want to give it back.',
      'The {x} was just what {he} needed, and the days went by.',
    ],
    [
      'After {days} {he} looked at the {x}. "I wish it was mine," {he} said. "But it is not."',
      'Then {days} were over. "I could say that I have lost it," thought {hero}. "But that would be a lie."',
      'When {days} were over, {hero} cleaned the {x} until it was as good as new.',
    ],
    [
      'So {he} went back to {friend}. "Here is your {x}," {he} said. "Thank you very much."',
      '{He} took it back. "Thank you for the {x}," said {hero}. "It was a great help."',
      '"Here it is," said {hero}, and {he} gave the {x} back to {friend}.',
    ],
    [
      '"You kept your word," said {friend}. "You may borrow my {x} whenever you like."',
      '{friend} was glad. "Now I know that I can trust you," {fhe} said.',
      '"I was sure that you would come," said {friend}. "Let us use the {x} together."',
    ],
    [
      'And from then on they shared it.',
      'So {hero} had no {x} of {his} own, but {he} had a good friend.',
      '{hero} went home and felt light and happy.',
    ],
  ],
  more: [
    'The next week {friend} came and wanted to borrow something from {hero}. "Take what you like," said {hero}.',
    'On {his} birthday {hero} got {aX} of {his} own. It came from {friend}.',
  ],
  shorter: ['{hero} borrowed {aX} from {friend} and brought it back after {days}.'],
  lesson: ['{hero} learned that you should give back what you borrow.'],
  feel: ['{hero} was glad that {he} had kept {his} word.'],
  asks: [
    ['Whose {x} was it?', 'It was the {x} of the {fkind}.'],
    ['What did {hero} borrow?', '{hero} borrowed {aX}.'],
    ['How long did {hero} keep the {x}?', '{He} kept it for {days}.'],
    ['Who had {aX}?', 'The {fkind} had one.'],
    ['When did {hero} bring the {x} back?', '{He} brought it back after {days}.'],
  ],
};

const workedForIt: Plot = {
  name: 'worked for it',
  x: ['thing', 'big'],
  about: ['who wanted {aX}', 'who worked for {aX}', 'and {aX}', 'who saw {aX} in a shop'],
  things: ['{aX}', '{aX} in a window'],
  cast: ['friend'],
  slots: { price: ['three', 'four', 'five', 'six', 'ten'] },
  steps: [
    [
      '{oneDay} {hero} saw {aX} in the window of a shop.',
      'In the window of a shop {hero} saw {aX}, and {he} stopped.',
      'There was {aX} in the shop, and {hero} wanted it very much.',
    ],
    [
      '"How much is the {x}?" {he} asked. "It is {price} coins," said the man in the shop. But {hero} had no coins at all.',
      'The {x} cost {price} coins. {hero} looked into {his} pocket. It was empty.',
      '"That {x} costs {price} coins," said the woman in the shop. {hero} did not have one coin.',
    ],
    [
      '"Then I will work for it," said {hero}.',
      '"I will get the money," {he} said.',
      'So {he} went to look for work.',
    ],
    rounds(
      [
        { who: 'farmer', task: 'pick the apples', did: 'picked the apples' },
        { who: 'baker', task: 'carry the bread', did: 'carried the bread' },
        { who: 'miller', task: 'clean the mill', did: 'cleaned the mill' },
        { who: 'gardener', task: 'water the flowers', did: 'watered the flowers' },
        { who: 'fisherman', task: 'mend the nets', did: 'mended the nets' },
        { who: 'cook', task: 'wash the pots', did: 'washed the pots' },
      ],
      [2, 3],
      [
        [
          'First {he} went to the {who}. "Can I help you?" asked {hero}. "Yes," said the {who}, "you can {task}." So {hero} {did}, and {he} got some money for it.',
          'Then {he} went to the {who}. "Can I help you?" asked {hero}. "Yes," said the {who}, "you can {task}." So {hero} {did}, and {he} got some money for it.',
        ],
      ],
    ),
    [
      'In the evening {hero} counted the money. There were {price} coins!',
      'Now {he} had {price} coins, and {he} ran to the shop.',
      'At last there were {price} coins in {his} pocket.',
    ],
    [
      'But the window was empty. "I am sorry," they told {him}. "The {x} is sold." Outside stood {friend} with the {x} in {fhis} arms. "I bought it for you," {fhe} said, "because you worked so hard."',
      '"I want to buy the {x}," said {hero}, and {he} put the coins on the table.',
      '"Here is the money for the {x}," said {hero}. {His} heart was beating fast.',
    ],
    [
      '{hero} carried the {x} home. {He} was very proud.',
      'Nobody was as happy as {hero} with the {x}.',
      'And so {hero} got the {x} at last.',
    ],
    [
      '{He} took good care of it, because {he} knew what it had cost.',
      'The {x} was the best thing that {he} had ever had.',
      '"I did it all by myself," {he} said, and fell asleep.',
    ],
  ],
  more: [
    'The next day {hero} went back to the {whoA}. "Do you need help again?" {he} asked. "You are always welcome," said the {whoA}.',
    '{hero} still works on Saturdays, and everybody may use the {x}.',
  ],
  shorter: ['{hero} wanted {aX}, had no money, and worked until {he} could have it.'],
  lesson: ['{hero} learned that you can get what you want if you work for it.'],
  feel: ['{hero} was tired but very proud.'],
  asks: [
    ['How many coins did the {x} cost?', 'It cost {price} coins.'],
    ['What did {hero} want?', '{hero} wanted {aX}.'],
    ['Where was the {x}?', 'The {x} was in the window of a shop.'],
    ['What did {hero} do for the {whoA}?', '{hero} {didA}.'],
    ['Why did {hero} work?', 'Because {he} wanted to have the {x}.'],
  ],
};

export const OWNING: readonly Plot[] = [nobodyWantsIt, borrowed, workedForIt];
