import { maybe, oneOf, type Plot } from './plot.ts';

/** Friends who share and friends who quarrel. */

const sharing: Plot = {
  name: 'sharing',
  about: [
    'who would not share {his} {thing}',
    'who did not want to share',
    'who learned to share',
    'who kept the {thing} for {himself}',
  ],
  things: ['a {thing}', 'a {color} {thing}', 'sharing'],
  qualities: ['proud', 'little', 'young', 'lively', 'small', 'clever'],
  cast: ['friend'],
  slots: {
    thing: ['ball', 'kite', 'swing', 'sled', 'boat', 'wagon', 'cake', 'jump rope', 'box of paints', 'drum'],
    why: ['it is mine', 'you could break it', 'I had it first', 'I want it for myself'],
  },
  steps: [
    [
      '{hero} got a new {thing}. It was {color}, and nobody else had one like it.',
      'There was a new {color} {thing} in the yard of {hero}, and {he} would not let it out of {his} sight.',
      '"Look what I have!" called {hero} {oneDay}. {He} had the best {thing} that anyone had ever seen.',
      '{oneDay} {hero} carried a {color} {thing} out into the sun.',
      'On {his} birthday {hero} was given a {thing}. {He} looked at it from all sides and was very proud.',
    ],
    [
      '{friend} came running. "May I try it, too?" {fhe} asked.',
      'It was not long before {friend} came to see. "Oh, how nice! Can we use it together?"',
      '{friend} looked over the fence. "Will you share with me?"',
      '"Please, can I have a turn?" asked {friend}, who had no {thing}.',
    ],
    [
      '"No," said {hero}, "{why}." {friend} went away with {fhis} head down.',
      'But {hero} shook {his} head. "No! {why}." So {friend} turned around and left.',
      '{hero} put both arms around it. "You can look, but you cannot touch," {he} said. "{why}!"',
      '"Not today," {hero} answered, "and not tomorrow. {why}."',
    ],
    [
      'So {hero} played alone. It was fun for a while. Then it was less fun, and at last it was no fun at all.',
      'All morning {he} was alone with the {thing}. It was very quiet in the yard.',
      '{hero} said, "Look at me!" But there was no one to look.',
      'Alone {he} did not know what to do with it. {He} yawned and sat down in the grass.',
      'From the other side of the fence {he} could hear the others laugh. {hero} had the {thing}, and they had all the fun.',
    ],
    oneOf(
      {
        set: { lesson: 'things are more fun when you share them', turn: '{he} was lonely' },
        steps: [
          [
            '{hero} thought for a long time. Then {he} got up, took the {thing}, and went to find {friend}.',
            '"What good is it if I am alone?" {he} asked {himself}. And {he} ran to the fence.',
            'A small sad feeling sat in {his} tummy. There was only one way to make it go away.',
          ],
          [
            '"I am sorry," said {hero}. "Do you still want a turn? You can go first."',
            '"Will you play with me?" {he} asked very softly. "It is no fun without you."',
            '"Here," {he} said, and {he} put the {thing} in front of {friend}. "It is for both of us."',
          ],
        ],
      },
      {
        set: {
          lesson: 'someone who shares with you makes you want to share, too',
          turn: '{friend} shared first',
        },
        steps: [
          [
            'At noon {hero} was hungry, and {he} had nothing to eat. {friend} saw it and broke {fhis} bread in two. "Half for you," {fhe} said.',
            'Then it began to rain, and {hero} had no umbrella. {friend} held {fhis} own over both of them and said nothing.',
            '{hero} fell down and hurt {his} knee. It was {friend} who came first and gave {him} a clean cloth and an apple.',
          ],
          [
            '{hero} felt {his} ears get warm. "You share with me," {he} said, "and I did not share with you. Come, we will play with the {thing}."',
            '"Why are you so good to me?" asked {hero}. "Because you are my friend," was the answer. So {hero} brought the {thing}.',
          ],
        ],
      },
    ),
    [
      'They took turns all afternoon. First one, then the other, and then both at the same time.',
      'And now it was fun! They laughed until they could not stand.',
      '{friend} knew a new game with it that {hero} had never thought of.',
      'What a day that was! They only stopped when it was too dark to see.',
    ],
    [
      '"It is the best {thing} of all," said {hero} in the evening, "because it is ours."',
      'Since then, when someone asks, "May I?", {hero} says, "Yes, come in!"',
      'In the end {hero} said, "Come again tomorrow." And {friend} did.',
      'That night {hero} went to bed tired and {glad}. It was good to share.',
    ],
  ],
  more: [
    'The next morning three other children stood at the gate. {hero} counted them and smiled. "We will need longer turns," {he} said, and they all came in.',
    'Later {friend} got a new book with many pictures. {Fhe} did not open it alone. {Fhe} ran to {hero}, and they read it together.',
    'One day the {thing} broke. {hero} was sad, but {friend} knew how to mend it. They worked on it together, and it was as good as new.',
  ],
  shorter: [
    'A {quality} {kind} would not share {his} {thing} until {turn}, and then it was much more fun.',
    '{hero} kept {his} {thing} for {himself}, was alone, and learned to share it with a friend.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.', '{He} learned to share.'],
  feel: [
    'At first {hero} was proud, then {he} was lonely, and in the end {he} was happy.',
    '{He} felt alone until {he} shared the {thing}.',
  ],
  asks: [
    ['Why did {hero} change {his} mind?', '{He} changed {his} mind because {turn}.'],
    ['What did {hero} not want to share?', '{He} did not want to share {his} {color} {thing}.'],
    ['Was it fun to play alone?', 'No, it was not much fun to play alone.'],
  ],
};

