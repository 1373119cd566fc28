import { anyOrder, maybe, oneOf, type Plot } from './plot.ts';

/** Seeds, seasons and patience. */

const seed: Plot = {
  name: 'seed',
  about: [
    'who planted a seed',
    'who planted a {plant} seed',
    'who waited for a seed to grow',
    'who wanted to grow a {plant}',
  ],
  things: ['a seed', 'a {plant}', 'a garden', 'a flower pot and the rain'],
  cast: ['elder'],
  slots: {
    plant: [
      { plant: 'sunflower', grown: 'as tall as the door' },
      { plant: 'pumpkin', grown: 'as round as the moon' },
      { plant: 'bean', grown: 'up to the roof' },
      { plant: 'rose', grown: 'red and sweet' },
      { plant: 'carrot', grown: 'long and orange' },
      { plant: 'cherry tree', grown: 'full of white flowers' },
    ],
    hurry: [
      'dug it up to see if it was still there',
      'pulled at the earth',
      'shouted at the ground',
      'shone a lamp on it all night',
      'gave it ten buckets of water',
    ],
  },
  steps: [
    [
      '{elder} gave {hero} a seed. It was so small that it almost got lost in {his} {hand}. "There is a {plant} in it," said {elder}.',
      '"What is that?" asked {hero} {oneDay}. "This is a {plant} seed," said {elder}. "Now it is yours."',
      '{oneDay} in spring {hero} found a seed in an old bag. {elder} knew what it was. "It wants to be a {plant}," {ehe} said.',
      'In the spring {hero} wanted to have a {plant}. {elder} put one seed on the table. "Here you are. The rest you must do."',
    ],
    [
      '{hero} made a hole, put the seed in, and covered it with earth. "Good night, seed," {he} said.',
      'Behind the house there was a sunny spot. {hero} dug a hole and planted the seed there.',
      'Into the ground it went, and some water on top. {hero} sat down in front of it to wait.',
      'They planted it together, not too deep, and put a little stick next to it.',
    ],
    [
      'The next day {he} ran outside. Nothing! The day after there was nothing, too.',
      'One day went by, and two, and three. The earth was brown and bare.',
      '{hero} looked in the morning, at noon and in the evening. {He} saw only mud.',
      'An hour later {he} asked, "Is it ready?" {elder} laughed.',
    ],
    [
      '{hero} was so impatient that {he} {hurry}. "That does not help," said {elder}.',
      '"Grow!" said {hero}. Then {he} {hurry}. {elder} shook {ehis} head.',
      'At last {he} could not wait any longer, and {he} {hurry}. It did not make the {plant} come faster.',
    ],
    [
      '"What does it need?" asked {hero}. "Water, sun and time," said {elder}, "and time is the hardest one."',
      '{elder} sat down beside {him}. "Things that grow cannot be hurried. You were not big in one day, either."',
      '"The seed is busy under the ground," said {elder}. "First it makes roots, and those you cannot see."',
    ],
    anyOrder(
      [
        'So {hero} gave it a cup of water each day, not more and not less.',
        'Every morning {he} came with the can, and {he} told it what {he} had dreamed.',
        'From then on {he} watered it, and then {he} went to play.',
      ],
      [
        'When it was cold at night, {he} put straw around it.',
        '{He} pulled out the weeds and chased the snails away, but gently.',
        'A crow came to pick at it, and {hero} made a funny man of sticks to scare it.',
      ],
    ),
    oneOf(
      {
        set: { lesson: 'good things need time' },
        steps: [
          [
            'And one morning, when {he} had almost stopped thinking about it, there was something green. It was as thin as a thread.',
            'Then the rain came, a soft warm rain. After it a tiny green tip looked out of the ground. "It is here!" cried {hero}.',
            '{suddenly} one day the earth had a crack, and in the crack there were two small leaves.',
          ],
        ],
      },
      {
        set: { lesson: 'you must not give up too early' },
        steps: [
          [
            'Many days passed. "It is dead," said {hero}, and {he} wanted to stop. "One more week," said {elder}. On the last day of that week there was a green tip.',
            'A late frost came, and the first small leaf turned brown. {hero} cried. But {he} went on with the water, and {soon} there was a second leaf, stronger than the first.',
          ],
        ],
      },
    ),
    [
      'It grew and grew. In summer there was a {plant}, {grown}.',
      'Week by week it became bigger, until there stood a real {plant}. It was {grown}.',
      'When the days were hot and long, the {plant} was {grown}, and everybody stopped to look.',
    ],
    [
      '{hero} was very proud. In the autumn {he} kept some seeds in a little box, for next year.',
      '"You did that," said {elder}. "No," said {hero}, "it did it alone. I only waited."',
      '{hero} sat in front of it and did nothing at all. {He} had learned to do that well.',
      'And a bee came by and thought that it was just right.',
    ],
  ],
  more: [
    'In the autumn {hero} gave a seed to each of {his} friends. "What must we do?" they asked. "Water, sun and time," said {hero}, "and time is the hardest one."',
    'When winter came, the garden slept under the snow. {hero} looked out of the window and was not sad. {He} knew that the roots were there.',
    'The next spring {he} planted a whole row. {elder} brought a chair for two. They sat there and waited together.',
  ],
  shorter: [
    'A {quality} {kind} planted a seed, waited and waited, and at last there was a {plant}.',
    '{hero} could not wait for a {plant} to grow, but {he} took care of it, and it grew.',
  ],
  lesson: [
    '{hero} learned that {lesson}.',
    '{He} learned to wait, and that {lesson}.',
    'The {kind} learned that {lesson}.',
  ],
  feel: [
    '{hero} was impatient at first. When the {plant} grew, {he} was proud and {glad}.',
    '{He} could hardly wait, and later {he} was calm and happy.',
  ],
  asks: [
    ['What did {hero} plant?', '{He} planted a {plant} seed.'],
    ['What does a seed need?', 'It needs water, sun and time.'],
    ['Who gave {him} advice?', '{elder} told {him} what to do.'],
    ['What did {he} do when {he} could not wait?', '{He} {hurry}, but it did not help.'],
    ['How was the {plant} in the end?', 'It was {grown}.'],
  ],
};

