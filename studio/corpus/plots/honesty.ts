import { anyOrder, oneOf, type Plot } from './plot.ts';

/** A promise that is kept, and a lie that is not. */

const promise: Plot = {
  name: 'promise',
  alsoThere: ['{neighbor}'],
  about: [
    'who kept a promise',
    'who made a promise',
    'who promised to {task}',
    'who almost forgot a promise',
  ],
  things: ['a promise', 'a promise to an old neighbor'],
  not: ['hen', 'fox', 'wolf'],
  cast: ['friend'],
  slots: {
    task: [
      { task: 'water the flowers', ask: 'water my flowers', thanks: 'my flowers are so fresh' },
      { task: 'feed the goldfish', ask: 'feed my goldfish', thanks: 'my goldfish is well' },
      { task: 'bring in the apples', ask: 'bring in my apples', thanks: 'my apples are safe and dry' },
      { task: 'look after the hens', ask: 'look after my hens', thanks: 'my hens are fat and happy' },
      { task: 'keep the fire burning', ask: 'keep my fire burning', thanks: 'my house is so warm' },
    ],
    neighbor: ['Mrs. Brown', 'old Mr. Green', 'Mrs. Plum', 'old Mr. Stone', 'Mrs. Field'],
    fun: ['a puppet show', 'a fair with a big wheel', 'a picnic', 'a parade with drums', 'a circus'],
  },
  steps: [
    [
      '{neighbor} had to go away for a day. "Can you {ask}?" the neighbor asked {hero}. "I promise," said {hero}.',
      '"I promise to {task}," said {hero} {oneDay} to {neighbor}, who was going on a trip.',
      '{hero} lived next to {neighbor}. {oneDay} the neighbor had to visit a sick sister, and {hero} promised to {task}.',
      '{oneDay} {hero} got an important job. {He} had to {task} for {neighbor}. "You can trust me," {he} said.',
    ],
    [
      'Then {friend} ran up the road. "There is {fun} in town! Come quickly, or we will miss it."',
      '{He} was just on the way there when {he} met {friend}. "Have you heard? Today there is {fun}!"',
      'But that same afternoon {friend} knocked at the door. "Come with me! There is {fun}, and it is only today."',
      'From far away there was music. {friend} was jumping up and down. "It is {fun}! Let us go!"',
    ],
    [
      '{hero} loved such things more than anything. {He} looked at the road, and {he} looked at the house of {neighbor}.',
      '"Only for a short time," {hero} thought. "I can {task} later."',
      'What should {he} do? {He} wanted to go to town very much.',
      '{hero} felt as if two strings were pulling at {him}, one on each side.',
    ],
    oneOf(
      {
        set: { choice: '{he} stayed and did it', lesson: 'a promise is a promise' },
        steps: [
          [
            '"I cannot," {he} said at last. "I gave my word." {friend} was sad and went alone.',
            '{hero} took a deep breath. "You go," {he} said. "I must {task} first, because I promised it."',
            'Then {he} thought of {neighbor}, who trusted {him}. "No," said {hero}. "Not today."',
          ],
          [
            'So {he} worked, and the music was far away. {He} did not do it quickly. {He} did it well.',
            'It took until the evening to {task}. A few times {he} looked up, but {he} did not stop.',
            '{hero} did all that {he} had said {he} would do, down to the last bit.',
          ],
          [
            'When {neighbor} came home, there was a big smile. "Thank you, {call}, {thanks}!"',
            '"Oh, {thanks}," said {neighbor}. "I knew that I could trust you."',
          ],
          [
            'And then there was a knock at the door. {friend} was back, and {fhe} had brought {him} a balloon and half of a sweet bun.',
            '"I have two tickets for the last evening," said {neighbor}. "Do you know someone who would like to come?" {hero} knew someone.',
            'The next day {friend} showed {him} all that {fhe} had seen, with a pot as a drum, and it was nearly as good.',
          ],
        ],
      },
      {
        set: {
          choice: '{he} went to town first and then ran back',
          lesson: 'it is never too late to keep your word',
        },
        steps: [
          [
            '"I will be back soon," {he} said, and {he} went along. It was loud and bright and wonderful. And {hero} forgot the time.',
            'They ran to town. There was so much to see that {he} did not think about {neighbor} at all.',
          ],
          [
            'When the sun was low, {he} suddenly stopped. "My promise!" {He} did not wait for the end. {He} ran as {he} had never run before.',
            'On the way home {he} saw the dark house of {neighbor}, and {his} heart fell. {He} had forgotten! At once {he} ran in and began.',
          ],
          [
            '{hero} worked by the light of a lamp until it was done. Then {he} waited at the door. "I was late," {he} said to {neighbor}. "I am sorry." {neighbor} looked around and nodded. "But you did it, and you told me the truth."',
            'It was almost midnight when {he} was ready. In the morning {he} told {neighbor} everything. "I see," said {neighbor}. "You kept your word, even if it was late."',
          ],
        ],
      },
    ),
    [
      'Since then {hero} thinks before {he} says, "I promise." And when {he} has said it, {he} does it.',
      'That night {hero} slept like a stone.',
      '"A word is like a seed," {neighbor} said. "You have to take care of it." {hero} never forgot that.',
      'And everybody {place} knows that you can trust {hero}.',
    ],
  ],
  more: [
    'Soon other neighbors came and asked {hero} for help. {He} wrote every promise on a piece of paper. When it was done, {he} drew a small star next to it.',
    'A month later {neighbor} had to go away again. "Who will {task}?" the neighbor asked and smiled. {hero} was already at the door. This time {friend} came along to help.',
    'One day {friend} promised to meet {hero} at the bridge. It rained very hard, and {hero} thought that nobody would come. But there stood {friend}, as wet as a fish.',
  ],
  shorter: [
    'A {quality} {kind} promised to {task}, and when there was {fun} in town, {choice}.',
    '{hero} made a promise to {neighbor} and kept it.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} did not know what to do at first. In the end {he} was proud and {glad}.',
    '{He} was a bit sad to miss some of the fun, but {he} felt good because {he} had kept {his} word.',
  ],
  asks: [
    ['What did {hero} promise?', '{He} promised to {task}.'],
    ['Who did {hero} promise it to?', '{He} promised it to {neighbor}.'],
    ['What was in town?', 'There was {fun} in town.'],
    ['What did {hero} do?', 'There was {fun}, but {he} had made a promise, so {choice}.'],
  ],
};

