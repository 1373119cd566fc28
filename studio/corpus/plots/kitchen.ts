import { maybe, oneOf, type Plot } from './plot.ts';

/** A birthday and a cake. */

const birthday: Plot = {
  name: 'birthday',
  about: [
    'who had a birthday',
    'whose birthday was forgotten',
    'who thought that everyone had forgotten {his} birthday',
    'who got a surprise on {his} birthday',
  ],
  things: ['a birthday', 'a birthday cake', 'a surprise', 'a party'],
  cast: ['friend', 'elder'],
  slots: {
    busy: [
      'was in a hurry',
      'had to go to the market',
      'was looking for something and did not look up',
      'said that there was no time',
    ],
    present: [
      'a pair of red boots',
      'a little drum',
      'a book with a hundred pictures',
      'a kite with a long tail',
      'a tiny boat with a real sail',
      'a box of paints',
    ],
    hall: ['in the barn', 'in the garden', 'behind the house', 'under the big tree'],
  },
  steps: [
    [
      '{hero} woke up very early. Today was {his} birthday! {He} lay still and waited for a song. But nobody sang.',
      '{hero} woke up early, because it was {his} birthday. {He} ran down the stairs, but the table was empty.',
      'It was the birthday of {hero}. {He} put on {his} best clothes and sat down by the door, so that everybody could find {him}.',
      'For a week {hero} had counted the days. Now it was here, {his} birthday, and the house was quite silent.',
    ],
    [
      '{elder} {busy}. "Good morning," {ehe} said, and that was all.',
      'Not a word about it came from {elder}, who {busy}.',
      '"Do you know what day it is?" asked {hero}. "Thursday," said {elder}, who {busy}.',
    ],
    [
      '{hero} went to {friend}. {friend} stood in the door and did not let {him} in. "I cannot play today," {fhe} said.',
      'On the road {he} met {friend}, who hid something behind {fhis} back and walked on quickly.',
      'Even {friend} only waved and walked away.',
      '{friend} never forgot anything. But that day all the windows of {fhis} house were shut.',
      'At the house of {friend} all the windows were shut.',
    ],
    [
      '"They have all forgotten me," said {hero}. {He} sat down by the road and threw small sticks into the wind.',
      '{hero} walked around alone. {He} sang the birthday song to {himself}, and at the end {his} voice was very small.',
      'A tear fell on {his} best clothes. "It is only a day like any other," {he} said, but {he} did not believe it.',
      '{He} made a little cake of sand and put a flower on it. "Happy birthday to me," {he} said softly.',
    ],
    maybe(
      'A snail came by. "You do not know it, either," {hero} said.',
      'The sun went on shining as if nothing had happened.',
      'The hours were as long as days.',
    ),
    [
      'When it was evening, {he} went home. The house was dark. Then {he} heard a giggle {hall}.',
      'In the evening {elder} called, "{call}, can you come and help me?" The voice came from somewhere {hall}.',
      'It was getting dark. {hero} saw a thin line of light {hall}. Who could that be?',
    ],
    [
      'Then all the lights went on. "Surprise!" There were {elder} and {friend} and everyone {he} knew.',
      '"Happy birthday!" they all shouted, so loudly that {hero} fell backward into the grass.',
      '{He} went to look, and there stood a long table with lamps and flowers. Everybody was there, and everybody sang.',
    ],
    oneOf(
      {
        set: { lesson: 'friends do not forget you, even if it looks like it', best: 'the big surprise' },
        steps: [
          [
            '"You hid it from me all day!" said {hero}. "It was so hard," said {friend}. "I had to run away from you, or I would have told you."',
            '"That is why you did not let me in!" said {hero}. {friend} nodded. {Fhe} still had flour on {fhis} nose from the cake.',
          ],
          [
            'There was a big cake, and {he} got {present}.',
            'They gave {him} {present}, and they danced until the moon was up.',
          ],
        ],
      },
      {
        set: { lesson: 'being together is the best gift', best: 'that all of them were there' },
        steps: [
          [
            'Each of them had brought something. {friend} gave {him} {present}. But {hero} hardly looked at it. {He} looked at all the faces.',
            'There was {present}, and there was {food}. "What do you like best?" asked {elder}. {hero} did not have to think. "That you are all here."',
          ],
        ],
      },
    ),
    [
      'Before {he} blew out the candles, {hero} had to make a wish. But {he} had no wish left.',
      '"It was the longest day," said {hero} in bed, "and it had the best end."',
      'Late at night {he} fell asleep with a paper crown on {his} head.',
      'It was the best birthday that {he} had ever had.',
    ],
  ],
  more: [
    'The next morning {hero} found one more parcel under {his} bed. It was from {elder}. In it was a calendar, and all the birthdays of {his} friends were marked in red.',
    'A month later it was the birthday of {friend}. {hero} was in a hurry all day and had no time. Behind {his} back {he} hid a big cake.',
    'There was so much cake left that they had it for breakfast. {friend} came, too. They were still singing, only a little lower.',
  ],
  shorter: [
    'A {quality} {kind} thought that everyone had forgotten {his} birthday, but there was a surprise party {hall}.',
    'Nobody seemed to remember the birthday of {hero}, and in the evening they all surprised {him}.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} was sad all day because {he} thought that {he} was forgotten. In the evening {he} was {glad}.',
    '{He} felt lonely first, and then very loved.',
  ],
  asks: [
    ['What did {hero} get?', '{He} got {present}.'],
    ['Where was the party?', 'The party was {hall}.'],
    ['Why was {hero} sad?', '{He} thought that everyone had forgotten {his} birthday.'],
    ['Why did {friend} not play?', 'The {fkind} was getting the surprise ready.'],
    ['What was the best part?', 'The best part was {best}.'],
  ],
};

