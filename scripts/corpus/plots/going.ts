import { anyOrder, maybe, oneOf, type Plot } from './plot.ts';

/** Races, markets, climbs and the way home. */

const race: Plot = {
  name: 'race',
  about: ['who ran a race', 'who wanted to win a race', 'who came last in a race', 'who trained for a race'],
  things: ['a race', 'a big race', 'a cup for the winner'],
  not: ['turtle', 'mole'],
  qualities: ['little', 'small', 'proud', 'young', 'lively', 'brave', 'shy'],
  cast: ['friend'],
  slots: {
    prize: ['a golden cup', 'a basket of apples', 'a blue ribbon', 'a big cheese', 'a wreath of flowers'],
    goal: ['the old oak', 'the stone bridge', 'the red barn', 'the top of the hill', 'the windmill'],
  },
  steps: [
    [
      '{oneDay} there was a sign on every tree. "Big race on Sunday to {goal}! The winner gets {prize}." {hero} read it two times.',
      'Each year there was a race to {goal}, and {hero} had never won it. This year {he} wanted {prize}.',
      '"I will run in the race," said {hero} {oneDay}. "And I will win {prize}."',
      '{hero} liked nothing more than running. When {he} heard of a race to {goal}, {he} put down {his} name at once.',
    ],
    [
      'Every morning {he} ran around {thePlace}, and every evening as well.',
      'For two weeks {hero} practiced. {He} ran in the sun, and {he} ran in the rain.',
      '{friend} sat on a stone with a watch and called out the time. {hero} grew faster each day.',
    ],
    [
      'On Sunday all of them stood in a line. {friend} was there, too. "Good luck," {fhe} said. "Ready, steady, go!"',
      'Then the great day came. Next to {hero} stood {friend}, with a number on {fhis} back. Bang! They ran.',
      'There were flags, and a drum was beaten. {hero} looked at {friend}, who was the fastest of all. "One, two, three, go!"',
    ],
    [
      '{hero} flew over the grass. One after the other fell back, and soon there were only two in front, {he} and {friend}.',
      'At first {hero} was somewhere in the middle. Then {he} passed one, and another, until only {friend} was ahead.',
      'The wind sang in {his} ears. {He} did not look to the left or to the right. {goal} came nearer.',
    ],
    oneOf(
      {
        set: { result: '{he} stopped to help {friend}', lesson: 'helping a friend is better than winning' },
        steps: [
          [
            'Just before the end {friend} fell into a hole and cried out. {hero} could see {goal}. {He} was all alone in front. And {he} stopped.',
            'Then there was a cry. {friend} lay on the ground and held {fhis} foot. {hero} ran three more steps. Then {he} turned around.',
          ],
          [
            '"Run!" said {friend}. "You can win!" "Not like this," said {hero}, and {he} helped {fhim} up.',
            '{He} put an arm around {friend}, and together they went on, on three good legs, or so it felt.',
          ],
          [
            'They came in last. But when they reached {goal}, everybody stood up and clapped, longer than for the winner.',
            'All the others were there before them. The winner looked at them, took {prize}, and put it into their hands. "This is yours," he said.',
          ],
        ],
      },
      {
        set: {
          result: '{he} came in last and did not give up',
          lesson: 'it is important to finish what you begin',
        },
        steps: [
          [
            'But then {his} foot hit a root, and {he} fell. All the others ran past. {hero} had a hole in {his} knee and dust in {his} mouth.',
            '{suddenly} {he} had a pain in {his} side. {He} had begun too fast! One by one they passed {him} again.',
          ],
          [
            '"Stop, if you like," said someone beside the road. {hero} shook {his} head. Step by step {he} went on.',
            'It would have been easy to sit down. {hero} did not sit down.',
          ],
          [
            'At {goal} they were already taking down the flags. But {friend} was waiting. "Here {hero} comes!" {fhe} shouted, and all of them came back to cheer.',
            'When {he} got to {goal}, the sun was low. {friend} held up a line for {him} to run through, and {he} did.',
          ],
        ],
      },
      {
        set: {
          result: '{he} and {friend} came in at the same time',
          lesson: 'it is fun to win, and even more fun to win together',
        },
        steps: [
          [
            'Side by side they ran. They looked at each other, and both of them began to laugh, without getting slower.',
            'They were as close as two drops of rain. No one could say who was first.',
          ],
          [
            '"Let us go together!" called {hero}. They held on to each other and came in at the very same moment.',
            'At {goal} the judge scratched his head. "Two winners!" he said. "That has never happened before."',
          ],
          [
            'They cut {prize} in two, at least in their minds, and each had it for half of the year.',
            'There was only one prize, {prize}. So they took turns with it.',
          ],
        ],
      },
    ),
    maybe(
      '{hero} drank a whole bucket of water.',
      '{His} legs felt like soft butter.',
      'The band played, mostly in tune.',
    ),
    [
      'In the evening {hero} put {his} feet in cold water and smiled at the moon.',
      '"Next year again?" asked {friend}. "Next year again!" said {hero}.',
      'That was the race that people still talk about.',
      'At home {he} wrote into {his} book, "A good day."',
    ],
  ],
  more: [
    'The next morning everything hurt. {hero} went to see {friend}, and they both walked like old hens. They laughed about it, and that hurt, too.',
    'The following spring they ran together every day. Small ones came to run with them. In the end there were twenty of them, and nobody asked who was first.',
    '{hero} kept the number from {his} back. It hung over {his} bed. When something was hard, {he} looked at it.',
  ],
  shorter: [
    'A {quality} {kind} ran a race to {goal}, and {result}.',
    '{hero} wanted to win {prize}, but in the race {result}.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} was excited before the race. Afterwards {he} was tired and {glad}.',
    '{He} was proud, because {he} had done {his} best.',
  ],
  asks: [
    ['Who won the race?', 'In the race {result}.'],
    ['What was the prize?', 'The prize was {prize}.'],
    ['Where did the race end?', 'The race ended at {goal}.'],
    ['How did {hero} get ready?', '{He} practiced every day.'],
  ],
};

