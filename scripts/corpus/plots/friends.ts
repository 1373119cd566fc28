import { anyOrder, maybe, oneOf, type Plot } from './plot.ts';

/** Sharing, quarrels, jealousy, gifts, and how friends are made. */

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
    thing: [
      'ball',
      'kite',
      'swing',
      'sled',
      'boat',
      'wagon',
      'big cake',
      'jump rope',
      'box of paints',
      'drum',
    ],
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
      '{hero} went to bed tired and {glad}. Half a {thing} can be more than a whole one.',
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
      'Should it be {mine} or {other}? They could not agree.',
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

const jealousy: Plot = {
  name: 'jealousy',
  about: [
    'who was jealous',
    'who was jealous of a new friend',
    'whose best friend had a new friend',
    'who felt left out',
  ],
  things: ['a new friend', 'three friends'],
  cast: ['friend'],
  slots: {
    newcomer: ['lizard', 'snail', 'sparrow', 'beaver', 'swan', 'hamster', 'parrot'],
    game: [
      'play hide and seek',
      'go fishing',
      'jump over the stream',
      'fly kites',
      'roll down the hill',
      'paint stones',
    ],
  },
  steps: [
    [
      '{hero} and {friend} met every day to {game}.',
      'Every day {hero} went to {friend}, and every day they would {game}.',
      '{hero} had the best friend of all. It was {friend}. Nobody could {game} like the two of them.',
      'Nothing was better for {hero} than to {game} with {friend}.',
    ],
    [
      '{oneDay} a {newcomer} moved in next door. "Come and play with us!" {friend} called over the fence. {hero} did not like that.',
      'Then a {newcomer} came to live {place}, and {friend} asked the {newcomer} to join them.',
      'But {oneDay} {hero} came a little late, and {friend} was already playing with a {newcomer}.',
      'One day there was somebody new. It was a {newcomer} who knew no one.',
    ],
    [
      '{friend} laughed about everything that the {newcomer} said. {hero} did not laugh.',
      'The two whispered and giggled. {hero} stood beside them and felt like an old chair.',
      'The {newcomer} could do everything, and {friend} clapped and clapped. Nobody clapped for {hero}.',
      '"Come on, {call}!" they called. But {hero} turned {his} back.',
    ],
    [
      'There was something hot and heavy in {his} chest. "{friend} is my friend," {he} thought, "not yours."',
      '"I hope the {newcomer} moves away again," {he} said to {himself}.',
      'At home {he} sat on the step and threw little stones at a can. Ping. Ping. Ping.',
      '{hero} went away without a word and hid behind the barn.',
    ],
    maybe(
      'Somewhere far away the others were calling {him}.',
      'Even {food} did not taste good that day.',
      'It began to rain, and that was just right for {hero}.',
      '"Nobody needs me," {he} said to a passing ant.',
    ),
    oneOf(
      {
        set: {
          lesson: 'a friend can have another friend and still like you',
          turn: '{friend} came and told {him} so',
        },
        steps: [
          [
            'Then {friend} came around the corner. "I have looked for you everywhere! Why did you go?"',
            'A shadow fell on {his} feet. It was {friend}. "There you are. It is no fun without you."',
          ],
          [
            '{hero} said it very fast. "You do not like me any more." "But I do!" said {friend}. "My heart does not get smaller when one more comes in."',
            '"You have the {newcomer} now," said {hero}. {friend} sat down close to {him}. "I have two friends now. You are still the oldest and the best."',
            '"You like the {newcomer} better," {hero} said. {friend} shook {fhis} head. "One sun can shine on two flowers," {fhe} said.',
          ],
        ],
      },
      {
        set: {
          lesson: 'someone who is new may feel more alone than you',
          turn: 'the {newcomer} was lonely, too',
        },
        steps: [
          [
            'Then {he} heard someone cry softly. It was the {newcomer}. "You do not like me," the {newcomer} said, "and I have no one here."',
            '{soon} the {newcomer} came alone. "I did not want to take your friend," the {newcomer} said. "I only wanted to have one, too."',
          ],
          [
            '{hero} had not thought of that. {He} remembered how it is to be new. "Come," {he} said, "I will show you everything."',
            'All at once the hot feeling was gone. "You can have half of my apple," said {hero}, and the {newcomer} took it.',
          ],
        ],
      },
    ),
    [
      'They went back, and now there were three to {game}. With three it was even better.',
      'That afternoon the three of them tried to {game}, and it was the best time they ever had.',
      '{hero} showed the {newcomer} all the tricks, and {friend} smiled.',
    ],
    [
      'And if you go there today, you will see three friends and not two.',
      'In the evening {hero} counted on {his} {hand}. One friend, two friends. {He} was rich.',
      'On the way home {hero} walked in the middle.',
      'That night {he} fell asleep with a light heart.',
    ],
  ],
  more: [
    'The next week another family moved in. Now it was {hero} who went over first. "Hello," {he} said. "Do you want to play with us?"',
    'They made a club for three and wrote the rules on a big leaf. The first rule was, "Nobody is left out." There was no second rule.',
    'When the {newcomer} had a birthday, {hero} made the biggest gift. It was a bench, and it was just long enough for three.',
  ],
  shorter: [
    'A {quality} {kind} was jealous of a {newcomer}, until {turn}, and then they were three friends.',
    '{hero} felt left out when a {newcomer} came, but in the end all three played together.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} was jealous and felt left out. In the end {he} was {glad} to have two friends.',
    '{He} felt hot and angry inside, and later {his} heart was light.',
  ],
  asks: [
    ['Why was {hero} jealous?', '{He} was jealous because {his} best friend played with a {newcomer}.'],
    ['Who was new?', 'A {newcomer} was new.'],
    ['Why did it get better?', 'It got better because {turn}.'],
    ['What did they like to do?', 'They liked to {game}.'],
  ],
};

