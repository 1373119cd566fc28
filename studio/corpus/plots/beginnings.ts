import { anyOrder, maybe, oneOf, type Plot } from './plot.ts';

/** A new friend, and something that is built. */

const newFriend: Plot = {
  name: 'new friend',
  about: [
    'who was new and had no friends',
    'who met a new friend',
    'who was too shy to say hello',
    'who wanted to have a friend',
  ],
  things: ['a new friend', 'a first day {where}', 'a bench'],
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
      '{He} sat alone under a tree and watched the others.',
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
        set: { how: '{he} was brave and said hello', lesson: 'one small hello can change the whole day' },
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
          how: '{he} helped when {friend} was hurt',
          lesson: 'when you help someone, you are not shy any more',
        },
        steps: [
          [
            'Then {friend} fell down right in front of {him} and hurt {fhis} knee. {hero} ran to help with a clean cloth.',
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
  alsoThere: ['a goose'],
  about: ['who wanted to build {made}', 'who built {made} with a friend', 'who had a big plan'],
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
      '{oneDay} {hero} wanted to make {made}, because {need}.',
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
        'They looked everywhere, and they found {from}.',
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

export const BEGINNINGS: readonly Plot[] = [newFriend, bridge];