const market: Plot = {
  name: 'market',
  about: [
    'who went to the market',
    'who should buy {buy} at the market',
    'who traded things at the market',
    'who had only one coin',
  ],
  things: ['a market', 'one coin', '{buy}'],
  cast: ['elder'],
  slots: {
    buy: ['eggs', 'butter', 'a bag of salt', 'a fish', 'three onions'],
    first: [
      { first: 'a wooden flute', firstWho: 'a boy who wanted to play a song' },
      { first: 'a straw hat', firstWho: 'a man whose head was hot from the sun' },
      { first: 'a ball of string', firstWho: 'a girl whose kite had no string' },
      { first: 'a little bell', firstWho: 'a shepherd who had lost the bell of his goat' },
    ],
    second: [
      { second: 'a warm blanket', secondWho: 'a baby that was cold' },
      { second: 'a basket of cherries', secondWho: 'three hungry children' },
      { second: 'a pair of gloves', secondWho: 'an old woman with cold hands' },
    ],
  },
  steps: [
    [
      '"Here is a coin," said {elder} to {hero}. "Go to the market and buy {buy}. And do not forget!"',
      '{oneDay} {hero} was allowed to go to the market all alone. {He} had a coin in {his} pocket, and {he} was to buy {buy} for {elder}.',
      '{elder} needed {buy}. So {hero} took the basket and the coin and set out for the market.',
      '"{buy}, {buy}, {buy}," said {hero} to {himself} all the way to the market, for that was what {elder} had asked {him} to buy.',
    ],
    [
      'How loud it was there! There were red apples, yellow cheese, green cloth and a man who ate fire.',
      '{hero} had never seen so many things. It smelled of bread and of fish and of flowers, all at once.',
      'Carts and hens and people were everywhere. {hero} had to hold {his} basket tight.',
    ],
    [
      'At one stand {he} saw {first}. It was so nice that {he} forgot everything and gave {his} coin for it.',
      '"{first}, only one coin!" a woman called. {hero} looked, and before {he} knew it, the coin was gone.',
      'Then {he} stopped. There was {first}. {His} {hand} went into {his} pocket all by itself, and {he} paid.',
    ],
    [
      'Only then did {he} remember. "Oh no! What will my {ekind} say?" {he} thought. {He} had no coin and nothing for supper.',
      'A moment later {he} thought of {theBuy}, and {his} face became hot.',
      '"And {theBuy}?" said a small voice in {his} head. {hero} stood still.',
    ],
    [
      'Beside the well {he} met {firstWho}. "I would give {second} for that," was the answer when {hero} showed what {he} had bought. So they traded.',
      'There came {firstWho}. {hero} thought for a moment and gave {theFirst} away. In return {he} got {second}.',
      'Not far away there was {firstWho}. "Take it," said {hero}, and for {theFirst} {he} was given {second}.',
    ],
    oneOf(
      {
        set: {
          end: '{he} traded until {he} had {buy}',
          lesson: 'a kind deed can bring you further than a coin',
        },
        steps: [
          [
            'Then {he} saw {secondWho}. {hero} did not think long and gave {theSecond} away, for nothing at all.',
            'A bit later {he} came past {secondWho}. {He} looked at what {he} had, and {he} gave it with a smile.',
          ],
          [
            'A farmer had seen it. "You have a good heart," she said. "What do you need?" "{buy}," said {hero}. And the farmer put it into {his} basket.',
            '"That was kind," said a voice behind {him}. It was a woman with a stand. "You need {buy}? Here, this is for you."',
          ],
          [
            '"Well done," said {elder} at home. "And what did it cost?" "That is a long story," said {hero}.',
            '{hero} ran home with a full basket and told {elder} everything, from the first step to the last.',
          ],
        ],
      },
      {
        set: { end: '{he} told the truth at home', lesson: 'you can make a mistake and be honest about it' },
        steps: [
          [
            'That was nice, but it was not {buy}. The market closed, and {hero} walked home very slowly.',
            'With {theSecond} {he} went from stand to stand, but nobody wanted to trade it for {buy}.',
          ],
          [
            '"I forgot {theBuy}," {he} said to {elder}. "I bought something else, and then I traded it. I am sorry." {elder} looked at {theSecond} and began to smile. "Do you know that I have wanted this for years?"',
            'At the door {he} told the truth, because it was the shortest way. {elder} sighed. Then {ehe} laughed. "Then we will eat {food} today, and tomorrow we will go together."',
          ],
        ],
      },
    ),
    [
      'From then on {he} tied a knot into a cloth, so that {he} would not forget.',
      'In bed {he} could still hear the market.',
      'That evening they had a very good supper.',
      '"When is the next market?" asked {hero}.',
    ],
  ],
  more: [
    'The next week {hero} went to the market again. {He} walked past all the pretty things with {his} eyes almost shut. First {he} bought what {he} needed, and then {he} opened {his} eyes.',
    '{hero} and {elder} set up a stand of their own. They sold {food}, and they sold it all. At the end there were twelve coins in the box.',
    'On the road {hero} met one of the people from the market. They said hello like old friends. "How is {theFirst}?" asked {hero}.',
  ],
  shorter: [
    'A {quality} {kind} should buy {buy} at the market, bought {first} with the only coin, and {end}.',
    '{hero} went to the market for {buy} and forgot about it. In the end {end}.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} was excited, then worried about the coin, and {glad} in the end.',
    '{He} was a little ashamed that {he} had forgotten {theBuy}.',
  ],
  asks: [
    ['What should {hero} buy?', '{He} should buy {buy}.'],
    ['What did {hero} buy first?', '{He} bought {first}.'],
    ['Who sent {him} to the market?', '{elder} sent {him} there.'],
    ['What happened in the end?', 'In the end {end}.'],
  ],
};

