import { anyOrder, maybe, oneOf, type Plot } from './plot.ts';

/** Birthdays, baking, bedtime, letters and old neighbors. */

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
      '"Today I am one year older," said {hero} to the mirror. {He} ran down the stairs. The table was empty.',
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
      'Even {friend} only waved from far away and was gone.',
      '{friend} never forgot anything. But that day all the windows of {fhis} house were shut.',
      'At the house of {friend} all the windows were shut.',
    ],
    [
      '"They have all forgotten me," said {hero}. {He} sat down {place} and threw small sticks into the wind.',
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
            'There was a cake as high as a hat, and {he} got {present}.',
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
    'who baked a cake',
    'who wanted to bake bread',
    'who baked {bake}',
    'who mixed up the salt and the sugar',
    'who helped in the kitchen',
  ],
  things: ['a cake', 'a kitchen', '{bake}', 'flour and sugar'],
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
      '{hero} opened the big book and read, "Take some flour." How much was some? {He} took all of it.',
      'The spoon was almost as long as {hero}. {He} stood on a chair to stir.',
    ],
    [
      '{friend} smelled that something was going on and came in. "Can I lick the spoon?" {fhe} asked. "Only if you help," said {hero}.',
      'There was a knock, and {friend} looked in. "You are all white!" {fhe} laughed. "Give me an apron, too."',
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
      'Mm! It smelled of {smell}, and their mouths watered.',
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

const bedtime: Plot = {
  name: 'bedtime',
  about: [
    'who could not sleep',
    'who did not want to go to bed',
    'who was not tired at all',
    'who looked for sleep',
  ],
  things: ['a bed', 'a good night song', 'the moon', 'a pillow and a blanket'],
  not: ['owl', 'badger', 'raccoon'],
  cast: ['elder'],
  slots: {
    toy: ['stuffed bear', 'rag doll', 'wooden horse', 'cloth rabbit', 'little woolen sheep'],
    count: ['sheep', 'stars', 'clouds', 'drops of rain', 'apples'],
    want: [
      'a glass of water',
      'one more story',
      'another kiss',
      'a slice of bread',
      'to see if the moon was still there',
    ],
  },
  steps: [
    [
      '"Time for bed," said {elder}. "But I am not tired," said {hero} and yawned.',
      'The sun had gone to bed, and the birds had gone to bed. Only {hero} was awake.',
      'It was late. {hero} lay in bed with open eyes and {his} {toy} in {his} arms.',
      'Every evening it was the same with {hero}. {He} did not want the day to be over.',
    ],
    [
      'First {he} wanted {want}. Then {he} wanted it again.',
      '"I need {want}," called {hero}. {elder} came, and went, and came again.',
      '{hero} got up, because {he} needed {want}. After that {he} was even more awake.',
    ],
    [
      '{He} counted {count}. At a hundred {he} got mixed up and had to begin again.',
      '{elder} told {him} to count {count}. But {hero} began to wonder who had made them, and that kept {him} awake.',
      'One, two, three, {count} went by in {his} head. They did not help at all.',
    ],
    maybe(
      'The bed was too warm. Then it was too cold.',
      'The pillow had a lump, and {his} foot itched.',
      'Something in the wall went crack. It was only the wood.',
      '{He} turned like a pancake, first on one side and then on the other.',
    ),
    [
      '"Sleep, where are you?" asked {hero}. {He} got up to look for it. It was not under the bed.',
      'So {he} went to the window. Maybe someone out there could tell {him} how to do it.',
      '{hero} took {his} {toy} and went on soft feet through the house.',
    ],
    anyOrder(
      [
        'In the basket the old cat was rolled up like a ball. "Just shut your eyes," she said and shut hers.',
        'The hens sat in a row with their heads in their feathers. They looked warm and round.',
        'Outside a horse was sleeping on its feet. "I could never do that," said {hero}.',
      ],
      [
        'A bat was hanging from the roof with its head down. "Good morning," it said. For the bat it was morning.',
        'The moon was swimming in the water bucket and did not say a word.',
        'In the grass a cricket played the same song again and again, softer each time.',
      ],
    ),
    oneOf(
      {
        set: { how: '{elder} sang to {him}', lesson: 'a warm voice makes it easy to sleep' },
        steps: [
          [
            '{elder} found {him} at the door, and {ehe} was not angry. {Ehe} carried {him} back and sang, very low, about a boat that sails into the night.',
            'Then {elder} sat down at the side of the bed. "Once there was a little cloud that could not sleep," {ehe} began, and the voice became slower and slower.',
          ],
        ],
      },
      {
        set: {
          how: '{he} told {his} {toy} a story',
          lesson: 'when you take care of someone else, you forget your own worries',
        },
        steps: [
          [
            'But then {hero} saw that the eyes of {his} {toy} were open, too. "Can you not sleep?" {he} asked. "Come, I will tell you a story." And {he} began.',
            '"You must not be afraid," {he} said to {his} {toy}. {He} put the blanket over both of them and told it everything about the day.',
          ],
        ],
      },
      {
        set: {
          how: '{he} thought of all the good things of the day',
          lesson: 'it is nice to end the day with good thoughts',
        },
        steps: [
          [
            '"What was good today?" asked {elder}. {hero} thought. "The {food}," {he} said, "and the wind in the grass, and you." After each thing {his} eyes became smaller.',
            '{elder} whispered, "Tell me three good things about today." The first one was {food}. The second one was the swing. The third one {hero} did not say any more.',
          ],
        ],
      },
    ),
    [
      'And in the middle of a word {he} fell asleep.',
      'Sleep came in through the door on soft feet and lay down beside {him}.',
      '{hero} wanted to say one more thing, but it could wait until tomorrow.',
      'Then there was nothing to hear but breathing, in and out, in and out.',
    ],
    [
      'The moon looked in and went on. Good night, {call}.',
      'Outside the stars kept watch.',
      'In the morning {he} did not want to get up.',
      'And {his} {toy} slept as well.',
    ],
  ],
  more: [
    '{hero} dreamed of a big white boat. It sailed over the roofs, and {his} {toy} was the captain. When they came back, the sun was rising.',
    'The next evening {hero} went to bed without a word. {elder} was surprised. "I want to know how the dream goes on," said {hero}.',
    'In the morning {elder} was still sleeping. {hero} put a blanket over {ehim} and went on soft feet to make {food}.',
  ],
  shorter: [
    'A {quality} {kind} could not sleep and tried everything, until {how}.',
    '{hero} did not want to go to bed, but then {how}, and {he} fell asleep.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} was wide awake and a bit cross. At the end {he} felt warm and sleepy.',
    '{He} felt restless, and then {he} felt safe.',
  ],
  asks: [
    [
      'How did {hero} fall asleep?',
      '{He} could not sleep for a long time. Then {how}, and {he} fell asleep.',
    ],
    ['What did {hero} count?', '{He} counted {count}.'],
    ['What did {hero} have in bed?', '{He} had {his} {toy}.'],
    ['What did {hero} ask for?', '{He} asked for {want}.'],
  ],
};

const letter: Plot = {
  name: 'letter',
  about: [
    'who wrote a letter',
    'who waited for a letter',
    'who found a letter',
    'who got a letter from far away',
    'who missed a friend',
  ],
  things: ['a letter', 'a postman', 'a stamp', 'a friend who lives far away'],
  cast: ['friend'],
  slots: {
    far: [
      'over the mountains',
      'on the other side of the sea',
      'in a big city',
      'on an island',
      'far up in the north',
    ],
    sent: [
      'a drawing of a whale',
      'a pressed flower',
      'a small shell',
      'a feather',
      'a map with a red cross',
    ],
    trouble: [
      'the wind took it',
      'it fell behind a box',
      'the rain washed off the name',
      'a goat ate half of it',
    ],
  },
  steps: [
    [
      '{friend} had moved away. Now {fhe} lived {far}, and {hero} missed {fhim} very much.',
      '{hero} had a friend who lived {far}. It was {friend}. They could not see each other, but they could write.',
      'The house next to {hero} was empty, for {friend} had gone to live {far}.',
      '"Write to me," {friend} had said to {hero} before {fhe} went away to live {far}. That was long ago now.',
    ],
    [
      'So {he} took paper and a pen. "Dear friend," {he} wrote, and then {he} chewed on the pen.',
      '{oneDay} {he} sat down and wrote about everything, the new puppy, the big rain and the loose tooth.',
      '{hero} wrote slowly, with {his} tongue between {his} teeth. There was a spot of ink, and {he} made a beetle out of it.',
      'It was the first letter of {his} life. It said, "How are you? I am fine. Come back soon."',
    ],
    [
      '{He} put in {sent}, closed it, and gave it to the postman.',
      'In the letter there was also {sent}. {hero} stuck the stamp on a little crooked.',
      'With {sent} inside it was quite thick. {hero} kissed it and let it fall into the box. Plop.',
    ],
    [
      'Then the waiting began. Every day {hero} stood at the gate, and every day the postman shook his head.',
      'A week went by. "Is there anything for me?" "Not today," said the postman.',
      '{hero} ran to the door whenever a step came near. It was the milkman. It was the neighbor. It was never a letter.',
      '"Maybe I am forgotten," {he} said after ten days.',
    ],
    oneOf(
      {
        set: { why: '{trouble}', lesson: 'it is good to trust a friend' },
        steps: [
          [
            'What {hero} did not know was this. There had been an answer for a long time, but on the way {trouble}.',
            'Far away {friend} had written back on the very same day. But on the way to {hero}, {trouble}.',
          ],
          [
            'The postman was a good man. He looked and asked and searched, and one evening he rang the bell, much too late for the post. "I think this belongs to you," he said.',
            'At last it came after all, dirty and torn, with ten stamps on it. It had been everywhere.',
          ],
          [
            '"I miss you, too," it said. "I read your letter every night." {hero} had to read it three times, because {his} eyes were wet.',
            '{hero} could read only half of it, but that half was enough. It said, "You are my best friend."',
          ],
        ],
      },
      {
        set: { why: '{friend} came {fhimself}', lesson: 'some answers are worth waiting for' },
        steps: [
          [
            'Then there was a knock at the door. {hero} did not even get up. "The letter is too big for the box," said the postman and laughed. Behind him stood {friend}!',
            'One evening there was a step that {he} knew. {hero} tore the door open. There was no letter. There was {friend}, with a bag in {fhis} hand!',
          ],
          [
            '"I wanted to answer," said {friend}, "but I had so much to tell that it did not fit on the paper."',
            '"Writing was too slow for me," {fhe} said, and they fell into each other\'s arms.',
          ],
        ],
      },
    ),
    maybe(
      'They laughed and cried at once.',
      '{hero} gave the postman a piece of cake.',
      'The moon was the same here and there.',
    ),
    [
      '{hero} put it under {his} pillow, next to a new sheet of paper.',
      'Since then {he} knows that far away is not so far.',
      'A letter is a small thing, but a friend fits into it.',
      'And the first thing that {he} did the next day was to sit down and write.',
    ],
  ],
  more: [
    'In the summer {hero} was allowed to visit {friend}. The trip took a whole day. {He} took all the letters along, tied with a {color} ribbon.',
    'After that a letter went out every week. The postman soon knew the road by heart. Once he got a letter, too, and it said, "Thank you."',
    '{hero} and {friend} made up a secret writing. A circle was a hug, and a cross was a joke. Nobody else could read it.',
  ],
  shorter: [
    'A {quality} {kind} wrote a letter to a friend who lived {far}, and waited a long time for an answer.',
    '{hero} missed a friend and sent a letter with {sent} in it.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} missed {his} friend and felt forgotten. In the end {he} was {glad}.',
    '{He} was sad while {he} waited, and then {he} was so happy that {he} cried.',
  ],
  asks: [
    ['What was in the letter?', 'There was {sent} in it.'],
    ['Where did the friend live?', 'The friend lived {far}.'],
    ['Who did {hero} write to?', '{He} wrote to a {fkind}, who was {his} friend.'],
    ['Why did {hero} write?', '{He} missed {his} friend.'],
    ['Who brought the letters?', 'The postman brought them.'],
  ],
};

export const HOME: readonly Plot[] = [birthday, baking, bedtime, letter];
