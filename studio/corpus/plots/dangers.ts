import { maybe, oneOf, type Plot } from './plot.ts';

/** A sound in the night, and a storm at sea. */

const sound: Plot = {
  name: 'strange sound',
  about: [
    'who heard a strange sound',
    'who heard a strange sound in the night',
    'who wanted to know what made the sound',
    'and a strange sound in the {room}',
  ],
  things: ['a strange sound', 'a noise in the {room}', 'something in the {room}'],
  cast: ['friend'],
  slots: {
    room: ['attic', 'cellar', 'garden shed', 'barn', 'chimney'],
    noise: ['scratch, scratch', 'tap, tap, tap', 'bump, bump', 'squeak, squeak', 'rustle, rustle'],
    guess: ['a ghost', 'a dragon', 'a robber', 'a giant rat', 'a monster with ten legs'],
    tool: ['a wooden spoon', 'a broom', 'an old umbrella', 'a cooking pot', 'a long stick'],
  },
  steps: [
    [
      '{hero} was almost asleep when {he} heard it. "{noise}." It came from the {room}.',
      'It was a quiet evening. {hero} was reading a book. {suddenly} there was a sound in the {room}. "{noise}."',
      '"{noise}," it went, and then it was quiet again. {hero} sat up in bed. What was in the {room}?',
      'For three nights {hero} heard a sound from the {room}. It went, "{noise}."',
      'Something was in the {room}. {hero} could hear it clearly. "{noise}!"',
    ],
    [
      '"It is {guess}," {he} thought, and the hair on {his} neck stood up.',
      'Could it be {guess}? {hero} pulled the blanket up to {his} nose.',
      '{hero} ran to {friend}, who lived next door. "There is {guess} in my {room}!"',
      '{He} had once heard a story about {guess}, and now {he} wished that {he} had not.',
    ],
    [
      '{friend} did not believe it, but {fhe} came along. They took a lamp and {tool}.',
      'Alone {he} did not want to go. So {he} called {friend}. "Take {tool}, to be safe," said {hero}.',
      '"Let us go and see," said {friend}. {hero} picked up {tool} and stayed right behind {fhim}.',
      'With {tool} in one {hand}, and with {friend} at {his} side, {he} went to look.',
    ],
    [
      'They walked on the tips of their toes. The floor creaked, and both of them jumped.',
      'Step by step they came nearer. "{noise}!" It was very loud now.',
      'At the door they stopped. "You first," said {hero}. "No, you," said {friend}. So they went together.',
      '{hero} counted. "One, two, three!" And {he} pulled the door open.',
    ],
    oneOf(
      {
        set: {
          truth: 'a family of mice',
          lesson: 'the things that scare us are often smaller than we think',
        },
        steps: [
          [
            'The light fell on five tiny mice in a row. They were moving a nut, and the nut was bigger than they were.',
            'And there in the light was {guess}? No! There was a mother mouse with four babies. They were more afraid than {hero} was.',
          ],
          [
            '"Please do not hurt us," said the mother mouse. "It was cold outside."',
            '"We only need a dry place for the winter," said the smallest one.',
          ],
          [
            '{hero} put down {theTool} and felt a little silly. "You can stay," {he} said, and {he} brought them some cheese.',
            '"Is that all?" asked {hero}, and {he} laughed so much that {he} had to sit down. Then {he} made them a bed of old cloth.',
          ],
        ],
      },
      {
        set: { truth: 'a branch in the wind', lesson: 'it is better to look than to be afraid' },
        steps: [
          [
            'Nobody was there. But the small window was open, and a branch of the old tree moved in the wind. "{noise}," it went against the glass.',
            'They looked in every corner. Then {friend} pointed up. A long branch was knocking at the roof. "{noise}."',
          ],
          [
            '"Good evening, Mr. Branch," said {friend} and shook the branch. {hero} had to laugh.',
            '{hero} opened {his} mouth and closed it again. "So that is {theGuess}," {he} said at last.',
            'They tied the branch back with a rope, and at once it was quiet.',
          ],
        ],
      },
      {
        set: {
          truth: 'a kitten that could not get out',
          lesson: 'someone who scares you may need your help',
        },
        steps: [
          [
            'Two green eyes looked at them. It was a thin little kitten, gray with dust. It had been shut in and could not get out.',
            'Behind an old box sat a tiny kitten. "Meow," it said. It had been looking for a way out all the time.',
          ],
          [
            '"You poor little thing!" said {hero}. {He} carried it down and gave it warm milk.',
            '{hero} forgot all about {theGuess}. {He} took the kitten in {his} arms, and it began to purr.',
          ],
        ],
      },
    ),
    maybe(
      'The moon shone in through the roof.',
      '"And I thought that it was {guess}!" said {hero}.',
      'Now they both were hungry, so they ate some {food}.',
    ),
    [
      '{hero} slept well after that, and {he} dreamed of nothing at all.',
      'Since then, when {hero} hears a sound at night, {he} takes a lamp and goes to look.',
      '"Next time I will not be so afraid," {he} said.',
      'They told the story to everyone, and in the story {theTool} became a sword.',
    ],
  ],
  more: [
    'The next evening there was a new sound. It came from the kitchen. {hero} went to look, and it was {friend}, who was eating the rest of the {food}.',
    'After that {hero} was not so easily scared. When others heard strange sounds, they came to {him}. {He} took {theTool} and a lamp, and {he} always found out what it was.',
    '{hero} and {friend} cleaned up the whole {room}. They found an old horn there. Now the neighbors hear strange sounds, too.',
  ],
  shorter: [
    'A {quality} {kind} heard a strange sound in the {room} and thought of {guess}, but it was only {truth}.',
    '{hero} and a friend looked for a strange sound, and they found {truth}.',
  ],
  lesson: [
    '{hero} learned that {lesson}.',
    'The {kind} learned that {lesson}.',
    '{He} learned that {lesson}.',
  ],
  feel: [
    '{hero} was scared at first. When {he} saw what it was, {he} had to smile.',
    '{He} was afraid of the sound, and later {he} felt a little silly and {glad}.',
  ],
  asks: [
    ['What made the sound?', 'It was {truth}.'],
    ['What did {hero} think it was?', '{He} thought that it was {guess}.'],
    ['Where did the sound come from?', 'It came from the {room}.'],
    ['What did {hero} take along?', '{He} took a lamp and {tool}.'],
    ['Who went with {him}?', 'The {fkind} went with {him}.'],
  ],
};