const climbing: Plot = {
  name: 'climbing',
  about: [
    'who climbed too high',
    'who was stuck in a tree',
    'who wanted to touch the clouds',
    'who could not get down again',
  ],
  things: ['a tall tree', 'a tree and a ladder', 'a tower'],
  not: [
    'squirrel',
    'owl',
    'cat',
    'kitten',
    'monkey',
    'duck',
    'hen',
    'elephant',
    'pony',
    'raccoon',
    'donkey',
    'turtle',
  ],
  qualities: ['brave', 'curious', 'lively', 'little', 'small', 'young', 'proud'],
  cast: ['friend'],
  slots: {
    tree: ['apple tree', 'oak', 'pine tree', 'chestnut tree'],
    wish: ['see the sea', 'touch a cloud', 'look into a nest', 'see the whole world', 'wave to the moon'],
  },
  steps: [
    [
      'The {tree} behind the house was so tall that its top was in the clouds. {hero} wanted to climb it and {wish}.',
      '"From up there I could {wish}," said {hero} {oneDay}, and {he} looked up at the old {tree}.',
      '{hero} had been told not to climb the {tree}. But {oneDay} {he} wanted to {wish}, and nobody was looking.',
      '{oneDay} {hero} stood under a great {tree}. Its branches were like a ladder that someone had put there just for {him}.',
    ],
    [
      'Up {he} went, one branch and then the next. It was easy!',
      '{He} put a foot here and a {hand} there and pulled. The grass was already far away.',
      '"Do not go too high," called {friend} from the ground. "Only a little more," {hero} called back.',
    ],
    [
      'A beetle went past {him}, and a bird was surprised to see {him}.',
      'Higher and higher {he} went. The branches became thin and began to sway.',
      'The wind was stronger here, and the leaves whispered.',
    ],
    [
      'At the top {he} looked around. It was wonderful. There were fields and roofs, and far away something shone like silver.',
      'Then {he} was there. {He} could see everything, all the roads and the river and a tiny horse.',
      '{hero} put {his} head out of the leaves. The world was big and blue and round.',
    ],
    [
      'Then {he} looked down. That was a mistake. Everything turned, and {he} held on with all {his} might.',
      'But how do you get down? {hero} felt with one foot and found only air.',
      '"Now I will go down again," {he} said. But {his} legs would not do it. They were shaking.',
    ],
    [
      '"Help!" {he} called. "I am stuck!" {friend} looked up. {hero} was as small as an apple.',
      '{friend} heard a thin voice. "I want to come down, but I cannot!"',
      'A long time {he} said nothing, because {he} did not want to look silly. Then {he} called for {friend}.',
    ],
    oneOf(
      {
        set: {
          down: '{friend} told {him} where to put {his} feet',
          lesson: 'hard things become easy when you do one step at a time',
        },
        steps: [
          [
            '"Do not look down," said {friend}. "Look at the branch in front of you. Now your left foot. Good! Now the right one."',
            '"I can see what you cannot see," called {friend}. "There is a branch just under your foot. A bit to the left. There!"',
          ],
          [
            'So they did it together. One of them had the feet, and the other had the eyes.',
            'Branch by branch {hero} came down, and {friend} counted them. There were thirty-one.',
          ],
        ],
      },
      {
        set: {
          down: 'all the neighbors held a blanket',
          lesson: 'you should not be too proud to ask for help',
        },
        steps: [
          [
            '{friend} ran from door to door. {soon} they all came with a big blanket. They held it tight under the tree. "Jump!" they said.',
            '{friend} brought the baker, the miller and the teacher. They held a blanket between them. "We will catch you!"',
          ],
          [
            '{hero} shut {his} eyes and let go. Whoosh! {He} fell through the leaves, landed in the middle, and flew up again a little.',
            'It took {him} a long time. At three {he} jumped. It was like falling into a soft cloud.',
          ],
        ],
      },
      {
        set: {
          down: '{friend} came with a ladder',
          lesson: 'before you go up, think about how to come down',
        },
        steps: [
          [
            '{friend} did not wait. {Fhe} got the long ladder from the barn. It was heavy, and {fhe} had to stop three times.',
            'There was a ladder in the orchard. {friend} put it up against the tree and climbed as high as it went.',
          ],
          [
            '"Give me your {hand}," said {friend}, and {hero} did.',
            'The last bit was the hardest. But then {hero} felt the ladder under {his} foot, and {friend} held {him} tight.',
          ],
        ],
      },
    ),
    [
      'When {he} stood in the grass again, {he} could have kissed it. And then {he} did.',
      '"And what did you see?" asked {friend}. "Everything," said {hero}. "But from here it is nicer."',
      'The next time {he} climbed only half as high, and {friend} came along.',
      'They tied a red ribbon to a branch in the middle. "Up to here," they said, "and no further."',
    ],
  ],
  more: [
    'Some days later they built a seat in the {tree}, not too high. A rope ladder went up to it. From there one could not see everything, but enough.',
    'A week later a ball got stuck in the {tree}. {hero} looked up for a while. Then {he} went to get the ladder first.',
    '{hero} made a picture of what {he} had seen from the top. There was the river, and there was the tiny horse. {friend} looked at it and felt as if {fhe} had been there, too.',
  ],
  shorter: [
    'A {quality} {kind} climbed too high in a tree and could not get down until {down}.',
    '{hero} wanted to {wish}, got stuck at the top of a tree, and then {down}.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} was brave on the way up and afraid on the way down.',
    '{He} was scared at the top. On the ground {he} was {glad}.',
  ],
  asks: [
    ['Why did {hero} climb the tree?', '{He} wanted to {wish}.'],
    ['How did {hero} get down?', 'This is how {he} got down: {down}.'],
    ['What tree was it?', 'It was a tall {tree}.'],
    ['Who helped {him}?', 'The {fkind} helped {him}.'],
  ],
};