const baking: Plot = {
  name: 'baking',
  about: [
    'who baked {bake} with a friend',
    'who wanted to bake {bake}',
    'who baked {bake}',
    'who helped in the kitchen',
  ],
  things: ['a kitchen', '{bake}', 'flour and sugar'],
  cast: ['friend', 'elder'],
  slots: {
    bake: [
      { bake: 'a cake', smell: 'vanilla' },
      { bake: 'a loaf of bread', smell: 'warm flour' },
      { bake: 'an apple pie', smell: 'apples' },
      { bake: 'a honey cake', smell: 'honey' },
      { bake: 'a plum tart', smell: 'plums' },
    ],
    reason: [
      '{elder} was coming home from a long trip',
      'it was a holiday',
      '{elder} had been ill',
      'it was raining and {he} was bored',
      'guests were coming',
    ],
  },
  steps: [
    [
      '{hero} wanted to bake {bake}, because {reason}. {He} had never done it alone before.',
      'Since {reason}, {hero} {oneDay} put on an apron. "I am going to bake {bake}," {he} said.',
      '"How hard can it be to bake {bake}?" thought {hero} {oneDay}. It was a good day for it, because {reason}.',
      '{oneDay} {hero} got up before all the others. There was to be {bake}, because {reason}.',
    ],
    [
      '{He} took flour and eggs and butter. Soon there was flour on the table, on the floor and in {his} hair.',
      'One egg fell on the floor, one rolled away, and one went into the bowl.',
      '{hero} opened the big book. "Take some flour," it said. {He} did not know how much that was, so {he} took all of it.',
      'The spoon was almost as long as {hero}. {He} stood on a chair to stir.',
    ],
    [
      '{friend} smelled that something was going on and came in. "Can I lick the spoon?" {fhe} asked. "Only if you help," said {hero}.',
      'There was a knock at the door, and {friend} came in. "Can I help you?" {fhe} asked. "Yes, please," said {hero}.',
      '"What are you making?" asked {friend} through the window. {soon} there were two cooks.',
    ],
    oneOf(
      {
        set: {
          problem: 'they had used salt and no sugar',
          lesson: 'you can laugh about a mistake and try again',
        },
        steps: [
          [
            'They put it into the oven and waited. It looked perfect! {hero} cut a piece, and {friend} took a bite. {Fhis} face became very strange. "Salt!" {fhe} cried.',
            'When it was done, it was golden brown. They each took a bite, and they looked at each other, and then they ran for water. It was full of salt.',
          ],
          [
            'The white stuff in the jar had not been sugar. {hero} wanted to cry. Then {friend} began to laugh, and {hero} had to laugh, too.',
            '"I did not taste it first," said {hero}. "We have flour left," said {friend}. "We can do it again."',
          ],
          [
            'The second time they tasted everything. And it was good!',
            'So they began from the start. This time they read what was on the jars.',
          ],
        ],
      },
      {
        set: { problem: 'it burned', lesson: 'it is good to stay with what you have begun' },
        steps: [
          [
            'While it was in the oven, they went out to play for a bit. The bit became long. Then {friend} stopped. "What is that smell?" It was smoke!',
            'They only wanted to rest for a minute. When they woke up, there was a gray cloud in the kitchen.',
          ],
          [
            'It was as black as coal. They gave it to the ground, and not even the ants wanted it.',
            '{hero} knocked on it. It sounded like a stone.',
          ],
          [
            '"Once more," said {hero}. Now they both sat in front of the oven and did not take their eyes off it.',
            'They had one more egg and just enough flour. This time {friend} counted the minutes out loud.',
          ],
        ],
      },
      {
        set: { problem: 'it was too flat', lesson: 'things do not have to be perfect to be good' },
        steps: [
          [
            'When they took it out, it was as flat as a plate. "It did not rise," said {hero} sadly.',
            'It came out of the oven crooked. One side was high, and the other side was as thin as paper.',
          ],
          [
            '"It looks like a hat that someone sat on," said {friend}. They put cream on it, and berries, and a flower in the middle.',
            '"Wait," said {friend}. {Fhe} cut it into small stars. They looked so pretty that no one could see what had gone wrong.',
          ],
        ],
      },
    ),
    maybe(
      '{hero} washed the bowl, and {friend} licked it first.',
      'The cat had flour on its paws and left white marks.',
      'The kitchen looked as if it had snowed.',
    ),
    [
      'Soon the whole house smelled of {smell}.',
      'The smell of {smell} went out through the window and down the road.',
      'The whole kitchen smelled of {smell}, and they could not wait to eat.',
    ],
    [
      '{elder} came in and stopped. "Who did that?" {ehe} asked. "We did!" they said. {elder} took a piece, and then another one.',
      '"This is the best thing I have eaten this year," said {elder}, and {ehe} meant it.',
      'They put it on the table with a candle. When {elder} saw it, {ehe} hugged them both, flour and all.',
    ],
    [
      'At the end there were only crumbs, and the birds got those.',
      '{hero} wrote in the big book, "Taste it first." That was the most important line.',
      'And who cleaned the kitchen? That is another story.',
      '"Tomorrow we will make soup," said {hero}. "Oh dear," said {elder}.',
    ],
  ],
  more: [
    'The next day the neighbors came and asked what had smelled so good. {hero} and {friend} had to bake again. They made three of them and gave them all away.',
    '{elder} gave {hero} an apron of {his} own. It was {color}, and it had a pocket for the spoon. {He} wore it even at night.',
    'At the summer fair there was a prize for the best cake. {hero} and {friend} did not win it. But theirs was the first that was all eaten up.',
  ],
  shorter: [
    'A {quality} {kind} baked {bake}. First {problem}, but it turned out well.',
    '{hero} and a friend baked {bake} for {elder}, and everybody liked it.',
  ],
  lesson: ['{hero} learned that {lesson}.', '{He} learned to bake, and that {lesson}.'],
  feel: [
    '{hero} was excited, then a bit sad, because {problem}, and in the end {he} was {glad}.',
    '{He} was proud when {elder} liked it.',
  ],
  asks: [
    ['What did {hero} bake?', '{He} baked {bake}.'],
    ['What went wrong?', 'Well, {problem}.'],
    ['Why did {he} bake?', '{He} baked because {reason}.'],
    ['Who helped in the kitchen?', 'The {fkind} helped {him}.'],
    ['What did the house smell of?', 'It smelled of {smell}.'],
  ],
};

export const KITCHEN: readonly Plot[] = [birthday, baking];
