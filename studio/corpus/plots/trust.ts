import { maybe, oneOf, type Plot } from './plot.ts';

/** Secrets, and what was borrowed. */

const secret: Plot = {
  name: 'secret',
  about: ['who had a secret', 'who knew about a surprise'],
  things: ['a secret', '{plan}', 'a surprise'],
  cast: ['friend', 'elder'],
  slots: {
    plan: [
      { plan: 'a surprise party', where: 'in the barn' },
      { plan: 'a new bench', where: 'behind the house' },
      { plan: 'a painted chair', where: 'under the bridge' },
      { plan: 'a picture as big as a wall', where: 'in the old shed' },
    ],
  },
  steps: [
    [
      '"Can you keep a secret?" {friend} asked {hero} {oneDay}. "Of course I can," said {hero}.',
      '{hero} and {friend} put their heads together. They were planning {plan} for {elder}, and it was a secret.',
      'There was a secret, and only {hero} and {friend} knew it.',
      '{friend} came to {hero} and whispered something into {his} ear. It was a secret!',
    ],
    [
      'It was about {plan} for {elder}. They worked on it every day {where}, where nobody could see them.',
      'It was {plan} for {elder}, and nobody could know about it. {where} they had hidden everything under a cloth.',
      '"We are making {plan} for your {ekind}," said {friend}, "and we will hide it {where}. Do not say a word!"',
    ],
    [
      'It was not easy. {hero} wanted to tell the secret to somebody.',
      'It was hard to keep the secret. {hero} wanted to tell it to everyone.',
      'All day {he} had to think about it. {He} laughed when there was nothing to laugh about.',
    ],
    [
      '"What are you doing all the time?" asked {elder}. "Oh, nothing," said {hero}, and {his} ears turned red.',
      'At breakfast {elder} looked at {him}. "You are so quiet today." {hero} quickly filled {his} mouth with {food}.',
      '{elder} found paint on {his} {hand}. "Where does that come from?" {hero} had to think very fast. "From a flower," {he} said.',
      'One evening {elder} asked, "Where do you go after school?" {hero} only smiled and hummed a song.',
    ],
    maybe(
      'To make it easier, {he} told it to a deep hole in the ground, and after that {he} felt better.',
      'At night {he} whispered it into {his} pillow.',
      'Only the old horse heard about it, and the horse told no one.',
    ),
    oneOf(
      {
        set: { lesson: 'some secrets are worth the wait', end: '{he} kept it until the right day' },
        steps: [
          [
            'Then the day was there. "Close your eyes," said {hero}, and {he} took {elder} by the hand. They went out to see it. "Now!"',
            'At last it was time. {friend} gave a sign, and {hero} led {elder} out of the house. "Surprise!" they shouted.',
          ],
          [
            '{elder} did not say anything. There were tears in {ehis} eyes, but they were happy ones. "All this is for me?"',
            '"You two!" said {elder}. "And I did not know a thing!" {hero} had never been so proud.',
          ],
        ],
      },
      {
        set: { lesson: 'it is good to think before you speak', end: 'a part of it jumped out too early' },
        steps: [
          [
            'One day before the end, it happened. "Tomorrow you will like what is {where}," said {hero}, and then {he} put both hands on {his} mouth. Too late!',
            'But then {he} forgot it for one moment. "We still need more red for the surprise," {he} said at the table. Oh no!',
          ],
          [
            '{hero} told {friend} everything and cried. "Your {ekind} has heard only half of it," said {friend}. "We will make the other half even better."',
            '{elder} looked out of the window. "I think my ears are bad today," {ehe} said. "Did you say something?" And {hero} was so thankful.',
          ],
          [
            'The next day {elder} was surprised all the same, or else {ehe} played it very well.',
            'And when {elder} saw it, {ehe} was so happy that nobody thought of it any more.',
          ],
        ],
      },
    ),
    [
      'They all ate {food} together, and {hero} could talk about it as much as {he} liked.',
      '"Do you know another secret?" asked {hero} on the way home.',
      'That night {his} pocket felt empty, as if a frog had jumped out of it.',
      'So that was the secret. Now you know it, too.',
    ],
  ],
  more: [
    'A week later {elder} and {friend} were whispering behind the door. They stopped when {hero} came in. {hero} smiled, because {his} birthday was on Friday.',
    '{hero} was sorry that it was over. So {he} and {friend} thought of a new plan. This time it was a surprise for the postman.',
    'Everybody wanted to see what they had made. {hero} showed it to each one of them. {He} told how hard it had been to say nothing.',
  ],
  shorter: [
    'A {quality} {kind} had a secret. It was {plan} for {elder}, and {end}.',
    '{hero} and a friend secretly made {plan} for {elder}, and it was a big surprise.',
  ],
  lesson: [
    '{hero} learned that {lesson}.',
    '{He} learned how hard it is to keep a secret, and that {lesson}.',
  ],
  feel: [
    '{hero} was so excited that {he} could hardly be quiet. In the end {he} was {glad}.',
    '{He} felt as if {he} had a frog in {his} pocket.',
  ],
  asks: [
    ['What was the secret?', 'It was {plan} for {elder}.'],
    ['Where did they hide it?', 'They hid it {where}.'],
    ['Who was the surprise for?', 'It was for {elder}.'],
    ['Did {hero} keep the secret?', 'Well, {end}.'],
    ['Who else knew about it?', 'Only the {fkind} knew about it.'],
  ],
};