const wayHome: Plot = {
  name: 'journey home',
  about: [
    'who was on the way home',
    'who missed home',
    'who went on a long journey home',
    'who wanted to be home before winter',
  ],
  things: ['a long journey', 'a heavy bag', 'a road and a river', 'the way home'],
  cast: ['friend', 'elder'],
  slots: {
    from: ['a big city', 'a village over the mountains', 'the far north', 'a farm in the south'],
    gift: ['a jar of honey', 'a blue shawl', 'a new pipe', 'a box of tea', 'a warm pair of socks'],
    obstacle: [
      { obstacle: 'a wide river', solve: 'they sat on a log and used their bags as sails' },
      { obstacle: 'a deep ditch', solve: 'they pushed a fallen tree over it' },
      { obstacle: 'a high wall', solve: 'one stood on the back of the other' },
      { obstacle: 'a gate with a lock', solve: 'they dug a small hole under it' },
    ],
  },
  steps: [
    [
      '{hero} had been away for a whole year, in {from}. Now {he} wanted only one thing. {He} wanted to go home to {elder}.',
      '"It is time," said {hero} {oneDay}. {He} had been in {from}, and {he} missed {elder} more and more.',
      'The leaves were turning yellow. {hero} was far away in {from}, and {he} thought of home.',
      '{hero} packed {his} bag. On top {he} put {gift} for {elder}. Then {he} left {from} and set out for home.',
    ],
    [
      'The road was long. It went up, and it went down, and at every turn there was one more turn.',
      '{He} walked all day, and at night {he} slept in the hay.',
      'On the first day {he} sang. On the second day {he} hummed. On the third day {he} was quiet.',
    ],
    [
      'There {he} met {friend}, who sat beside the road with a hole in {fhis} shoe. "Where are you going?" asked {hero}. "The same way as you," {fhe} said.',
      'On the third day {hero} was not alone any more. {friend} was going the same way, and two on a road are better than one.',
      '"May I walk with you?" asked {friend} at a crossing. {hero} was happy to have someone to talk to.',
    ],
    anyOrder(
      [
        '{hero} shared {his} bread, and {friend} shared {fhis} songs.',
        'When {friend} was tired, {hero} carried both bags. When {hero} was tired, they sat down.',
        'They told each other about home. In their stories the {food} became better every time.',
      ],
      [
        'Then they came to {obstacle}. "Now what?" asked {hero}. They thought about it, and then {solve}.',
        'In front of them there was {obstacle}. Alone nobody could have done it, but {solve}.',
        '{suddenly} the road ended at {obstacle}. It took them half a day, but {solve}.',
      ],
    ),
    maybe(
      'A cold wind came from the north and pushed them along.',
      'One night the first snow fell, and they walked faster.',
      'Wild geese flew over them. They were going the other way.',
      'A farmer gave them milk and would not take a coin for it.',
    ),
    oneOf(
      {
        set: { lesson: 'the way is shorter with a friend', end: 'there was room at home for both of them' },
        steps: [
          [
            'At last {hero} saw the smoke over the roof. "There it is!" {he} cried. Then {he} saw that {friend} had stopped. "I have no one who waits for me," {fhe} said.',
            'Behind the last hill there was a light in a window. {hero} began to run, and then {he} turned around. "Where is your home?" {he} asked. {friend} looked at the ground. "I do not have one," {fhe} said.',
          ],
          [
            '"You do now," said {hero}, and {he} took {fhim} by the hand.',
            '"Then come in with me," said {hero}. "There is room for one more at the table."',
          ],
        ],
      },
      {
        set: {
          lesson: 'home is where someone waits for you',
          end: 'there was a light in the window for {him}',
        },
        steps: [
          [
            'At a stone with a hole in it they said goodbye, for {friend} had to turn left. "Come and see me," {fhe} said. Then {hero} went the last part alone.',
            'Here their ways parted. {friend} gave {him} a button from {fhis} coat. "So that you remember me." {hero} walked on, and {he} walked faster and faster.',
          ],
          [
            'It was already dark. But at home there was a light in the window. It had been there every night for a whole year.',
            '{He} knew every stone now, and every tree. And there was the house, and the lamp was on.',
          ],
        ],
      },
    ),
    [
      '{elder} opened the door, and for a moment nobody said a word. Then {hero} was in {ehis} arms.',
      '"You have grown," said {elder} and wiped {ehis} eyes. {hero} gave {ehim} {gift}.',
      '"I knew your step," said {elder}. On the table there was {food}, as if {ehe} had known the day.',
    ],
    [
      'That night {hero} slept in {his} own bed, and the wind could blow as much as it wanted.',
      'The bag stood in the corner. It would stay there for a long time.',
      'Everything was smaller than {he} remembered, and everything was just right.',
      'They talked until the fire was out.',
    ],
  ],
  more: [
    'In spring {hero} planted a tree beside the road, so that people on a journey could sit in the shade. {friend} came to help. They hung a cup next to the well.',
    'The next day {hero} walked through the rooms and touched everything. Then {he} mended the fence, the roof and the door. {elder} sat in the sun and looked at {him}.',
    'All winter {hero} told about {from} and about the road. {elder} loved best the part with {theObstacle}. {Ehe} wanted to hear it every evening.',
  ],
  shorter: [
    'A {quality} {kind} went on a long journey home with a {fkind}, and {end}.',
    '{hero} came home from far away with {gift} for {elder}, and {end}.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} missed home very much. When {he} was there, {he} was {glad}.',
    '{He} was tired and longed for home, and at last {he} felt safe and warm.',
  ],
  asks: [
    ['What was in the way?', 'There was {obstacle} in the way, but {solve}.'],
    ['Who did {hero} meet?', '{He} met a {fkind} on the road.'],
    ['What did {hero} bring home?', '{He} brought {gift} for {elder}.'],
    ['Who was waiting at home?', '{elder} was waiting at home.'],
  ],
};

export const GOING: readonly Plot[] = [race, market, climbing, wayHome];
