import { anyOrder, maybe, oneOf, type Plot } from './plot.ts';

/** A wish, and an old neighbor. */

const wish: Plot = {
  name: 'wish',
  alsoThere: ['a {granter}'],
  about: [
    'who made a wish',
    'who had one wish',
    'who helped a {granter}',
    'who wanted to be {wanted}',
    'who wanted to be something else',
  ],
  things: ['a wish', 'a magic {granter}', 'magic'],
  not: ['elephant', 'owl', 'duck', 'hen', 'lion', 'bear', 'otter', 'pony', 'donkey'],
  cast: ['friend'],
  slots: {
    granter: [
      { granter: 'fish', trouble: 'lay on the dry sand', rescue: 'carried it back to the water' },
      { granter: 'star', trouble: 'had fallen into a thorn bush', rescue: 'threw it back to the sky' },
      { granter: 'beetle', trouble: 'lay on its back', rescue: 'turned it around' },
      { granter: 'moth', trouble: 'was caught in a web', rescue: 'set it free' },
      { granter: 'bee', trouble: 'had fallen into the milk', rescue: 'took it out and dried its wings' },
    ],
    wanted: [
      {
        wanted: 'very tall',
        bad: '{his} head hit the clouds, and {he} could not hear what {his} friends said',
        door: 'no door was big enough',
      },
      {
        wanted: 'very tiny',
        bad: 'a drop of rain was like a lake, and the grass was a forest',
        door: 'no one could see {him}',
      },
      {
        wanted: 'able to fly',
        bad: 'the wind carried {him} where {he} did not want to go',
        door: '{he} could not stay on the ground to play',
      },
      {
        wanted: 'a king',
        bad: 'everybody bowed, and nobody wanted to play',
        door: 'the crown was so heavy that {his} neck hurt',
      },
    ],
  },
  steps: [
    [
      '{oneDay} {hero} found a {granter} that {trouble}. {He} was sorry for it and {rescue}.',
      'A {granter} {trouble}. {hero} saw it {oneDay} on {his} way home. {He} did not walk past. {He} {rescue}.',
      '"Help me," said a thin voice {oneDay}. {hero} looked around. It was a {granter}, and it {trouble}. Very gently {he} {rescue}.',
      '{oneDay} {hero} heard something cry. There was a {granter}, which {trouble}. So {hero} {rescue}.',
    ],
    [
      '"Thank you," said the {granter}. "I am not a common {granter}. You have one wish."',
      'The {granter} began to shine. "You were good to me," it said. "Wish for something."',
      '"You saved me," said the {granter}, "and so I will give you what you want most. But think well."',
    ],
    [
      '{hero} did not think well. "I want to be {wanted}," {he} said at once.',
      '{He} had always wanted to be {wanted}, and that was what {he} said.',
      '"Oh, that is easy," said {hero}. "Make me {wanted}!"',
    ],
    [
      'There was a flash and a sound like a small bell, and it was done.',
      'Something tickled from {his} head to {his} toes. And then {hero} was {wanted}!',
      'Before {he} could say another word, it had happened.',
    ],
    [
      'At first it was wonderful. {hero} laughed and wanted everybody to see it.',
      '"Look at me!" {he} shouted to {friend}, who could not believe {fhis} eyes.',
      'At first it was a lot of fun.',
    ],
    [
      'But {soon} {he} saw the other side of it. {Bad}. And {door}.',
      'Then it was not so nice any more. {Bad}, and {door}.',
      '{friend} wanted to play as always, but it did not work. {Bad}. Besides, {door}.',
    ],
    maybe(
      '{hero} sat there and was all alone.',
      '"I did not think of that," {he} said with a sigh.',
      'In the evening {he} could not even eat {his} {food}.',
    ),
    oneOf(
      {
        set: { lesson: 'it is best to be who you are', back: 'the {granter} took the wish back' },
        steps: [
          [
            '{hero} went to find the {granter}. "Please take it back," {he} said. "I want to be me again." The {granter} smiled. "That is the best wish that I know."',
            '"I wish I was my old self again," {he} said into the night. And the {granter} heard {him}.',
          ],
          [
            'Ping! And {hero} was just as {he} had been before, from the nose to the toes.',
            'In the morning {he} looked into a puddle. There was {his} own face. {He} had never liked it so much.',
          ],
        ],
      },
      {
        set: {
          lesson: 'a friend helps you even when you have been silly',
          back: '{friend} helped {him} to undo it',
        },
        steps: [
          [
            '{friend} did not laugh at {him}. All night {fhe} looked for the {granter}, and at sunrise {fhe} found it. "Please help my friend," {fhe} said. "You can have everything I own."',
            '"I will stay with you, {wanted} or not," said {friend}. And because {fhe} said that, the magic broke.',
          ],
          [
            '"Such a friend is worth more than any wish," said the {granter}, and everything was as before.',
            '{hero} looked down at {himself}. {He} was {himself} again! They danced around in a circle.',
          ],
        ],
      },
    ),
    [
      'If you ask {hero} today what {he} would wish for, {he} says, "Nothing, thank you. But come in and have some {food}."',
      'From that day on, {he} always thought before {he} made a wish.',
      'And the {granter}? Now and then one can see it shine, somewhere {place}.',
      '{hero} went to play with {friend}, and that was all {he} wanted.',
    ],
  ],
  more: [
    'A year later the {granter} came back. "Do you want another wish?" it asked. {hero} thought for three days. Then {he} said, "Give it to someone who needs it."',
    '{friend} asked {hero} what it had been like to be {wanted}. They made a game of it. In the game it was much better, because one could stop at any time.',
    'Others heard about the {granter} and went to look for it with nets and boxes. They never found it. It only comes to those who help first and ask later.',
  ],
  shorter: [
    'A {quality} {kind} helped a {granter} and wished to be {wanted}, but it was no fun, and {back}.',
    '{hero} got one wish and did not think well. In the end {back}.',
  ],
  lesson: ['{hero} learned that {lesson}.', '{He} learned to think before making a wish, and that {lesson}.'],
  feel: [
    '{hero} was happy with {his} wish for a short time, and then {he} was lonely. At the end {he} was {glad}.',
    '{He} was excited, then sad, and then happy to be {himself}.',
  ],
  asks: [
    ['What did {hero} wish for?', '{He} wished to be {wanted}.'],
    ['Who gave {him} the wish?', 'The {granter} gave {him} one wish.'],
    ['Why did {he} get a wish?', '{He} helped a {granter} that {trouble}.'],
    ['What was wrong with the wish?', 'It was no fun, because {door}.'],
    ['How did it end?', 'In the end {back}.'],
  ],
};