const gift: Plot = {
  name: 'gift',
  about: [
    'who made a gift for a friend',
    'who had no money for a gift',
    'who wanted to give {his} friend a {gift}',
    'who looked for the right gift',
  ],
  things: ['a gift', 'a {gift}', 'a birthday gift'],
  cast: ['friend'],
  slots: {
    gift: [
      { gift: 'necklace of shells', part: 'shells', from: 'the beach' },
      { gift: 'crown of flowers', part: 'flowers', from: 'the meadow' },
      { gift: 'pillow of feathers', part: 'feathers', from: 'the yard' },
      { gift: 'picture of leaves', part: 'leaves', from: 'the park' },
      { gift: 'lamp of colored paper', part: 'bits of paper', from: 'an old drawer' },
      { gift: 'chain of nuts', part: 'nuts', from: 'the woods' },
    ],
    wish: [
      'a drum in the shop',
      'a fine silver cup',
      'a big book with gold on it',
      'a new coat',
      'a glass ship',
    ],
  },
  steps: [
    [
      'Tomorrow was the birthday of {friend}. {hero} had no gift yet, and {he} had no money.',
      '{hero} counted {his} coins. There was one coin, and it was very small. But {friend} had a birthday the next day!',
      '{hero} wanted to give something to {friend}, who had a birthday the next day. "It must be something special," {he} said.',
      '{hero} had a friend who was always kind to {him}. It was {friend}. {oneDay} {hero} wanted to give something back.',
    ],
    [
      'In the town {he} saw {wish}. It cost too much, of course.',
      '{hero} stood in front of a window and looked at {wish}. "I can never buy that," {he} said.',
      'There was {wish}, but {his} pocket was empty.',
      '{He} asked what {wish} would cost. The man in the shop only laughed.',
    ],
    [
      'On the way home {he} kicked a stone. Then {he} saw pretty {part} on the ground, and {he} had an idea.',
      'Sadly {he} walked on. But what was that? There were {part} all around {him}, and they were beautiful.',
      '"If I cannot buy a gift, I can make one," {he} said, and {he} went to find {part}.',
      '{hero} sat down to think. {His} eyes fell on some {part}. Why not?',
    ],
    anyOrder(
      [
        'From {from} {he} took the best ones, one by one.',
        '{He} needed many {part}, and {he} looked through all of {from} for them.',
        'Back and forth {he} went to {from} until {he} had enough.',
      ],
      [
        'Some were too big and some were broken. {hero} was very careful.',
        'A few had funny forms, and those were the ones {he} liked most.',
        'The ugly ones {he} left where they were.',
      ],
    ),
    [
      'All evening {he} worked with needle and thread, and at last the {gift} was done.',
      'It was slow work. It fell apart two times, and two times {he} began again. Then it was a real {gift}.',
      'Late at night a small lamp was still burning. {hero} was making a {gift}.',
      'Bit by bit it turned into a {gift}. It was not perfect, but it was made with love.',
    ],
    [
      'The next day everyone brought big boxes with ribbons. {hero} held {his} gift behind {his} back.',
      'There were so many fine gifts on the table! {hero} wanted to hide {his} own.',
      '"It is only a small thing," {hero} said, and {he} looked at {his} feet.',
      'When it was {his} turn, {hero} could hardly speak. "I made it for you."',
    ],
    oneOf(
      {
        set: {
          lesson: 'a gift that you make yourself can be the best of all',
          reply: 'it was the best gift of the day',
        },
        steps: [
          [
            '{friend} opened it and did not say anything. Then {fhe} hugged {hero}. "You made this for me? It is the best of all."',
            '"Nobody else in the world has one like it," said {friend}, and {fhe} put all the other gifts aside.',
            'The eyes of {friend} grew big. "How long did this take you?" {fhe} asked. "All of yesterday," said {hero}. "Then you gave me a whole day," said {friend}.',
          ],
        ],
      },
      {
        set: { lesson: 'kindness comes back to you', reply: '{friend} had a gift for {hero}, too' },
        steps: [
          [
            '{friend} laughed out loud and ran to the cupboard. {Fhe} had made something for {hero}, too! It was a {gift}, and it looked almost the same.',
            '"Wait," said {friend}. "I have something for you as well." And what was it? A little card with a picture of the two of them.',
            'Then {friend} took the hand of {hero}. "I had only one birthday wish," {fhe} said, "and that was that you would come."',
          ],
        ],
      },
    ),
    [
      'The {gift} still has the best place in the house of {friend}.',
      'After that they all ate {food} and danced.',
      '{hero} walked home under the stars, and {his} pocket was still empty, but {his} heart was full.',
      'Since then {hero} has never been sad about an empty pocket.',
    ],
  ],
  more: [
    'Soon others asked {hero} for a {gift}, too. {He} did not want money for it. So they gave {him} {food}, and everyone was happy.',
    'The next day {friend} came to learn how it was made. They sat at the table together and made ten more of them.',
    'Some weeks later the {gift} broke. {friend} cried, but {hero} still had a few {part}. In an hour it was whole again.',
  ],
  shorter: [
    'A {quality} {kind} had no money for a gift, so {he} made a {gift} out of {part}, and {reply}.',
    '{hero} could not buy a gift for {his} friend, and made a {gift}.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} was worried about {his} gift, and then {he} was {glad} that {friend} liked it.',
    '{He} was shy about it at first and proud in the end.',
  ],
  asks: [
    ['What was the gift?', 'The gift was a {gift}.'],
    ['What was it made of?', 'It was made of {part}.'],
    ['Where did the {part} come from?', 'The {part} came from {from}.'],
    ['Did the {fkind} like it?', 'Yes, the {fkind} liked it very much.'],
    ['Why did {hero} not buy something?', '{He} had no money.'],
  ],
};

export const FRIENDS: readonly Plot[] = [sharing, quarrel, jealousy, gift];
