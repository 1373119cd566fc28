import { anyOrder, maybe, oneOf, type Plot } from './plot.ts';

/** The time before sleep, and a letter. */

const bedtime: Plot = {
  name: 'bedtime',
  about: [
    'who could not sleep',
    'who did not want to go to bed',
    'who was not tired at all',
    'who looked for sleep',
  ],
  things: ['a bed', 'the moon', 'a pillow and a blanket'],
  not: ['owl', 'badger', 'raccoon'],
  cast: ['elder'],
  slots: {
    toy: ['stuffed bear', 'rag doll', 'wooden horse', 'cloth rabbit', 'little woolen sheep'],
    count: ['sheep', 'stars', 'clouds', 'drops of rain', 'apples'],
    want: [
      'a glass of water',
      'one more story',
      'another kiss',
      'a slice of bread',
      'to see if the moon was still there',
    ],
  },
  steps: [
    [
      '"Time for bed," said {elder}. "But I am not tired," said {hero} and yawned.',
      'The sun had gone to bed, and the birds had gone to bed. Only {hero} was awake.',
      'It was late, but {hero} was still awake. {He} lay in bed with {his} {toy} in {his} arms.',
      'Every evening it was the same with {hero}. {He} did not want the day to be over.',
    ],
    [
      'First {he} wanted {want}. Then {he} wanted it again.',
      '"I need {want}," called {hero}. {elder} came, and went, and came again.',
      '{hero} got up, because {he} needed {want}. After that {he} was even more awake.',
    ],
    [
      '{He} counted {count}. At a hundred {he} got mixed up and had to begin again.',
      '{elder} told {him} to count {count}. But {hero} began to wonder who had made them, and that kept {him} awake.',
      'One, two, three, {count} went by in {his} head. They did not help at all.',
    ],
    maybe(
      'The bed was too warm. Then it was too cold.',
      'The pillow had a lump, and {his} foot itched.',
      '{He} heard a sound in the wall, but it was only the wind.',
      '{He} turned like a pancake, first on one side and then on the other.',
    ),
    [
      '"Sleep, where are you?" asked {hero}. {He} got up to look for it. It was not under the bed.',
      'So {he} went to the window. Maybe someone out there could tell {him} how to do it.',
      '{hero} took {his} {toy} and walked quietly through the house.',
    ],
    anyOrder(
      [
        'In the basket the old cat was rolled up like a ball. "Just shut your eyes," she said and shut hers.',
        'The hens sat in a row with their heads in their feathers. They looked warm and round.',
        'Outside a horse was sleeping on its feet. "I could never do that," said {hero}.',
      ],
      [
        'A bat was hanging from the roof with its head down. "Good morning," it said. For the bat it was morning.',
        'The moon was swimming in the water bucket and did not say a word.',
        'In the grass a cricket played the same song again and again, softer each time.',
      ],
    ),
    oneOf(
      {
        set: { how: '{elder} sang to {him}', lesson: 'a warm voice makes it easy to sleep' },
        steps: [
          [
            '{elder} found {him} at the door, and {ehe} was not angry. {Ehe} carried {him} back and sang, very low, about a boat that sails into the night.',
            'Then {elder} sat down at the side of the bed. "Once there was a little cloud that could not sleep," {ehe} began, and the voice became slower and slower.',
          ],
        ],
      },
      {
        set: {
          how: '{he} told {his} {toy} a story',
          lesson: 'when you take care of someone else, you forget your own worries',
        },
        steps: [
          [
            'But then {hero} saw that the eyes of {his} {toy} were open, too. "Can you not sleep?" {he} asked. "Come, I will tell you a story." And {he} began.',
            '"You must not be afraid," {he} said to {his} {toy}. {He} put the blanket over both of them and told it everything about the day.',
          ],
        ],
      },
      {
        set: {
          how: '{he} thought of all the good things of the day',
          lesson: 'it is nice to end the day with good thoughts',
        },
        steps: [
          [
            '"What was good today?" asked {elder}. {hero} thought. "The {food}," {he} said, "and the wind in the grass, and you." After each thing {his} eyes became smaller.',
            '{elder} whispered, "Tell me three good things about today." The first one was {food}. The second one was the swing. The third one {hero} did not say any more.',
          ],
        ],
      },
    ),
    [
      'And in the middle of a word {he} fell asleep.',
      'Slowly {his} eyes closed, and {he} fell asleep.',
      '{hero} wanted to say one more thing, but it could wait until tomorrow.',
      'Then there was nothing to hear but breathing, in and out, in and out.',
    ],
    [
      'The moon looked in and went on. Good night, {call}.',
      'Outside, the stars were shining in the sky.',
      'In the morning {he} did not want to get up.',
      'And {his} {toy} slept as well.',
    ],
  ],
  more: [
    '{hero} dreamed of a big white boat. It sailed over the roofs, and {his} {toy} was the captain. When they came back, the sun was rising.',
    'The next evening {hero} went to bed without a word. {elder} was surprised. "I want to know how the dream goes on," said {hero}.',
    'In the morning {elder} was still sleeping. {hero} put a blanket over {ehim} and went on soft feet to make {food}.',
  ],
  shorter: [
    'A {quality} {kind} could not sleep and tried everything, until {how}.',
    '{hero} did not want to go to bed, but then {how}, and {he} fell asleep.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} was wide awake and a bit cross. At the end {he} felt warm and sleepy.',
    '{He} felt restless, and then {he} felt safe.',
  ],
  asks: [
    [
      'How did {hero} fall asleep?',
      '{He} could not sleep for a long time. Then {how}, and {he} fell asleep.',
    ],
    ['What did {hero} count?', '{He} counted {count}.'],
    ['What did {hero} have in bed?', '{He} had {his} {toy}.'],
    ['What did {hero} ask for?', '{He} asked for {want}.'],
  ],
};

