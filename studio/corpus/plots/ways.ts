import { anyOrder, maybe, oneOf, type Plot } from './plot.ts';

/** Up a tree, and home from far away. */

const climbing: Plot = {
  name: 'climbing',
  about: [
    'who climbed too high',
    'who was stuck in a tree',
    'who wanted to {wish}',
    'who could not get down again',
  ],
  things: ['a tall tree'],
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
    'cow',
    'dragon',
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
      '{He} climbed up from one branch to the next. It was easy!',
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
      'But when {hero} wanted to climb down, {he} did not know how.',
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
  about: ['who was on the way home', 'who missed home', 'who went on a long journey home'],
  things: ['a long journey', 'a heavy bag', '{obstacle}', 'the way home'],
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

export const WAYS: readonly Plot[] = [climbing, wayHome];