const rain: Plot = {
  name: 'rain',
  about: [
    'who waited for the rain to stop',
    'who did not like the rain',
    'and a rainy day',
    'who wanted the rain to go away',
  ],
  things: ['rain', 'a rainbow', 'an umbrella', 'a puddle'],
  not: ['frog', 'duck', 'turtle'],
  cast: ['friend'],
  slots: {
    want: ['fly a kite', 'have a picnic', 'play ball', 'ride a bike', 'climb the big tree'],
    roof: ['big leaf', 'old umbrella', 'wooden box', 'wide hat'],
  },
  steps: [
    [
      'It was raining. {hero} pressed {his} nose against the window. "I wanted to {want} today," {he} said.',
      'All week {hero} had looked forward to this day, because {he} wanted to {want}. And now it was raining!',
      '{hero} woke up and heard it at once. Drip, drop, drip. "Oh no, not rain," {he} said. {He} had wanted to {want}.',
      'Rain, rain, rain! {hero} had put on {his} shoes to {want}, and now {he} could only sit and look at the gray sky.',
    ],
    [
      '"Go away, rain!" {he} called. The rain only became louder.',
      '{He} waited for an hour, and then for one more. The drops ran down the glass and had races.',
      '{hero} walked from the door to the stove and from the stove to the door.',
      '"When will it stop?" {he} asked the clock. Tick, tock, said the clock.',
    ],
    [
      'Then there was a knock. Outside stood {friend} under a {roof}. {Fhe} was wet and very happy. "Come out!" {fhe} said.',
      '{soon} {he} heard someone laugh. It was {friend}, who was dancing in the yard with a {roof} on {fhis} head.',
      'A {roof} came down the road, and under it there was {friend}. "Why are you inside? It is raining!" {fhe} called.',
    ],
    [
      '"But we will get wet," said {hero}. "Yes," said {friend}, "is that not wonderful?"',
      '{hero} put one foot outside and pulled it back. "It is cold and wet." "Only for a minute," said {friend}.',
      '"What can you do in the rain?" {he} asked. "Oh, everything that you cannot do in the sun," said {friend}.',
    ],
    oneOf(
      {
        set: { did: 'jumped into puddles and made mud cakes', lesson: 'every kind of weather can be fun' },
        steps: [
          [
            'They jumped into the biggest puddle. Splash! The water flew over their heads.',
            '{friend} jumped first. Mud landed on the nose of {hero}. For a moment {he} was angry, then {he} jumped, too, with both feet.',
          ],
          [
            'After that they made mud cakes with stones on top, and they pretended to eat them.',
            'They opened their mouths and drank the drops. They tasted of clouds.',
          ],
        ],
      },
      {
        set: {
          did: 'sailed paper boats on the stream in the road',
          lesson: 'you can make the best of a bad day',
        },
        steps: [
          [
            'A small stream ran down the road. They made boats of paper and let them sail. "Mine is a pirate ship," said {hero}.',
            '{friend} had two little boats. They put them in the water beside the road and ran along with them, all the way to the bridge.',
          ],
          [
            'The red boat won, the white boat got stuck behind a root, and they had to save it.',
            'One boat took an ant along. It was the captain.',
          ],
        ],
      },
      {
        set: { did: 'helped the snails over the road', lesson: 'somebody is always happy about the rain' },
        steps: [
          [
            '"Look who is here," said {friend}. On the road there were snails, big ones and small ones. They had come out because it was wet.',
            'The frogs were singing, and the worms had come up to see the world. Even the flowers seemed to drink.',
          ],
          [
            'They carried the slow ones over the road, so that no wheel could hurt them.',
            '{hero} gave a ride to the smallest snail on a leaf.',
          ],
        ],
      },
    ),
    maybe(
      'Their shoes went squish, squash with every step.',
      '{hero} laughed so loudly that a bird woke up.',
      'Nobody looked at the clock now.',
    ),
    [
      'And then the sun came out. Over the hill there was a rainbow, from one end to the other.',
      '{suddenly} it was light. "Look up!" said {hero}. A rainbow stood over {thePlace}.',
      'The clouds broke open, and everything shone. They counted the colors of the rainbow.',
    ],
    [
      '"Now we can {want}," said {friend}. "Or we can wait for the next rain," said {hero}.',
      'In dry clothes, with {food} in front of them, they listened to the last drops fall from the roof.',
      '"What a pity that it has stopped," {hero} said, and {friend} laughed.',
      'Since then, when it begins to rain, {hero} is the first one at the door.',
    ],
  ],
  more: [
    'The next day the sun was shining, and they went out to {want}. It was very nice. But now and then {hero} looked at the sky, to see if there was a cloud.',
    'That night it rained again. {hero} lay in bed and listened. It sounded like a song now, and {he} fell asleep in the middle of it.',
    '{hero} got a {roof} of {his} own. {He} painted it {color}. When it rained, the two of them went out side by side, and everybody knew them.',
  ],
  shorter: [
    'A {quality} {kind} did not like the rain, but then {he} and a friend {did}.',
    '{hero} wanted to {want}, and it rained. It was a wonderful day all the same.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} was cross about the rain, and later {he} was {glad} about it.',
    'At first {he} was bored and sad. Outside with {his} friend {he} was happy.',
  ],
  asks: [
    ['What did {hero} want to do?', '{He} wanted to {want}.'],
    ['What did they do in the rain?', 'They {did}.'],
    ['What came after the rain?', 'After the rain there was a rainbow.'],
    ['Who came to the door?', 'It was the {fkind}, with a {roof}.'],
  ],
};