const storm: Plot = {
  name: 'storm at sea',
  about: ['who was in a storm at sea', 'who sailed out to sea', 'who had a small boat', 'and a storm at sea'],
  things: ['a boat', 'a storm', 'a little ship'],
  qualities: ['brave', 'young', 'small', 'clever', 'lively', 'proud'],
  cast: ['friend'],
  slots: {
    boat: ['Sea Star', 'Little Wave', 'Happy Fish', 'White Bird', 'Old Shoe'],
    goal: [
      'catch a big fish',
      'see the island with the red rocks',
      'find out where the sun sleeps',
      'bring a letter to the island',
      'look for whales',
    ],
  },
  steps: [
    [
      '{hero} had a small boat, and its name was {boat}. {oneDay} {he} sailed out with {friend} to {goal}.',
      '"Today we sail!" said {hero} to {friend}. They put bread and water into the {boat}, because they wanted to {goal}.',
      'The {boat} was the smallest boat in the harbor, and {hero} was its captain. {oneDay} {he} took {friend} along to {goal}.',
      'The sea was flat and blue when {hero} and {friend} left the harbor in a boat called {boat}. They wanted to {goal}.',
    ],
    [
      'In the morning all was well. They sang, and the gulls flew over them.',
      'A soft wind filled the sail. {friend} held a foot in the water and laughed.',
      'They looked back, and the houses were as small as toys.',
      '"Look how far we are!" said {hero}. There was nothing but water on all sides.',
    ],
    [
      'But at noon a dark cloud came up. The old fisherman had told them to watch for it, and {hero} had not listened.',
      'Then the wind turned cold. {friend} pointed to the west. The sky there was as black as ink.',
      'The gulls went away, one after the other. "That is not a good sign," said {friend}.',
      '{suddenly} the sun was gone, and it began to rain.',
    ],
    [
      'The waves grew as high as houses. The little boat went up and down, up and down.',
      'Now the storm was there. It roared and threw water over them, and they had to hold on with all their strength.',
      'Crash! The sail broke, and it flew away like a big white bird.',
      'Lightning lit up the sea. {hero} saw how small their boat was.',
    ],
    [
      '"I am afraid," said {friend}. "So am I," said {hero}. "But we have work to do. Take the bucket!"',
      '{hero} held the oars, and {friend} threw the water out with a pot, again and again.',
      '"Tie yourself to me," called {hero}. "Then we cannot lose each other."',
      'They sang as loudly as they could, so that they would not hear the wind.',
    ],
    oneOf(
      {
        set: {
          saved: 'they saw the light of the lighthouse',
          lesson: 'a small light can show the way in a big storm',
        },
        steps: [
          [
            'Then, far away, there was a light. It went on and off, on and off. "The lighthouse!" cried {hero}. They rowed toward it as hard as they could.',
            '"There!" said {friend}. A tiny light was blinking in the dark. It was the lighthouse, and it seemed to say, "This way, this way."',
          ],
          [
            'At last the boat hit the sand. The keeper of the lighthouse stood there with a lamp and two dry blankets.',
            'The old keeper pulled them out of the water and made a big fire. They drank hot tea and listened to the storm outside.',
          ],
        ],
      },
      {
        set: { saved: 'a whale carried them home', lesson: 'help can come from where you do not expect it' },
        steps: [
          [
            'Something big came up beside them. It was a whale! "Hold on to me," it said with a deep voice.',
            'Then the boat stopped shaking. It stood quite still, as if on land. They looked down and saw a broad gray back. A whale had lifted them up!',
          ],
          [
            'The whale swam through the waves as if they were nothing, and it set them down gently near the beach.',
            'It carried them to the harbor. "Next time, ask the sky before you go," it said, and it was gone.',
          ],
        ],
      },
      {
        set: {
          saved: 'they kept calm until the storm was over',
          lesson: 'every storm has an end, and two are stronger than one',
        },
        steps: [
          [
            'They did not stop, and they did not give up. And after a long time the wind became tired. One star came out, and then another.',
            'Hour after hour they worked. Then the waves became lower, and the rain became thin. The storm was over.',
          ],
          [
            'In the first light of the day they saw land. They rowed home slowly, wet and tired and very quiet.',
            'When the sun came up, the sea was smooth like glass. They used a shirt as a sail, and it brought them home.',
          ],
        ],
      },
    ),
    [
      '"Did you {goal}?" asked the people. "No," said {hero}, "but we came back, and that is better."',
      'From that day on {hero} always asked the old fisherman about the weather.',
      'They mended the {boat} together. Its new sail is red, so that one can see it from far away.',
      '{hero} hung a bell on the {boat}. When it rings, {he} thinks of that night.',
    ],
  ],
  more: [
    'In spring they sailed again, and this time they looked at the sky first. There was not one cloud. They came home in the evening with salt on their noses and a song on their lips.',
    'The old fisherman gave {hero} a book about clouds and winds. {He} read it all winter. {friend} learned to tie twelve knots.',
    'One night {hero} saw another boat in trouble. {He} ran to the beach and waved a lamp until it was safe. Then {he} gave the sailors hot soup.',
  ],
  shorter: [
    'A {quality} {kind} sailed out in a small boat, came into a storm, and {saved}.',
    '{hero} and a friend were in a storm at sea, but {saved}.',
  ],
  lesson: ['{hero} learned that {lesson}.', '{He} learned to watch the sky, and that {lesson}.'],
  feel: [
    '{hero} was happy in the morning, afraid in the storm, and {glad} to be home.',
    '{He} was afraid, but {he} stayed calm.',
  ],
  asks: [
    ['What was the name of the boat?', 'The boat was called {boat}.'],
    ['How were they saved?', 'They were saved because {saved}.'],
    ['Why did they sail out?', 'They wanted to {goal}.'],
    ['Who was in the boat?', '{hero} and a {fkind} were in the boat.'],
    ['What happened at noon?', 'A dark cloud came up, and then there was a storm.'],
  ],
};

export const DANGERS: readonly Plot[] = [sound, storm];
