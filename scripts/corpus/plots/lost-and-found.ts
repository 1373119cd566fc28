import { anyOrder, maybe, oneOf, type Plot } from './plot.ts';

/** What is lost, and where it turns up. */

const lostThing: Plot = {
  name: 'lost thing',
  about: [
    'who lost {his} {thing}',
    'who could not find {his} {thing}',
    'who looked everywhere for {his} {thing}',
    'and a lost {thing}',
    'whose {thing} was gone',
  ],
  things: ['a {thing}', 'a lost {thing}', 'a {color} {thing}'],
  cast: ['friend'],
  slots: {
    thing: [
      'hat',
      'scarf',
      'coat',
      'ball',
      'book',
      'bell',
      'basket',
      'kite',
      'drum',
      'blanket',
      'spoon',
      'whistle',
    ],
    giver: ['grandmother', 'best friend', 'uncle', 'aunt', 'sister', 'big brother'],
    wrong: [
      'under the bed',
      'behind the door',
      'under the stairs',
      'in the tall grass',
      'behind the old fence',
    ],
    worse: ['in the kitchen', 'by the well', 'under the bench', 'between the flowers', 'next to the gate'],
  },
  steps: [
    [
      '{hero} had a {color} {thing}. It was a gift from {his} {giver}, and {he} took it everywhere.',
      'More than anything else, {hero} loved {his} {color} {thing}. "It is the best {thing} in the world," {he} [often|always] said.',
      '{hero} had only one {thing}. It was {color} and a little old, but {he} liked it very much.',
      'Every day {hero} played outside, and {his} {color} {thing} was always with {him}.',
      'For {his} birthday {hero} got a {color} {thing} from {his} {giver}. {He} was so proud of it!',
      'There was one thing that {hero} never left at home. It was a {color} {thing}.',
    ],
    [
      '{oneDay} the {thing} was gone. "Where is it?" cried {hero}.',
      'But {oneDay} {hero} woke up, and the {thing} was not there.',
      '{oneDay} {he} looked for it and could not find it. Oh no! The {thing} was lost.',
      'Then came a sad day. {hero} reached for the {thing}, and {his} {hand} found nothing.',
      '"My {thing}!" {hero} said {oneDay}. "I had it yesterday, and now it is gone."',
      '{oneDay}, when {he} came home from a long walk, {hero} saw that {his} {thing} was missing.',
    ],
    anyOrder(
      [
        '{He} looked {wrong}. [There was only dust.|There was nothing.|It was not there.]',
        'First {hero} searched {wrong}, but {he} found only an old shoe.',
        'Was it {wrong}? No, it was not.',
        '{hero} got down on the ground and looked {wrong}. [A beetle looked back at {him}.|Nothing!]',
        'A quick look {wrong} did not help.',
      ],
      [
        '{He} looked {worse}, too, [but all {he} saw was a sleepy cat|but there was no {thing}].',
        'Could it be {worse}? {hero} ran to see. It was empty.',
        '{hero} went to look {worse}, and {he} found a button, but no {thing}.',
        'Nothing was lying {worse}, only a few dry leaves.',
        'Even {worse} {he} found nothing at all.',
      ],
    ),
    [
      '{friend} came by. "Why are you so sad?" {fhe} asked. "I lost my {thing}," said {hero}. "Then let us look together," said {friend}.',
      'Then {he} met {friend}. "Have you seen a {color} {thing}?" asked {hero}. "No," said {friend}, "but four eyes see more than two."',
      '{hero} sat down and began to cry. {friend} heard {him} and sat down, too. "Tell me where you went yesterday," {fhe} said.',
      '"Do not give up," said a voice. It was {friend}. "Think! Where did you have it last?"',
      'On the way {he} met {friend}, who wanted to help. "Two can look better than one," {fhe} said [kindly|with a smile].',
    ],
    oneOf(
      {
        set: {
          found: 'high up in a tree',
          how: 'the wind had blown it there',
          lesson: 'friends can help you find what you have lost',
        },
        steps: [
          [
            'Together they walked back along the path. {suddenly} {friend} looked up. "What is that in the tree?" {fhe} asked. It was the {thing}! The wind had blown it there.',
            'They looked on the ground for a long time. Then {hero} looked up. The {thing} was high in a tree, where the wind had put it.',
            'A strong wind had blown in the night. So they looked up into the trees, and there it was! The {color} {thing} was sitting on a branch.',
            '"The wind was very wild last night," said {friend}. "Let us look up and not down." And there, in the top of a tree, they saw something {color}.',
          ],
          [
            '{hero} could not reach it alone. So {he} stood on the back of {friend}, and down it came.',
            '{friend} held the tree and {hero} shook it. Plop! The {thing} fell down into the grass.',
            'They took a long stick and pushed. At the third try the {thing} fell right on the nose of {friend}.',
            '{hero} climbed up slowly, one branch after the other, while {friend} watched from below.',
          ],
        ],
      },
      {
        set: {
          found: 'in a bird nest',
          how: 'a bird had taken it for her babies',
          lesson: 'it feels good to give a little when another needs it more',
        },
        steps: [
          [
            'They followed a line of {color} threads along the path. It went up to a nest. A mother bird was sitting there, and {his} {thing} was under her babies.',
            '{soon} they heard a soft peep. In a low bush there was a nest, and in the nest was the {thing}. Three baby birds were sleeping on it.',
            '"Listen," said {friend}. Peep, peep! Behind the leaves they found a nest. A bird had taken the {thing} to keep her babies warm.',
          ],
          [
            '"I am sorry," said the bird. "My babies were so cold." {hero} thought for a moment. Then {he} brought some soft wool, and the bird gave the {thing} back.',
            '{hero} did not want the little birds to be cold. {He} made them a bed of dry grass, and then {he} took the {thing} very gently.',
            'The babies looked so small. "We can trade," said {hero}, and {he} gave the bird an old warm sock for the {thing}.',
          ],
        ],
      },
      {
        set: {
          found: 'in {his} own bag',
          how: '{he} had put it there and forgotten it',
          lesson: 'it is good to look close by before you look far away',
        },
        steps: [
          [
            '{friend} looked at {hero} for a while. "What is in your bag?" {fhe} asked. {hero} opened it. There was the {thing}! {He} had put it there and forgotten.',
            '"You look hungry," said {friend}. "Eat something first." So {hero} opened {his} bag to find an apple. And what was under the apple? The {thing}!',
            'They looked and looked until they were tired. {hero} put down {his} bag to rest, and out fell the {color} {thing}.',
          ],
          [
            'They looked at each other, and then they laughed until they had tears in their eyes.',
            '"It was with me all the time!" said {hero}, and {his} face turned red.',
            '{friend} laughed so hard that {fhe} had to hold on to a tree.',
          ],
        ],
      },
    ),
    maybe(
      '"Thank you," said {hero}. "Without you I would still be looking."',
      'The {thing} was a bit dirty, but {hero} did not mind.',
      '{hero} held it tight and would not let go.',
      '"Next time I will take better care of it," {he} said.',
    ),
    [
      'Then they went home together and ate {food}.',
      'That evening {hero} put the {thing} next to {his} bed, where {he} could see it. {He} slept very well.',
      'From that day on {hero} always knew where {his} {thing} was.',
      'And so the {thing} came home again, and {hero} had a good friend as well.',
      'They sang all the way home, and {hero} was {glad}.',
      'In the evening {he} told {his} {giver} the whole story, and they both laughed.',
    ],
  ],
  more: [
    'The next day {hero} tied a little string to the {thing}. "Now it cannot get lost again," {he} said. {friend} thought that this was very clever.',
    'A week later {friend} lost a shoe. {hero} did not wait to be asked. They looked together, and they found it before dinner.',
    'After that, {hero} and {friend} met every day. They took turns with the {thing}, and they never lost it again.',
    '{hero} told everyone what had happened. Soon the whole village knew where the {thing} had been, and they all smiled about it.',
  ],
  shorter: [
    'A {quality} {kind} lost {his} {thing} and found it {found} with the help of a friend.',
    '{hero} lost a {color} {thing}, looked everywhere, and found it {found}.',
    'The {thing} of {hero} was gone. A friend helped, and it was {found}.',
  ],
  lesson: [
    '{hero} learned that {lesson}.',
    'The {kind} learned that {lesson}.',
    '{He} learned to take good care of {his} {thing}, and that {lesson}.',
  ],
  feel: [
    '{hero} was sad when the {thing} was gone, and {glad} when it was found.',
    'At first {he} was very sad about the {thing}. In the end {he} was happy again.',
  ],
  asks: [
    ['Where was the {thing}?', 'It was {found}.'],
    ['What did {hero} lose?', '{He} lost {his} {color} {thing}.'],
    ['Why was the {kind} sad?', 'The {kind} was sad because {his} {thing} was gone.'],
    ['How did the {thing} get there?', 'It was {found}, because {how}.'],
    ['What color was the {thing}?', 'The {thing} was {color}.'],
    ['Who helped {hero}?', 'The {fkind} helped {him} look for the {thing}.'],
  ],
};