const borrowed: Plot = {
  name: 'borrowed thing',
  about: [
    'who borrowed a {thing}',
    'who forgot to give back a {thing}',
    'who wanted to keep what was not {his} own',
  ],
  things: ['a {thing}', 'something that is borrowed'],
  cast: ['friend'],
  slots: {
    thing: [
      { thing: 'shovel', use: 'dig a big hole' },
      { thing: 'ladder', use: 'pick the apples' },
      { thing: 'lantern', use: 'look for a lost spoon in the cellar' },
      { thing: 'cart', use: 'carry the stones away' },
      { thing: 'pot', use: 'cook soup for many' },
      { thing: 'saw', use: 'cut wood for the winter' },
    ],
    days: ['two days', 'a week', 'ten days', 'a whole month'],
  },
  steps: [
    [
      '{hero} wanted to {use}, but {he} had no {thing}. So {he} went to {friend}. "Can I borrow yours?"',
      '"May I borrow your {thing}?" {hero} asked {friend} {oneDay}. "I need it to {use}."',
      '{hero} wanted to {use}, but {he} did not have a {thing}. {friend} had one.',
      '{friend} had a good {thing}, and {oneDay} {hero} asked for it. "I only want to {use}," {he} said.',
    ],
    [
      '"Take it," said {friend}, "and bring it back when you are done."',
      '{friend} gave it to {him} at once. "Friends help each other," {fhe} said.',
      '"Be careful with it," said {friend}. "It belonged to my father." {hero} nodded.',
    ],
    [
      'The work was soon done. But then {hero} put the {thing} behind the door, and there it stayed for {days}.',
      'It was a fine {thing}, much better than {he} had thought. {hero} did {his} work, and then {he} did not bring it back for {days}.',
      'After that {he} meant to bring it back. Tomorrow, {he} thought, and tomorrow, and so {days} went by.',
    ],
    maybe(
      'When {he} saw {friend} on the road, {he} went the other way.',
      'Every time {hero} passed it, something pinched {him} inside.',
      'Dust fell on it, and a spider made a web from it to the wall.',
    ),
    oneOf(
      {
        set: { turn: '{he} saw that {friend} needed it', lesson: 'you should bring back what you borrow' },
        steps: [
          [
            'Then {he} saw {friend} in the garden. {Fhe} was trying to {use} with {fhis} bare hands. {Fhe} was tired and dirty, and {fhe} did not complain.',
            'One evening {he} walked past the house of {friend}. {Fhe} had to {use}, and it did not work without a {thing}.',
          ],
          [
            '{hero} felt hot with shame. {He} ran home, cleaned the {thing} until it shone, and ran back. "I kept it too long. I am sorry. Let me help you!"',
            'At once {hero} turned around and got the {thing}. "Here it is," {he} said, "and here am I. I will do the work for you."',
          ],
          [
            '"I knew that you would come," said {friend}. Together they were done before dark.',
            '{friend} wiped {fhis} face and smiled. "Two with one {thing} are faster than one with none," {fhe} said.',
          ],
        ],
      },
      {
        set: { turn: 'it broke', lesson: 'it is best to be honest when something goes wrong' },
        steps: [
          [
            'And then {he} used it once more, and it broke. Crack! {hero} looked at the two parts and felt cold all over.',
            '{oneDay} {hero} let it fall on a stone. There was a crack, and the handle came off.',
          ],
          [
            'First {he} wanted to hide it. Then {he} took both parts and walked to {friend}. "I broke it, and I kept it too long," {he} said. "I will pay for it."',
            '{He} could have said that it was lost. But {hero} went to {friend} and showed {fhim} what had happened.',
          ],
          [
            '{friend} looked at the break. "We can mend that," {fhe} said. "It is much harder to mend a friend."',
            'They took strong glue and some rope, and in the evening it was whole. "Now it belongs to both of us a little," said {friend}.',
          ],
        ],
      },
    ),
    [
      'Afterwards they sat on the steps and ate {food}.',
      'And the next time {hero} borrowed a thing, {he} brought it back on the same day, with an apple on top.',
      'From then on the {thing} hung between their two houses, so that both could use it.',
      '{hero} went home with empty hands, and that felt very good.',
    ],
  ],
  more: [
    'In the autumn {friend} needed a cart. {hero} had one. "Take it as long as you want," {he} said. {friend} brought it back after one hour, and there was a cake in it.',
    '{hero} looked around at home. There were a cup, two books and a hat that were not {his} own. That day {he} walked through the whole village and gave everything back.',
    'They painted the {thing} {color}, so that everyone would know it. After that it was borrowed by half the village, and it always came home.',
  ],
  shorter: [
    'A {quality} {kind} borrowed a {thing} and kept it too long, but when {turn}, {he} made it good.',
    '{hero} did not bring back a {thing} until {turn}.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} felt bad as long as {he} kept the {thing}. Afterwards {he} felt good again.',
    '{He} was ashamed, and then {he} was {glad} that {friend} was still {his} friend.',
  ],
  asks: [
    ['What did {hero} borrow?', '{He} borrowed a {thing}.'],
    ['Why did {hero} need it?', '{He} needed it to {use}.'],
    ['Who did the {thing} belong to?', 'It belonged to the {fkind}.'],
    ['How long did {hero} keep it?', '{He} kept it for {days}.'],
  ],
};

export const TRUST: readonly Plot[] = [secret, borrowed];
