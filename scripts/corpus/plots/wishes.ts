import { anyOrder, maybe, oneOf, type Plot } from './plot.ts';

/** Wishes, old friends, new friends and things that are built. */

const wish: Plot = {
  name: 'wish',
  about: [
    'who made a wish',
    'who had one wish',
    'who helped a fish that could talk',
    'who wanted to be {wanted}',
    'who wanted to be something else',
  ],
  things: ['a wish', 'a magic fish', 'a star', 'magic'],
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
      'That was fun, for an hour or so.',
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
      'Since then {he} thinks first and wishes later.',
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
  about: [
    'who helped an old friend',
    'who helped an old neighbor',
    'who visited old {neighbor}',
    'who brought soup to an old neighbor',
  ],
  things: ['an old neighbor', 'a pot of soup', 'an old man and his garden', 'a walking stick'],
  cast: ['elder'],
  slots: {
    neighbor: ['Mr. Hill', 'Mr. Wood', 'Mr. Bell', 'Mr. Gray', 'Mr. Frost'],
    job: ['cut the wood', 'pick the pears', 'paint the fence', 'sweep the yard', 'mend the roof'],
    skill: [
      { skill: 'play the violin', gave: 'his old violin' },
      { skill: 'carve animals out of wood', gave: 'a small sharp knife' },
      { skill: 'find the stars', gave: 'a long brass telescope' },
      { skill: 'tell the birds apart', gave: 'a book of birds' },
      { skill: 'make kites', gave: 'a roll of silk' },
    ],
  },
  steps: [
    [
      'Next door to {hero} lived old {neighbor}. He walked with a stick, and he did not talk much.',
      '"Leave that old man alone," the others said. But {hero} often looked over the fence at old {neighbor}.',
      '{hero} had an old neighbor. His name was {neighbor}, and his house was as crooked as he was.',
      'Every day at noon old {neighbor} came past, and {hero} said good day to him.',
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
        '{He} washed the cups and fed the thin gray cat.',
      ],
      [
        'Then {he} went out to {job}. It took all afternoon.',
        '"Someone should {job}," said the old man. "I will," said {hero}, and {he} did.',
        'There was so much to do. It was not easy to {job}, but {hero} did not stop.',
      ],
    ),
    maybe(
      '{neighbor} ate two plates of soup and got some color in his face.',
      'The gray cat sat down on the feet of {hero} and stayed there.',
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

const newFriend: Plot = {
  name: 'new friend',
  about: [
    'who was new and had no friends',
    'who met a new friend',
    'who was too shy to say hello',
    'who wanted to have a friend',
  ],
  things: ['a new friend', 'a first day at school', 'a bench'],
  qualities: ['shy', 'quiet', 'little', 'small', 'gentle', 'young'],
  cast: ['friend'],
  slots: {
    where: [
      { where: 'at school', at: 'at school' },
      { where: 'on the playground', at: 'on the playground' },
      { where: 'in the village square', at: 'in the village square' },
    ],
    hobby: [
      'drawing',
      'singing',
      'collecting stones',
      'making paper birds',
      'telling jokes',
      'looking for beetles',
    ],
  },
  steps: [
    [
      '{hero} was new here. {He} did not know anybody, and nobody knew {him}.',
      'It was a first day for {hero}. Everything was new, the road, the faces and even the sky.',
      '{hero} had just moved in. {oneDay} {he} stood {where} and held on to {his} bag.',
      '"Will they like me?" thought {hero} on {his} first day {where}.',
    ],
    [
      'All the others were playing. They ran and shouted, and they had no time to look at {him}.',
      '{hero} opened {his} mouth to say hello, but no sound came out.',
      '{He} stood beside the wall and made {himself} as thin as {he} could.',
      'There was a game with a ball. It rolled up to {his} feet. {hero} kicked it back, and that was all.',
    ],
    [
      'So {he} sat down on a bench {where} and began {hobby}. That always helped.',
      'There was one thing that made {him} feel better, and that was {hobby}. {He} found a quiet corner for it.',
      'What do you do when you are alone? {hero} liked {hobby}, so {he} did that.',
    ],
    maybe(
      'The bell rang, and the day was long.',
      'It was lonely on that bench.',
      'A leaf fell on {his} knee. At least the leaf had come to {him}.',
    ),
    oneOf(
      {
        set: { how: 'they both liked {hobby}', lesson: 'you can find a friend by doing what you love' },
        steps: [
          [
            'After a while there was a shadow. {friend} stood there. "You like {hobby}?" {fhe} asked. "So do I!"',
            '{friend} came closer and closer, one step at a time, until {fhe} could see. "I thought I was the only one who likes {hobby}," {fhe} said.',
          ],
          [
            '{hero} moved over to make room. {He} did not have to say much. They had so much to show each other.',
            'And now {he} could talk. The words came out like water from a spring.',
          ],
        ],
      },
      {
        set: { how: '{hero} was brave and said hello', lesson: 'one small hello can change the whole day' },
        steps: [
          [
            'Then {he} saw that somebody else was sitting alone. It was {friend}, at the other end of the bench. {hero} took a deep breath. "Hello," {he} said.',
            'On the other side {friend} was standing by a tree, just as thin and just as quiet. "That one is like me," thought {hero}, and {he} walked over. It was the longest way in the world. "Hello."',
          ],
          [
            '"Hello," said {friend}, and {fhis} whole face lit up. "I have waited all week for someone to say that."',
            '"I was too shy to say it first," said {friend}. They both had to laugh.',
          ],
        ],
      },
      {
        set: {
          how: '{hero} helped when {friend} was hurt',
          lesson: 'when you help someone, you are not shy any more',
        },
        steps: [
          [
            'Then {friend} fell down right in front of {him} and had a bleeding knee. Everyone stood still. But {hero} was already there with a clean cloth.',
            'There was a cry. {friend} had fallen from the wall. {hero} forgot to be shy. {He} ran over and helped {fhim} up.',
          ],
          [
            '"You are new, right?" asked {friend}. "Do you want to sit with me?"',
            '"Thank you," said {friend}. "What is your name?" And {hero} told {fhim}, loud and clear.',
          ],
        ],
      },
    ),
    [
      'They spent the rest of the day together, and it went by in a moment.',
      'They talked about {hobby}, about {food} and about the funniest things in the world.',
      '{friend} showed {him} the best places, the hole in the fence and the tree with the sweet plums.',
    ],
    [
      'The next morning {hero} was not slow on the road. {He} was running.',
      'In the evening someone asked {him}, "How was it?" "I have a friend," said {hero}. {He} said nothing else, because that was everything.',
      'Now there are two of them on the bench. There is always room for a third.',
      'And when another new one came, {hero} was the first to say hello.',
    ],
  ],
  more: [
    'The next week they started a club for {hobby}. First there were two of them, then five, then nine. They needed a longer bench.',
    '{hero} asked {friend} to come home with {him}. They ate {food} and played until it was dark. When {friend} had to go, they were both already planning the next day.',
    'A month later {hero} knew every name {at}. But the first one that {he} looked for in the morning was always {friend}.',
  ],
  shorter: [
    'A {quality} {kind} was new and all alone, but then {how}, and {he} had a friend.',
    '{hero} had no friends {where}, until {how}.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} felt shy and alone. With a friend {he} was {glad}.',
    'At first {he} was lonely, and at the end of the day {he} was happy.',
  ],
  asks: [
    ['How did they become friends?', 'They became friends because {how}.'],
    ['What did {hero} like?', '{He} liked {hobby}.'],
    ['Why was {hero} alone?', '{He} was new and too shy to say hello.'],
    ['Who was the new friend?', 'The new friend was a {fkind}.'],
  ],
};

const bridge: Plot = {
  name: 'building',
  about: [
    'who built a bridge',
    'who wanted to build {made}',
    'who built {made} with a friend',
    'who had a big plan',
  ],
  things: ['{made}', 'a hammer and nails', 'a plan', 'something that is built'],
  cast: ['friend'],
  slots: {
    made: [
      { made: 'a bridge', need: 'nobody could get over the stream with dry feet', from: 'old boards' },
      { made: 'a raft', need: 'there was an island that no one had ever been on', from: 'logs and rope' },
      { made: 'a cart', need: 'the well was far away and the water was heavy', from: 'boxes and old wheels' },
      {
        made: 'a bird house',
        need: 'the birds had no place for the winter',
        from: 'pieces of a broken chair',
      },
      { made: 'a swing', need: 'there was nothing to play on', from: 'a board and two ropes' },
      { made: 'a windmill', need: 'they wanted to see the wind', from: 'sticks and cloth' },
    ],
  },
  steps: [
    [
      '{hero} had a plan. {He} wanted to build {made}, because {need}.',
      '"We need {made}," said {hero} {oneDay}, for {need}.',
      '{oneDay} {hero} drew something on a big sheet of paper. It was {made}! {He} wanted to build it, since {need}.',
      '"Somebody should build {made}," everyone said, because {need}. {oneDay} {hero} thought, "I can be that somebody."',
    ],
    [
      '"You are much too small for that," said the others and laughed.',
      '"That will never work," said the goose from over the road.',
      'People shook their heads. "Leave that to the big ones," they said.',
    ],
    [
      'But {friend} did not laugh. "Where do we begin?" {fhe} asked.',
      'Only {friend} looked at the plan for a long time. "Here it needs one more nail," {fhe} said, and so they were two.',
      'The next morning {friend} stood there with a hammer. "I am good at holding things," {fhe} said.',
    ],
    anyOrder(
      [
        'They had no money, so they used {from}.',
        'All day they looked for what they needed, and they found {from}.',
        'From here and there they got {from}. One can use almost everything.',
      ],
      [
        '{hero} hit {his} thumb with the hammer, and {he} hopped around on one foot.',
        'They measured everything two times, because the first time it was never right.',
        'One held and the other knocked. Knock, knock, knock, it went, from morning to evening.',
      ],
    ),
    [
      'At last it was ready. They tried it, and it broke in the middle. Crack!',
      'And then, when it was nearly done, it all fell down. The others had been right, or so it seemed.',
      'The first try was very crooked. It stood for as long as a sneeze, and then it lay in the grass.',
    ],
    [
      '"I told you so," said the goose. {hero} felt tears coming. {friend} put a hand on {his} back. "Now we know how not to do it," {fhe} said.',
      '{hero} wanted to throw the plan away. "Wait," said {friend}. "Let us look where it broke."',
      'For a while they only sat there. Then {hero} turned the paper around. "And if we do it the other way?" {he} asked.',
    ],
    oneOf(
      {
        set: { lesson: 'you learn from what goes wrong', success: 'the second try was strong enough' },
        steps: [
          [
            'They saw what was wrong. The parts were too far from each other. So they took it apart and began again, and this time they put in twice as many nails.',
            'A thing with three corners does not bend. {hero} had seen that on an old roof. They put in a slanting piece here and there, and it stood like a rock.',
          ],
        ],
      },
      {
        set: { lesson: 'many hands make a big job small', success: 'everyone helped at last' },
        steps: [
          [
            'Then someone brought a saw, and someone else brought a bag of nails. "We have watched you," they said. "You do not give up. Can we help?"',
            'The next morning they were not alone. The baker was there, and the miller, and even the goose with a rope in her beak. "I do not like to be wrong," she said, "but I like to help."',
          ],
        ],
      },
    ),
    [
      'And when the sun went down, it was ready. {hero} tried it first, and {he} held {his} breath. It held!',
      'Everybody came to see. "One, two, three," said {hero}, and {friend} cut the ribbon. It worked!',
      'It was not beautiful, but it was strong. It worked just as it had been on the paper.',
    ],
    [
      'It is still there today, and there are two small names on it.',
      '"You are much too small for that," said the goose again, but this time she was laughing.',
      'In the evening they ate {food} and looked at it, and at it only.',
      '"And what will we build tomorrow?" asked {friend}. {hero} already had a sheet of paper.',
    ],
  ],
  more: [
    'In the winter a storm came. {hero} and {friend} could not sleep and went out with a lamp to look at it. It stood there in the wind and did not move.',
    'Children from the next village came to see how they had done it. {hero} showed them the plan, and also the first plan. "This one was wrong," {he} said, "and it was very useful."',
    'Then they painted it {color}. The goose wanted to help with that. After it there were {color} marks of feet on the whole road.',
  ],
  shorter: [
    'A {quality} {kind} wanted to build {made}. It broke at first, but {success}.',
    '{hero} and a friend built {made} out of {from}, although nobody believed in them.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned not to give up, and that {lesson}.'],
  feel: [
    '{hero} was sad when it broke, and proud when it worked.',
    '{He} was full of plans, then close to tears, and in the end {he} was {glad}.',
  ],
  asks: [
    ['What did they build?', 'They built {made}.'],
    ['What did they use?', 'They used {from}.'],
    ['Why did they build it?', 'They built it because {need}.'],
    ['What went wrong?', 'The first time it broke.'],
    ['Why did it work in the end?', 'It worked because {success}.'],
  ],
};

export const WISHES: readonly Plot[] = [wish, oldFriend, newFriend, bridge];