const snow: Plot = {
  name: 'snow day',
  about: [
    'who saw the snow for the first time',
    'who built a snowman',
    'and the first snow',
    'who had a snow day',
    'who gave {his} scarf to a snowman',
  ],
  things: ['snow', 'a snowman', 'a winter day', 'a warm scarf'],
  cast: ['friend'],
  slots: {
    nose: ['carrot', 'pine cone', 'potato', 'red stone', 'nut'],
    wear: ['scarf', 'hat', 'pair of gloves', 'old coat'],
  },
  steps: [
    [
      '{hero} opened {his} eyes, and the room was strangely bright. {He} looked out. Everything was white!',
      'In the night it had become very quiet. In the morning {hero} put {his} head out of the door, and something cold landed on {his} nose.',
      '"What is that?" asked {hero}. White bits were falling from the sky. {He} had never seen snow before.',
      'The whole world was white when {hero} woke up. There was snow on the trees, snow on the roofs, and snow on the cat from next door.',
    ],
    [
      '{He} took one step. Crunch! {He} took another step. Crunch! It was a lovely sound.',
      '{hero} caught a flake, and {he} wanted to look at it, but it was only a drop.',
      'First {he} touched it with one toe. It was soft and cold at once.',
      '{He} threw {himself} into it and came out as white as sugar.',
    ],
    [
      '{friend} was already out there. "Let us build a snowman," {fhe} said.',
      'A ball of snow hit {him} on the back. It was {friend}! They had a big snow fight, and then they wanted to build a snowman.',
      '"Do you know what we need?" asked {friend}, who lived near by. "A snowman!"',
    ],
    [
      'They rolled one big ball, and one that was not so big, and a little one for the head. A {nose} was the nose.',
      'It was heavy work. {hero} pushed and {friend} pulled, until the snowman stood there with a {nose} in the middle of his face.',
      'He had a round tummy, two dark eyes, and a {nose} for a nose.',
      '"He is taller than both of us," said {hero}, when {he} put on the {nose}.',
    ],
    oneOf(
      {
        set: { event: '{hero} gave a {wear} to the snowman', lesson: 'it is nice to care for others' },
        steps: [
          [
            '"He looks cold," said {hero}. {friend} laughed. "Snowmen are always cold." But {hero} ran home and got a {wear} for him.',
            'When it became dark, {hero} looked back. The snowman stood there all alone. So {he} brought him a {wear}.',
          ],
          [
            'In the night {hero} dreamed that the snowman came in and said, "Thank you. It was a long time since I was warm."',
            'The next morning the {wear} was gone from the snowman. It lay before the door of {hero}, dry and folded, and around it there were round marks in the snow.',
          ],
        ],
      },
      {
        set: {
          event: 'they helped a hungry bird',
          lesson: 'winter is hard for small animals, and we can help them',
        },
        steps: [
          [
            'Then a little bird sat down on the head of the snowman. It had puffed up its feathers. "It is hungry," said {hero}. "All the seeds are under the snow."',
            '{suddenly} they saw a robin. It was picking at the {nose}. "There is nothing else for it to eat," {friend} said.',
          ],
          [
            'They ran home for bread and seeds, and they put them into the arms of the snowman. {soon} ten birds were sitting there.',
            'So they gave the snowman an old plate to hold and filled it with crumbs. All the birds came to dinner.',
          ],
        ],
      },
      {
        set: {
          event: 'the snowman melted',
          lesson: 'nice things do not last forever, but you can remember them',
        },
        steps: [
          [
            'Every day they came to see him. But then a warm wind blew, and the snowman became small and thin. One day only the {nose} was left.',
            'After a week the sun was strong. Drip, drip, drip. The snowman melted, and {hero} was sad.',
          ],
          [
            '"He has gone up to the clouds," said {friend}. "Next winter he will come down again." {hero} kept the {nose} for him.',
            '{hero} drew a picture of him and hung it over {his} bed, and {friend} wrote his name under it.',
          ],
        ],
      },
    ),
    maybe(
      'Their ears were red from the cold.',
      'They drank hot milk with honey.',
      'From the roofs hung long needles of ice.',
      'Then they went down the hill on a wooden board.',
    ),
    [
      'At night {hero} lay in bed and listened. Snow makes no sound, but {he} could hear it.',
      'They sat by the stove, ate {food}, and held out their cold feet to the fire.',
      '"Will there be snow tomorrow?" asked {hero}. And then {he} was asleep.',
      'Winter was the best time of the year now. At least until spring!',
    ],
  ],
  more: [
    'The next winter the first flakes fell on a Sunday. {hero} and {friend} met at the same place and did not have to say a word. They began to roll a big ball.',
    'The next day they built a wife for the snowman, and a child, and a dog. In the end there was a whole village of snow. They gave it a name and a bell.',
    'In the evening a soft wind came up. {hero} and {friend} took a lamp and walked through the white night. Everything was still, and the stars were very near.',
  ],
  shorter: [
    'A {quality} {kind} saw the snow and built a snowman with a friend, and then {event}.',
    '{hero} and {his} friend built a snowman with a {nose} for a nose.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} was surprised by the snow, and {he} was very happy with it.',
    '{He} was cold outside and warm inside, and {glad}.',
  ],
  asks: [
    ['What did they build?', 'They built a snowman.'],
    ['What was the nose of the snowman?', 'His nose was a {nose}.'],
    ['What happened with the snowman?', 'They built him with a {nose} for a nose, and then {event}.'],
    ['Who built it with {him}?', 'The {fkind} helped to build it.'],
  ],
};

