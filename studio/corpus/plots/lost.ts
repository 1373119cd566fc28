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
            'They took a long stick and pushed. {friend} looked up, and the {thing} fell right on {fhis} nose.',
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
    'who got lost in the [forest|woods]',
    'who went too far from home',
    'who could not find the way home',
    'who followed {lure}',
  ],
  things: ['a dark forest', '{lure}', 'a long way home', 'a path in the woods'],
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
      '{He} was hungry, too, and {he} thought of {food} at home.',
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
    'In the morning {theLure} was there again. {hero} looked at it and laughed. "Today you must play without me," {he} said.',
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

export const LOST: readonly Plot[] = [lostThing, lostWay];