const quarrel: Plot = {
  name: 'quarrel',
  about: [
    'who had a quarrel with a friend',
    'and a friend who were angry with each other',
    'who was angry with {his} friend',
    'who said sorry to a friend',
  ],
  things: ['a quarrel', 'two friends', 'a {build}'],
  cast: ['friend'],
  slots: {
    build: ['tree house', 'sand castle', 'snow fort', 'little boat', 'tower', 'tent'],
    mine: ['big and tall', 'round', 'all {color}', 'with a flag on top'],
    other: ['small and safe', 'with many windows', 'with a long roof', 'quite plain'],
  },
  steps: [
    [
      '{hero} and {friend} were best friends. {oneDay} they wanted to build a {build}.',
      '{hero} had a good friend. It was {friend}, and the two of them did everything together. This time it was a {build}.',
      '"Let us make a {build}," said {hero} {oneDay}. "Yes, let us!" said {friend}, {his} best friend.',
      '{hero} was happy, because {friend} was coming to build a {build} with {him}.',
    ],
    [
      '{hero} wanted it to be {mine}. {friend} wanted it to be {other}.',
      '"It must be {mine}," said {hero}. "No, it must be {other}," said {friend}.',
      'All went well until they had to say how it should look. One said {mine}, the other said {other}.',
      'They could not agree. {hero} wanted it to be {mine}, but {friend} wanted it to be {other}.',
    ],
    [
      '"My way!" shouted one. "My way!" shouted the other. Then they pulled, and the {build} fell down.',
      'They both talked louder and louder. At last {hero} kicked the wall, and everything broke.',
      '"You never listen!" cried {hero}. "And you always want to be first!" cried {friend}. Crash! The {build} was only a heap now.',
      'They pushed each other, and one of them fell right into the {build}. That was the end of it.',
    ],
    [
      '{friend} ran to one side and {hero} to the other. "I will never play with you again!"',
      '{hero} went home and shut the door. {He} was so angry that {he} could not eat.',
      'They sat back to back and did not say a word.',
      'Both went home, and the sun went behind a cloud.',
    ],
    maybe(
      'The next day was long. {hero} did not know what to do alone.',
      'In the night {hero} could not sleep. {He} kept thinking about what {he} had said.',
      '"I do not need {fhim}," {he} said to the wall. The wall said nothing.',
      '{hero} tried to build one alone, but one {hand} was always missing.',
    ),
    oneOf(
      {
        set: { lesson: 'it is brave to say sorry first', solved: '{hero} said sorry first' },
        steps: [
          [
            '{hero} knew what {he} had to do, and it was hard. {He} walked to the house of {friend} and knocked. "I am sorry," {he} said.',
            'At last {he} stood up. "Someone has to be the first," {he} said, and {he} went over. "I am sorry that I shouted at you."',
            'With slow steps {hero} went to find {friend}. The words were stuck in {his} mouth, but then they came out. "I am sorry."',
          ],
          [
            '"I am sorry, too," said {friend}. "I was sad all day." And then everything was easy.',
            '{friend} began to smile. "I wanted to come to you and say the same thing!"',
            'For a moment it was quiet. Then {friend} said, "I missed you," and they hugged.',
          ],
        ],
      },
      {
        set: {
          lesson: 'two ideas together can be better than one',
          solved: 'they put their two ideas together',
        },
        steps: [
          [
            'Then it began to rain. They both ran to the same tree and had to stand close together. {hero} looked at {friend}, and {friend} looked at {hero}. They had to laugh.',
            'A ball of leaves rolled by, and they both ran after it and bumped heads. "Ouch!" they said at the same time, and then they laughed.',
            '{hero} found the cup that {friend} had left behind. {He} brought it back, and there they stood. "Hello," said one. "Hello," said the other.',
          ],
          [
            '"What if it is {mine}, and also {other}?" asked {hero}. {friend} thought about it. "That could be the best one ever."',
            '"I could like your way," said {friend}. "And I could like yours," said {hero}. "Let us do both!"',
          ],
        ],
      },
    ),
    [
      'So they began again. This time they asked each other before each step.',
      'They worked all day, and nobody shouted.',
      'One held and the other tied. One carried and the other put it in its place.',
    ],
    [
      'When the {build} was ready, they sat in front of it and shared {food}.',
      'It was not {mine}, and it was not {other}. It was both, and they loved it.',
      '"It is a very good {build}," said {hero}. "But you are a better friend."',
      'In the evening they could not say who had done what. It did not matter.',
    ],
  ],
  more: [
    'Some days later they did not agree again, about a game. {hero} opened {his} mouth to shout, and then {he} closed it. "You choose today, and I choose tomorrow," {he} said.',
    'They put a sign on it. There were two names on the sign, and both were the same size. Everyone who came by stopped to look.',
    'The next day a storm took half of it away. They only laughed. "Now we can build it a third time," said {friend}.',
  ],
  shorter: [
    'Two friends had a quarrel about a {build}, but {solved}, and they built it again.',
    '{hero} and {his} friend could not agree how to build a {build}, and then {solved}.',
  ],
  lesson: [
    '{hero} learned that {lesson}.',
    'The {kind} learned that {lesson}.',
    'They both learned that {lesson}.',
  ],
  feel: [
    '{hero} was angry first, then sad, and {glad} when they were friends again.',
    '{He} was angry and lonely, but it ended well.',
  ],
  asks: [
    ['Why did they quarrel?', 'They could not agree how the {build} should look.'],
    ['What did they build?', 'They built a {build}.'],
    ['How did they become friends again?', 'They became friends again because {solved}.'],
    ['What did {hero} want?', '{hero} wanted it to be {mine}.'],
  ],
};

export const SHARING: readonly Plot[] = [sharing, quarrel];