const lostWay: Plot = {
  name: 'lost way',
  about: [
    'who got lost',
    'who got lost in the [forest|woods|fog]',
    'who went too far from home',
    'who could not find the way home',
    'who followed a butterfly',
  ],
  things: ['a dark forest', 'a butterfly', 'a long way home', 'a path in the woods'],
  cast: ['friend', 'elder'],
  slots: {
    lure: [
      'a blue butterfly',
      'a shiny beetle',
      'a yellow leaf in the wind',
      'a white feather in the air',
      'a red bird',
    ],
    sign: [
      { sign: 'the sound of a bell', signed: 'rang a bell every evening' },
      { sign: 'the smell of smoke', signed: 'made a fire every evening' },
      { sign: 'a light in a window', signed: 'put a lamp in the window every evening' },
    ],
  },
  steps: [
    [
      '{oneDay} {hero} was playing near {his} {home} when {he} saw {lure}. "Wait for me!" {he} called, and {he} ran after it.',
      '"Do not go too far," said {elder}. {hero} wanted to listen. But then {lure} went past, and {he} forgot everything.',
      '{hero} loved to walk alone. {oneDay} {he} followed {lure} deep into the forest.',
      'It all began with {lure}. {hero} saw it {oneDay} and went after it, over the hill and between the trees.',
      '{oneDay} {hero} wanted to pick berries for {elder}. Then {lure} caught {his} eye, and {he} left the path to follow it.',
    ],
    [
      'When {he} stopped, there were tall trees on every side, and {he} did not know where {he} was.',
      '{soon} it was gone. {hero} turned around. All the trees looked the same!',
      'The path was gone. {He} looked left, and {he} looked right. Which way was home?',
      'Then a thick gray fog came down. {hero} could not even see {his} own feet.',
      '"Which way did I come?" {he} asked. But the trees did not answer.',
    ],
    [
      '{He} called, "Hello! Is anybody there?" Only the wind was there.',
      '{hero} began to walk faster, and {his} heart went bump, bump, bump.',
      '{He} walked in a big circle and came back to the same old stone. {hero} sat down on it and cried a little.',
      'It was getting late, and the shadows grew long. {hero} wanted to be brave, but {his} eyes were wet.',
      'A tear ran down {his} nose. "I want to go home," {he} said softly.',
    ],
    maybe(
      'An owl called in the dark, and {he} jumped.',
      'The wind moved the branches, and they looked like long arms.',
      'A few drops of rain fell on {his} head.',
      '{His} tummy was empty, too. {He} thought of {food} at home.',
    ),
    [
      'Then the leaves moved, and out came {friend}. "You look lost," {fhe} said.',
      '"Who is crying there?" asked a voice. {friend} looked out from behind a tree.',
      '{suddenly} {hero} saw two kind eyes. They belonged to {friend}, who lived in these woods.',
      'Somebody was coming along with a small light. It was {friend}.',
    ],
    oneOf(
      {
        set: { lesson: 'it helps to stop, be still and think', saved: 'by listening and looking for {sign}' },
        steps: [
          [
            '"When I am lost, I stop running," said {friend}. "I sit still, and I use my eyes and ears and nose. Try it."',
            '"I do not know your home," said {friend}. "But tell me, what is there that you could hear or see or smell from far away?"',
            '"Hush," said {friend}. "Be very still now. The forest will tell you the way."',
          ],
          [
            '{hero} dried {his} tears and sat very still. {soon} there was {sign}! "That is my home," {he} cried. "Somebody there {signed}."',
            'So they kept quiet and waited. And then it came, from far away: {sign}. {hero} knew it at once.',
            '{He} closed {his} mouth and held {his} breath. Was that {sign}? Yes, it was! It came from behind the hill.',
          ],
        ],
      },
      {
        set: { lesson: 'you can ask for help when you are lost', saved: 'because {friend} knew the way' },
        steps: [
          [
            '"Can you help me, please?" asked {hero}. "I live {place}." {friend} nodded. "I know that place well."',
            '"I do not know the way home," said {hero}. "Then it is good that you asked," said {friend}. "I know every tree here."',
            '{hero} told {fhim} about {thePlace} and about {elder}. "Come with me," said {friend}, "it is not as far as you think."',
          ],
          [
            'They crossed a small stream and went past three tall trees. {soon} {hero} saw the path again.',
            '{friend} went first and held the branches back, and {hero} stayed close behind. Step by step the forest became lighter.',
            'They walked and talked, and {hero} forgot to be afraid. Before {he} knew it, {he} could see {his} home.',
          ],
        ],
      },
    ),
    [
      '{elder} was standing at the door. "There you are!" {ehe} cried, and {ehe} hugged {hero} for a long time.',
      'At home {elder} ran to meet them. "I was so worried," {ehe} said, but {ehe} was smiling.',
      '{hero} ran the last few steps into the arms of {elder}.',
      '"I am sorry that I went so far," {hero} said to {elder}. {Ehe} only held {him} tight.',
    ],
    [
      'They all sat down together, and there was {food} for everyone.',
      'That night {hero} lay in a warm bed and listened to the wind outside. It was good to be home.',
      'From then on {hero} stayed on the path, even when something pretty went by.',
      '{friend} stayed for supper, and after that {fhe} often came to visit.',
    ],
  ],
  more: [
    'The next day {hero} and {friend} went back to the forest together. They put white stones along the path. Now everyone could find the way.',
    'In the morning {lure} was there again. {hero} looked at it and laughed. "Today you must play without me," {he} said.',
    '{hero} drew a map of the forest with every tree and stone. {elder} hung it next to the door.',
    'A few days later a small mouse was lost near {his} home. {hero} knew what to do. {He} took the mouse by the hand and brought it back to its mother.',
  ],
  shorter: [
    'A {quality} {kind} followed {lure}, got lost, and came home again {saved}.',
    '{hero} got lost in the forest and found the way home {saved}.',
    '{hero} went too far and was afraid, but a {fkind} helped, and {he} came home.',
  ],
  lesson: [
    '{hero} learned that {lesson}.',
    '{He} learned not to go too far alone, and that {lesson}.',
    'The {kind} learned that {lesson}.',
  ],
  feel: [
    '{hero} was afraid in the forest. At home {he} felt safe and warm.',
    'First {he} was scared and alone, but then {he} was {glad} to be home.',
  ],
  asks: [
    ['Why did {hero} get lost?', '{He} got lost because {he} followed {lure}.'],
    ['What did the {kind} follow?', '{He} followed {lure}.'],
    ['How did {hero} get home?', '{He} got home {saved}.'],
    ['Who was waiting at home?', '{elder} was waiting at home.'],
    ['Who did {hero} meet?', '{He} met a {fkind}, who was kind and helped {him}.'],
  ],
};