const letter: Plot = {
  name: 'letter',
  about: [
    'who wrote a letter',
    'who waited for a letter',
    'who got a letter from far away',
    'who missed a friend',
  ],
  things: ['a letter', 'a postman', 'a stamp', 'a friend who lives far away'],
  cast: ['friend'],
  slots: {
    far: [
      'over the mountains',
      'on the other side of the sea',
      'in a big city',
      'on an island',
      'far up in the north',
    ],
    sent: [
      'a drawing of a whale',
      'a pressed flower',
      'a small shell',
      'a feather',
      'a map with a red cross',
    ],
    trouble: [
      'the wind took it',
      'it fell behind a box',
      'the rain washed off the name',
      'a goat ate half of it',
    ],
  },
  steps: [
    [
      '{friend} had moved away. Now {fhe} lived {far}, and {hero} missed {fhim} very much.',
      '{hero} had a friend who lived {far}. It was {friend}. They could not see each other, but they could write.',
      'The house next to {hero} was empty, for {friend} had gone to live {far}.',
      '"Write to me," {friend} had said to {hero} before {fhe} went away to live {far}. That was long ago now.',
    ],
    [
      'So {he} took paper and a pen. "Dear friend," {he} wrote, and then {he} chewed on the pen.',
      '{oneDay} {he} sat down and wrote about everything, the new puppy, the big rain and the loose tooth.',
      '{hero} wrote slowly, with {his} tongue between {his} teeth. There was a spot of ink, and {he} made a beetle out of it.',
      'It was the first letter of {his} life. It said, "How are you? I am fine. Come back soon."',
    ],
    [
      '{He} put in {sent}, closed it, and gave it to the postman.',
      '{He} put {sent} into the letter, too. Then {hero} put a stamp on it.',
      '{He} put {sent} inside. Then {he} gave the letter a kiss and dropped it into the box.',
    ],
    [
      'Then the waiting began. Every day {hero} stood at the gate, and every day the postman shook his head.',
      'A week went by. "Is there anything for me?" "Not today," said the postman.',
      '{hero} ran to the door whenever a step came near. It was the milkman. It was the neighbor. It was never a letter.',
      '"Maybe I am forgotten," {he} said after ten days.',
    ],
    oneOf(
      {
        set: { why: '{trouble}', lesson: 'it is good to trust a friend' },
        steps: [
          [
            'What {hero} did not know was this. There had been an answer for a long time, but on the way {trouble}.',
            'Far away {friend} had written back on the very same day. But on the way to {hero}, {trouble}.',
          ],
          [
            'The postman was a good man. He looked and asked and searched, and one evening he rang the bell, much too late for the post. "I think this belongs to you," he said.',
            'At last it came after all, dirty and torn, with ten stamps on it. It had been everywhere.',
          ],
          [
            '"I miss you, too," it said. "I read your letter every night." {hero} had to read it three times, because {his} eyes were wet.',
            '{hero} could read only half of it, but that half was enough. It said, "You are my best friend."',
          ],
        ],
      },
      {
        set: { why: '{friend} came {fhimself}', lesson: 'some answers are worth waiting for' },
        steps: [
          [
            'Then there was a knock at the door. {hero} did not even get up. "The letter is too big for the box," said the postman and laughed. Behind him stood {friend}!',
            'One evening there was a step that {he} knew. {hero} tore the door open. There was no letter. There was {friend}, with a bag in {fhis} hand!',
          ],
          [
            '"I wanted to answer," said {friend}, "but I had so much to tell that it did not fit on the paper."',
            '"Writing was too slow for me," {fhe} said, and they fell into each other\'s arms.',
          ],
        ],
      },
    ),
    maybe(
      'They laughed and cried at once.',
      '{hero} gave the postman a piece of cake.',
      'The moon was the same here and there.',
    ),
    [
      '{hero} put it under {his} pillow, next to a new sheet of paper.',
      'Since then {he} knows that far away is not so far.',
      'A letter is a small thing, but it can make a friend very happy.',
      'And the first thing that {he} did the next day was to sit down and write.',
    ],
  ],
  more: [
    'In the summer {hero} was allowed to visit {friend}. The trip took a whole day. {He} took all the letters along, tied with a {color} ribbon.',
    'After that a letter went out every week. The postman soon knew the road by heart. Once he got a letter, too, and it said, "Thank you."',
    '{hero} and {friend} made up a secret writing. A circle was a hug, and a cross was a joke. Nobody else could read it.',
  ],
  shorter: [
    'A {quality} {kind} wrote a letter to a friend who lived {far}, and waited a long time for an answer.',
    '{hero} missed a friend and sent a letter with {sent} in it.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} missed {his} friend and felt forgotten. In the end {he} was {glad}.',
    '{He} was sad while {he} waited, and then {he} was so happy that {he} cried.',
  ],
  asks: [
    ['What was in the letter?', 'There was {sent} in it.'],
    ['Where did the friend live?', 'The friend lived {far}.'],
    ['Who did {hero} write to?', '{He} wrote to a {fkind}, who was {his} friend.'],
    ['Why did {hero} write?', '{He} missed {his} friend.'],
    ['Who brought the letters?', 'The postman brought them.'],
  ],
};

export const EVENING: readonly Plot[] = [bedtime, letter];