const lie: Plot = {
  name: 'lie',
  about: [
    'who told a lie',
    'who broke a {thing} and told a lie',
    'who broke a {thing}',
    'who told the truth in the end',
    'who said sorry',
  ],
  things: ['a broken {thing}', 'a lie', 'the truth'],
  not: ['cat', 'kitten'],
  cast: ['elder'],
  slots: {
    thing: ['vase', 'blue cup', 'window', 'big bowl', 'tea pot', 'mirror', 'lamp'],
    doing: [
      'throwing a ball in the house',
      'dancing on the table',
      'playing with a broom',
      'running through the kitchen',
      'jumping from the chair',
    ],
    blame: ['the cat', 'the wind', 'a bird', 'the neighbor'],
  },
  steps: [
    [
      '"No games in here," {elder} always said. But {oneDay} {hero} was alone and was {doing}.',
      'It was raining, and {hero} could not go out. So {he} was {doing}, and that was not allowed.',
      '{hero} was having fun {oneDay}. {He} was {doing}, and {he} did not look where {he} went.',
      '{oneDay} {hero} was {doing}.',
    ],
    [
      'Crash! The {thing} broke into a hundred pieces.',
      'There was a loud sound, and then it was very still. The {thing} of {elder} was broken.',
      '{hero} only touched the {thing} a little. It shook, it fell, and it broke.',
      'He who plays must be careful, and {hero} was not. In a moment the {thing} lay on the floor in pieces.',
    ],
    [
      '{elder} came home. "Who did that?" {ehe} asked. "It was {blame}," said {hero} very quickly.',
      'When {elder} saw it, {hero} opened {his} mouth, and out came a lie. "It was {blame}!"',
      '"What happened?" asked {elder}. {hero} looked at the floor. "I do not know. Maybe it was {blame}."',
      'Steps came to the door. {hero} had to say something. "{blame} did it," {he} told {elder}.',
    ],
    [
      '{elder} said nothing and swept up the pieces. That was worse than if {ehe} had been angry.',
      '"I see," said {elder}, and {ehe} looked at {him} for a long time.',
      '{elder} believed {him}. {hero} wanted to be happy about that, but {he} was not.',
      '"Then nobody can help it," said {elder}, and {ehe} sat down in {ehis} chair.',
    ],
    anyOrder(
      [
        'At supper there was {food}, but {hero} could not eat.',
        '{hero} sat before {his} plate of {food} and felt full.',
        'There was something like a stone in {his} tummy.',
        'Nothing tasted good that evening.',
      ],
      [
        'In bed {he} turned to the left and to the right. The lie would not let {him} sleep.',
        'When it was night, {he} heard the clock tick. It said, "Not true, not true, not true."',
        'The moon looked in at the window as if it knew everything.',
        'The later it was, the bigger the lie became.',
      ],
    ),
    [
      'At last {he} got up and went to {elder}. "It was not {blame}," {he} whispered. "It was me. I was {doing}. I am so sorry."',
      '{hero} ran down the stairs and said it all at once. "I broke it, and I lied, and I am sorry!"',
      'Then {he} could not hold it any longer. Tears fell down. "I did it," said {hero}. "I broke the {thing}. Please do not be angry."',
      'There was only one way. {hero} took the hand of {elder} and told the truth from the beginning to the end.',
    ],
    oneOf(
      {
        set: { lesson: 'telling the truth makes your heart light', after: '{elder} forgave {him}' },
        steps: [
          [
            '"I knew it," said {elder} and held {him} tight. "I was waiting for you to tell me. A {thing} can be bought, but not the truth."',
            '{elder} pulled {him} close. "I am sad about the {thing}," {ehe} said, "but I am {glad} about you."',
            '"That was hard to say," said {elder}. "Thank you for telling me." And the stone in {his} tummy was gone.',
          ],
        ],
      },
      {
        set: {
          lesson: 'after a mistake you can try to make it good again',
          after: 'they mended the {thing} together',
        },
        steps: [
          [
            '{elder} went to a drawer. There lay all the pieces. "Do you want to help me put it together?" They sat at the table with glue until midnight.',
            '"Then let us see what we can do," said {elder}. The next day {hero} helped in the house and earned a few coins, and together they bought a new one.',
          ],
          [
            'It does not look like before. But {elder} says that {ehe} likes it even more.',
            'One can still see what happened, and that is all right.',
          ],
        ],
      },
    ),
    [
      'And {hero} fell asleep before {he} could count to three.',
      'After that {hero} still broke a thing or two, but {he} always said so.',
      'The ball stays outside now.',
      'The next morning the {food} tasted better than ever.',
    ],
  ],
  more: [
    'The next week {hero} spilled milk on the floor. {elder} came in and looked. "It was me," said {hero}, and {he} already had a cloth in {his} {hand}.',
    'On Sunday {hero} gave {elder} something wrapped in paper. It was a little clay cup that {he} had made alone. It was not round, but {elder} drank from it every day.',
    '{hero} even said sorry to {blame}. That made {elder} laugh. And then they had a second breakfast.',
  ],
  shorter: [
    'A {quality} {kind} broke a {thing} and told a lie, but then told the truth, and {after}.',
    '{hero} broke a {thing}, said that it was {blame}, and could not sleep until {he} had told the truth.',
  ],
  lesson: [
    '{hero} learned that {lesson}.',
    'The {kind} learned that {lesson}.',
    '{He} learned not to lie, and that {lesson}.',
  ],
  feel: [
    '{hero} felt bad because of the lie. When {he} told the truth, {he} felt light again.',
    '{He} felt as if there was a stone in {his} tummy, until {he} said sorry.',
  ],
  asks: [
    ['What did {hero} break?', '{He} broke a {thing}.'],
    ['How did it break?', '{hero} was {doing}, and the {thing} fell.'],
    ['Who did {hero} blame?', '{He} said that it was {blame}.'],
    ['Why could {hero} not sleep?', '{He} could not sleep because {he} had told a lie.'],
    ['Was {elder} angry?', 'No, {after}.'],
  ],
};

export const HONESTY: readonly Plot[] = [promise, lie];