const foundKey: Plot = {
  name: 'found key',
  about: [
    'who found a key',
    'who found an old key',
    'and a little key',
    'who wanted to know what a key was for',
    'who opened an old {box}',
  ],
  things: ['a key', 'a little key and an old {box}', 'something that is locked', 'an old {box}'],
  qualities: ['curious', 'clever', 'little', 'small', 'young', 'lively', 'cheerful', 'shy'],
  cast: ['friend'],
  slots: {
    metal: ['golden', 'silver', 'rusty', 'tiny', 'shiny', 'black'],
    spot: [
      'under a stone',
      'in the sand',
      'between two roots',
      'at the bottom of an old pot',
      'in a hole in the wall',
    ],
    box: ['box', 'chest', 'cupboard', 'trunk'],
  },
  steps: [
    [
      '{oneDay} {hero} found a {metal} key {spot}. "What does it open?" {he} asked.',
      '{oneDay} something shone {spot}. {hero} dug with {his} {hand} and pulled out a {metal} key.',
      '{hero} liked to look for treasures. {oneDay} {he} looked {spot}, and there lay a {metal} key!',
      'It was {oneDay} that {hero} saw a {metal} key. It was lying {spot}, as if it waited for {him}.',
      'Who leaves a {metal} key {spot}? {hero} did not know, but {he} picked it up {oneDay} and kept it.',
    ],
    anyOrder(
      [
        '{He} tried it in {his} own front door. It was too small.',
        'First it went into the door of the barn, but it would not turn.',
        'The garden gate had a lock. {hero} tried, and the key fell right through.',
        '{hero} put it into the big clock. Click? No, nothing.',
      ],
      [
        '{He} asked the baker. "It is not my key," said the baker.',
        'The old woman at the shop shook her head. "I have never seen such a key."',
        '"Is this yours?" {he} asked the miller. But the miller had lost no key.',
        '{hero} showed it to a farmer, who only scratched his head.',
      ],
    ),
    [
      'Then {friend} looked at the key for a long time. "There is an old {box} in my attic," {fhe} said. "It has been locked for years."',
      '{hero} met {friend} and told {fhim} about it. "My grandfather had an old {box}," said {friend}. "We could never open it."',
      '"I know what it could be for!" said {friend}. "Come with me." They climbed up a steep stair. In the corner there was an old {box}.',
      '{friend} had an old {box} that nobody could open. "Let us try," {fhe} said, and they ran to {fhis} house.',
    ],
    [
      'The key went in. It turned slowly, and then it went click.',
      '{hero} held {his} breath and turned the key. Click! The {box} was open.',
      'It did not want to turn. They used a drop of oil, and then the lock jumped open.',
      'With a small sound the lock gave way. They both looked inside.',
    ],
    oneOf(
      {
        set: {
          inside: 'old letters and pictures',
          end: 'they read the letters together',
          lesson: 'old things can tell stories',
        },
        steps: [
          [
            'There was no gold in the {box}. There were letters and old pictures. "That is my grandmother when she was small!" cried {friend}.',
            'Inside lay a pile of letters with a ribbon around it, and pictures of people in funny hats.',
            'At first they were a little sad, because it was only paper. But then they saw the pictures. Everybody in the family of {friend} was there!',
          ],
          [
            'They sat on the floor and read until the sun went down.',
            'All afternoon they read the letters to each other. Some made them laugh, and one made them cry a little.',
            '"This is better than gold," said {hero}, and {friend} thought so, too.',
          ],
        ],
      },
      {
        set: {
          inside: 'a music box',
          end: 'the music made everybody dance',
          lesson: 'a treasure is best when you share it',
        },
        steps: [
          [
            'Inside there was something round and small with a handle. {hero} turned the handle, and sweet music filled the room.',
            'They found a music box with a tiny dancer on top. When {friend} opened it, it began to play.',
            'Under an old cloth lay a music box. It still worked! Its song was soft and bright, like rain on glass.',
          ],
          [
            'They took it outside and played it for everyone, and the whole street began to dance.',
            '"Everybody should hear this," said {hero}. So they carried it to the square, and old and young danced to it.',
            'The neighbors heard the music and came in, one after the other. Soon all of them were dancing.',
          ],
        ],
      },
      {
        set: {
          inside: 'seeds in little bags',
          end: 'they planted all the seeds',
          lesson: 'small things can become something big',
        },
        steps: [
          [
            'It was full of little paper bags, and in each bag there were seeds. "Only seeds," said {friend}, but {hero} had an idea.',
            'No gold, no jewels! There were only seeds in small bags. "What will they be?" asked {hero}.',
            'They looked in and saw a hundred tiny seeds. On every bag there was a name that they could not read.',
          ],
          [
            'They planted them along the road. In summer there were flowers of every color, and people stopped to look.',
            'So they put them into the ground and gave them water. Some weeks later the old yard was a garden.',
            'They planted them behind the house, and {soon} the first green tips came up.',
          ],
        ],
      },
    ),
    [
      '{hero} hung the key on a string around {his} neck. It was only a key, but it had given {him} a friend.',
      'And the key? {hero} gave it to {friend}. "It was yours all the time," {he} said.',
      'Since that day {hero} and {friend} have been the best of friends.',
      '"I wonder what I will find tomorrow," said {hero} on the way home.',
    ],
  ],
  more: [
    'A week later {hero} found a second key, even smaller than the first. {He} ran to {friend} at once. "Let us begin again!" they both said.',
    '{hero} and {friend} made a sign and put it on the {box}: "Everyone may look." Many came, and everyone liked what they saw.',
    'That winter, when it was too cold to play outside, they sat beside the {box} and made up stories about who had locked it.',
  ],
  shorter: [
    'A {quality} {kind} found a key that opened an old {box}, and {he} found {inside} in it.',
    '{hero} found a {metal} key, and with {friend} {he} opened an old {box} with {inside} in it.',
    '{hero} found a key, looked for its lock, and in the end {end}.',
  ],
  lesson: [
    '{hero} learned that {lesson}.',
    'The {kind} learned that {lesson}.',
    '{He} learned to go on asking, and that {lesson}.',
  ],
  feel: [
    '{hero} was curious from the beginning to the end, and {he} was {glad} when the lock opened.',
    '{He} was curious, and in the end {he} was very happy.',
  ],
  asks: [
    ['What was in the {box}?', 'They found {inside} in it.'],
    ['Where was the key?', 'The key was {spot}.'],
    ['What did {hero} find?', '{hero} found a {metal} key.'],
    ['What did the key open?', 'It opened an old {box}.'],
    ['What happened in the end?', 'In the end {end}.'],
  ],
};