const oldFriend: Plot = {
  name: 'old friend',
  alsoThere: ['{neighbor}'],
  about: [
    'who helped an old friend',
    'who helped an old neighbor',
    'who visited old {neighbor}',
    'who brought soup to an old neighbor',
  ],
  things: ['an old neighbor', 'a pot of soup'],
  cast: ['elder'],
  slots: {
    neighbor: ['Mr. Hill', 'Mr. Wood', 'Mr. Bell', 'Mr. Gray', 'Mr. Frost'],
    job: ['cut the wood', 'pick the pears', 'paint the fence', 'sweep the yard', 'mend the roof'],
    skill: [
      { skill: 'play the violin', gave: 'his old violin' },
      { skill: 'carve animals out of wood', gave: 'a small sharp knife' },
      { skill: 'find the stars', gave: 'a long brass spyglass' },
      { skill: 'tell the birds apart', gave: 'a book of birds' },
      { skill: 'make kites', gave: 'a roll of silk' },
    ],
  },
  steps: [
    [
      'Next door to {hero} lived old {neighbor}. He walked with a stick, and he did not talk much.',
      '"Leave that old man alone," the others said. But {hero} often looked over the fence at old {neighbor}.',
      '{hero} had an old neighbor. His name was {neighbor}, and he lived all alone in a little house.',
      'Every day old {neighbor} walked past the house, and {hero} said hello to him.',
    ],
    [
      '{oneDay} he did not come out. There was no smoke over his house.',
      '{oneDay} {hero} saw him try to {job}. He had to stop and hold his back.',
      'But {oneDay} the door stayed shut, and the milk stood on the step until evening.',
    ],
    [
      '"He may be ill," said {elder}. "Take him this pot of soup." {hero} was a little shy, but {he} went.',
      '{hero} told {elder} about it. Together they packed a basket with {food} and a pot of soup.',
      '{hero} did not know if {he} should go. {He} went to the gate and back, and to the gate again. Then {he} knocked.',
    ],
    [
      '"Who is it?" called a voice. "Only me," said {hero}. {neighbor} sat in his chair with a blanket. "My legs do not want to work today," he said.',
      'Inside it was cold and dark. {neighbor} lay in bed. When he saw {hero}, his face became softer. "It has been long since someone came to visit."',
      'The door was open. {neighbor} tried to get up, but {hero} said, "Stay there. I will do it."',
    ],
    anyOrder(
      [
        '{hero} lit the fire and put the pot on it.',
        'First {he} opened the windows, so that the sun could come in.',
        '{He} washed the cups and gave the cat some milk.',
      ],
      [
        'Then {he} went out to {job}. It took all afternoon.',
        '"Someone should {job}," said the old man. "I will," said {hero}, and {he} did.',
        'There was so much to do. It was not easy to {job}, but {hero} did not stop.',
      ],
    ),
    maybe(
      '{neighbor} ate two plates of soup and got some color in his face.',
      'The gray cat sat down on {his} feet and stayed there.',
      '"You work like three," said {neighbor}.',
    ),
    [
      'From then on {hero} came every day. They talked about this and that, and about how it was long ago.',
      'The next day {he} was there again, and the day after. "Here comes my sunshine," the old man would say.',
      '{hero} came back, not because {he} had to, but because {he} liked it.',
    ],
    oneOf(
      {
        set: { turn: '{neighbor} taught {him} to {skill}', lesson: 'old people know many wonderful things' },
        steps: [
          [
            'One evening {neighbor} asked, "Would you like to learn to {skill}?" He opened a cupboard and took out {gave}.',
            'And then {hero} found out that the old man could {skill}, better than anyone. "Show me," {he} said. And {neighbor} did.',
          ],
          [
            'It was hard in the beginning. But the old man had time, and {hero} had time, too.',
            'In the spring {hero} could {skill} nearly as well as he could.',
          ],
          [
            '"Now it is yours," said {neighbor} one day, and gave {him} {gave}.',
            '{hero} was sure that {he} had got more than {he} had given.',
          ],
        ],
      },
      {
        set: { turn: 'the whole street came to help', lesson: 'one good deed can wake up many' },
        steps: [
          [
            'The others saw it. First one came along, and then two, and on Saturday the whole street was there to {job}.',
            'One day {hero} was not alone at the gate. Five children stood there. "Can we help, too?" they asked.',
          ],
          [
            'They worked and sang, and in the evening there was a long table in the yard.',
            '{neighbor} sat in the middle of them all and told stories, and no one wanted to go home.',
          ],
        ],
      },
    ),
    [
      'When {hero} is old, {he} wants to be like him.',
      'The house is still crooked, but there is smoke over it, and there is a light in the window.',
      'And the stick? It stands behind the door and is hardly needed any more.',
      '"Same time tomorrow?" asks {neighbor}. "Same time tomorrow," says {hero}.',
    ],
  ],
  more: [
    'In the winter {hero} was ill and had to stay in bed. There was a knock, slow and careful. It was {neighbor} with a pot of soup, and he had carried it all the way with his stick.',
    '{hero} asked {neighbor} when his birthday was. Nobody had asked him that for years. It was on the next Sunday, and {elder} baked a cake with a very large number on it.',
    'Soon {hero} brought another friend along. The old man made three cups of tea. Now there was laughter in the crooked house every day.',
  ],
  shorter: [
    'A {quality} {kind} helped an old neighbor to {job}, and then {turn}.',
    '{hero} brought soup to old {neighbor}, and they became friends.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} was shy at first, but then {he} was {glad} to help.',
    '{He} felt sorry for {neighbor}, and soon {he} loved to go there.',
  ],
  asks: [
    ['Who was the old neighbor?', 'The old neighbor was {neighbor}.'],
    ['What did {hero} do for him?', '{He} brought him soup and helped to {job}.'],
    ['Why did {hero} go there?', '{He} went there because the old man needed help.'],
    ['What happened then?', 'Then {turn}.'],
    ['What could {neighbor} do?', 'He could {skill}.'],
  ],
};

export const KINDNESS: readonly Plot[] = [wish, oldFriend];