const fishing: Plot = {
  name: 'patience',
  about: ['who learned to be patient', 'who could not wait', 'who went fishing', 'who could not sit still'],
  things: ['a fishing rod', 'a fish', 'patience'],
  not: ['otter', 'duck'],
  qualities: ['lively', 'little', 'young', 'curious', 'busy', 'funny', 'small'],
  cast: ['elder'],
  slots: {
    bait: ['a worm', 'a bit of bread', 'a piece of cheese', 'a grain of corn'],
    loud: [
      'threw stones into the water',
      'sang a loud song',
      'jumped up and down',
      'ran along the bank',
      'talked and talked',
    ],
    saw: [
      'a deer that came to drink',
      'a blue bird that dived like an arrow',
      'a family of ducks in a row',
      'two dragonflies that danced',
    ],
  },
  steps: [
    [
      '{hero} could not sit still, not even for a minute. {oneDay} {elder} said, "Come with me. We will go fishing."',
      'Before the sun was up, {elder} and {hero} went to the river to fish. {hero} was so excited that {he} hopped all the way.',
      '"Today I will catch the biggest fish in the world," said {hero} {oneDay}, when {elder} took {him} along to the river.',
      '{elder} had two fishing rods, a long one and a short one. {oneDay} the short one was for {hero}.',
    ],
    [
      'They put {bait} on the hook and threw it in. {hero} waited. {He} counted to ten. No fish!',
      '{elder} showed {him} how to hold the rod with {bait} on the hook. "And now?" asked {hero}. "Now we wait."',
      'Plop, the hook went into the water with {bait} on it. "Where are the fish?" asked {hero} at once.',
    ],
    [
      'After two minutes {hero} {loud}. "Shh," said {elder}. "The fish can hear you."',
      '"This is boring," said {hero}, and {he} {loud}. Far out a fish turned around and swam away.',
      '{hero} pulled out the line to look, and put it back, and pulled it out again. Then {he} {loud}.',
    ],
    maybe(
      '{elder} had already caught two. {hero} had caught an old boot.',
      '"Are the fish asleep?" {he} asked. "No," said {elder}, "but you are very awake."',
      'The bucket of {elder} was full, and the bucket of {hero} was empty.',
    ),
    [
      '"Look at the heron over there," said {elder}. A gray bird stood in the water on one leg, as still as a stick. "He has not moved for an hour. And he will eat today."',
      '{elder} was not angry. "Waiting is not doing nothing," {ehe} said. "Waiting is listening and looking. Try it once."',
      '"Be a tree," said {elder}. "A tree does not run, and still everything comes to it."',
    ],
    [
      'So {hero} sat down and became quiet. First it itched everywhere. Then it itched less.',
      '{hero} tried. {He} held the rod and let {his} feet hang down, and {he} breathed in and out.',
      'It was hard. {hero} bit {his} lip. But little by little {he} became as still as the water.',
    ],
    [
      'And now {he} saw what {he} had not seen before. There was {saw}.',
      'When {he} was quiet, the river was not quiet at all. It talked to the stones. And {he} saw {saw}.',
      'Nobody moved. That was why {hero} could see {saw}, quite close.',
    ],
    oneOf(
      {
        set: { end: '{he} caught a fish', lesson: 'good things come to those who can wait' },
        steps: [
          [
            'Then something pulled at the line! {hero} held on with all {his} strength. It was a fish, silver and shining.',
            '{suddenly} the rod bent down. "Now!" said {elder}. {hero} pulled, and a fine fish came flying out of the water.',
          ],
          [
            '"I waited for it," said {hero}, "and it came."',
            'It was not the biggest fish in the world. But it was the first one that {hero} had caught.',
            '{hero} looked into its round eyes. Then {he} let it swim away. "Grow a little more," {he} said.',
          ],
        ],
      },
      {
        set: { end: '{he} caught no fish, but {he} saw {saw}', lesson: 'being quiet shows you many things' },
        steps: [
          [
            'When the sun went down, {hero} had no fish at all. "Are you sad?" asked {elder}. "No," said {hero}, and {he} was surprised that it was true.',
            'No fish came that day. But {hero} had forgotten that {he} was waiting for one.',
          ],
          [
            '"I have caught something else," {he} said. "I have caught the whole river."',
            '"Can we do nothing again tomorrow?" asked {hero}, and {elder} laughed.',
          ],
        ],
      },
    ),
    [
      'They walked home with their shadows in front of them, and {hero} did not hop.',
      'At home there was {food}. And when it was too hot, {hero} waited until it was cool.',
      'Now {hero} can sit still. Not always, but when it matters.',
    ],
  ],
  more: [
    'The next Sunday {hero} was up before {elder}. {He} sat on the step with both rods and waited. When {elder} came out, a bird was sitting on {his} shoe.',
    'At school they had to be quiet for one minute. Everyone giggled. Only {hero} sat there like a heron and heard the rain begin.',
    '{hero} took {his} little cousin to the river. "Where are the fish?" asked the cousin at once. {hero} smiled. "Be a tree," {he} said.',
  ],
  shorter: [
    'A {quality} {kind} went fishing with {elder}, learned to be quiet, and {end}.',
    '{hero} could not wait, but at the river {he} learned it from {elder}.',
  ],
  lesson: ['{hero} learned that {lesson}.', '{He} learned to be patient, and that {lesson}.'],
  feel: [
    '{hero} was bored at first, and later {he} was calm and {glad}.',
    '{He} could hardly sit still, but then {he} felt quiet inside.',
  ],
  asks: [
    ['Did {hero} catch a fish?', 'This is how it ended: {end}.'],
    ['Why did the fish not come?', 'They did not come because {hero} was too loud.'],
    ['Who went fishing with {hero}?', '{elder} went with {him}.'],
    ['What did {hero} see at the river?', '{He} saw {saw}.'],
    ['What was on the hook?', 'There was {bait} on the hook.'],
  ],
};

export const GROWING: readonly Plot[] = [seed, rain, snow, fishing];