const babyBird: Plot = {
  name: 'baby bird',
  about: [
    'who found a baby bird',
    'who took care of a baby bird',
    'and a baby bird',
    'who helped a little bird to fly',
  ],
  things: ['a baby bird', 'a bird that cannot fly', 'a nest'],
  not: ['owl', 'hen', 'duck', 'cat', 'kitten', 'fox', 'wolf'],
  qualities: ['gentle', 'kind', 'little', 'quiet', 'shy', 'young', 'small'],
  cast: ['elder'],
  slots: {
    bed: ['an old hat', 'a small box', 'a warm glove', 'a tea cup', 'a soft slipper', 'a basket with wool'],
    bird: ['Peep', 'Chirp', 'Tiny', 'Sky', 'Tweet'],
    meal: ['small worms', 'bread crumbs', 'seeds and berries', 'soft seeds'],
  },
  steps: [
    [
      '{oneDay} {hero} heard a soft sound in the grass. Peep, peep! It was a baby bird, and it was all alone.',
      'After a storm {hero} found a baby bird under a tree. It was wet, and it was shaking.',
      '{hero} was walking home {oneDay} when something small moved near {his} feet. It was a tiny bird without a nest.',
      'There was a strong wind in the night. {oneDay} after it, {hero} saw a nest on the ground, and one little bird in it.',
      'What was that? {hero} looked down {oneDay} and saw a baby bird with big eyes and hardly any feathers.',
    ],
    [
      '"Where is your mother?" asked {hero}. {He} waited behind a bush until the evening, but no bird came.',
      '{He} looked up into the tree. The branch was broken, and the mother was gone.',
      '{hero} called and waited, and waited and called. Nobody came for the little one.',
      '"Poor thing," {he} said. "You cannot stay here in the cold."',
    ],
    [
      'So {he} carried it home and made a bed for it in {bed}.',
      'With great care {hero} took it home. "You can sleep in here," {he} said, and {he} put it in {bed}.',
      '{hero} asked {elder} for help. They took {bed} and filled it with dry grass, and the bird fell asleep in it.',
      '{bed} became its new nest. {hero} set it near the stove, where it was warm.',
    ],
    [
      '{hero} called the bird {bird}. Every hour it opened its beak and wanted {meal}.',
      '"I will call you {bird}," said {hero}. {bird} was always hungry, and {he} had to find {meal} from morning to night.',
      '{elder} showed {him} how to feed it with {meal}, a little at a time. {hero} named it {bird}.',
      'What a lot of work it was! {bird}, as {he} named the bird, ate {meal} all day and cried when there were none.',
    ],
    maybe(
      'At night {hero} got up two times to see if it was warm.',
      '{hero} sang to it, and the bird moved its head from side to side.',
      'Some days {he} was tired, but {he} never forgot.',
      'Once it sneezed, and {hero} did not leave its side until it was well.',
    ),
    [
      'Week after week {bird} grew. Soft gray down turned into long brown feathers.',
      '{soon} {bird} was too big for the bed. It hopped over the table and sat on the head of {hero}.',
      'The little bird grew strong. It flapped its wings so hard that the papers flew from the table.',
      'Then came the day when {bird} jumped from a chair, and for a moment it stayed in the air.',
    ],
    [
      '"It wants to fly," said {elder}. {hero} was quiet, because {he} knew what that meant.',
      '{hero} took {bird} out to the meadow. It looked at the sky, and then it looked at {him}.',
      '"You must let it try," {elder} said softly. So they went up the hill together.',
      'Outside other birds were singing. {bird} listened and began to shake its wings.',
    ],
    oneOf(
      {
        set: {
          lesson: 'when you love someone, you sometimes have to let them go',
          end: 'flew away, and it came back to visit',
        },
        steps: [
          [
            '{hero} opened {his} {hand}. Up, up went {bird}, over the trees and into the blue. {hero} cried a little, and {he} smiled, too.',
            '"Fly!" said {hero}. The bird jumped and fell, then it spread its wings and rose high into the sky.',
            'It was hard to say goodbye. {hero} kissed the soft head once, and then {bird} flew away.',
          ],
          [
            'But the next spring, there was a tap on the window. There sat {bird}, and it had brought a friend.',
            'Every morning since then a bird has come to sing in front of the {home}. {hero} knows who it is.',
            'In the evening a bird sang on the roof. It was {bird}, who only wanted to say good night.',
          ],
        ],
      },
      {
        set: {
          lesson: 'small ones need time and care before they can fly',
          end: 'flew, and made its nest near the {home}',
        },
        steps: [
          [
            'The first time {bird} fell into the grass. The second time it flew as far as the fence. The third time it flew all around the field!',
            'It tried and fell, and tried and fell. {hero} picked it up each time. "Once more," {he} said. And then it flew.',
          ],
          [
            '{bird} did not go far. It built a nest in the tree beside the {home}, and {hero} could see it from {his} bed.',
            'It landed on the nearest tree, and there it made its own nest. Now {hero} has a neighbor who sings.',
          ],
        ],
      },
    ),
  ],
  more: [
    'In the summer there were four eggs in the nest of {bird}. {hero} watched it every day from far away. When the eggs opened, there were four little beaks, and all of them were hungry.',
    'When winter came, {hero} put {meal} on the window. Many birds came to eat. One of them was not afraid of {him} at all.',
    'The next day {hero} put the empty bed away and looked at the sky. A small feather came down and landed on {his} nose. {He} kept it in a book.',
  ],
  shorter: [
    'A {quality} {kind} took care of a baby bird until it {end}.',
    '{hero} found a baby bird, fed it with {meal}, and helped it learn to fly.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} was worried about the bird at first. When it flew, {he} was sad and happy at the same time.',
    '{He} felt sorry for the little bird, and later {he} was very proud of it.',
  ],
  asks: [
    ['What was the name of the bird?', 'The bird was called {bird}.'],
    ['What did the bird eat?', 'It ate {meal}.'],
    ['Where did the bird sleep?', 'It slept in {bed}.'],
    ['Could the bird fly in the end?', 'Yes, it {end}.'],
    ['Who helped {hero}?', '{elder} helped {him} with the bird.'],
  ],
};

export const LOST_AND_FOUND: readonly Plot[] = [lostThing, lostWay, foundKey, babyBird];
