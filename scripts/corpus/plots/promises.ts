import { anyOrder, maybe, oneOf, type Plot } from './plot.ts';

/** Promises, lies, secrets and what was borrowed. */

const promise: Plot = {
  name: 'promise',
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
      'What should {he} do? {His} legs wanted to run to town.',
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
      'It happened when {hero} was {doing}.',
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

const secret: Plot = {
  name: 'secret',
  about: [
    'who had a secret',
    'who kept a secret',
    'who could not keep a secret',
    'who knew about a surprise',
  ],
  things: ['a secret', 'a surprise party', 'a surprise'],
  cast: ['friend', 'elder'],
  slots: {
    plan: [
      { plan: 'a surprise party', where: 'in the barn' },
      { plan: 'a new bench', where: 'behind the house' },
      { plan: 'a painted chair', where: 'under the bridge' },
      { plan: 'a picture as big as a wall', where: 'in the old shed' },
    ],
  },
  steps: [
    [
      '"Can you keep a secret?" {friend} asked {hero} {oneDay}. "Of course I can," said {hero}.',
      '{hero} and {friend} put their heads together. They were planning {plan} for {elder}, and it was a secret.',
      'There was a secret, and only {hero} and {friend} knew it.',
      '{friend} looked left and right and then said something into the ear of {hero}. It was a secret!',
    ],
    [
      'It was about {plan} for {elder}. They worked on it every day {where}, where nobody could see them.',
      'It was {plan} for {elder}, and nobody could know about it. {where} they had hidden everything under a cloth.',
      '"We are making {plan} for your {ekind}," said {friend}, "and we will hide it {where}. Do not say a word!"',
    ],
    [
      'It was not easy. The secret sat on the tongue of {hero} and wanted to jump out.',
      'A secret is like a frog in a pocket. It kept jumping, and {hero} had to hold it down.',
      'All day {he} had to think about it. {He} laughed when there was nothing to laugh about.',
    ],
    [
      '"What are you doing all the time?" asked {elder}. "Oh, nothing," said {hero}, and {his} ears turned red.',
      'At breakfast {elder} looked at {him}. "You are so quiet today." {hero} quickly filled {his} mouth with {food}.',
      '{elder} found paint on {his} {hand}. "Where does that come from?" {hero} had to think very fast. "From a flower," {he} said.',
      'One evening {elder} asked, "Where do you go after school?" {hero} only smiled and hummed a song.',
    ],
    maybe(
      'To make it easier, {he} told it to a deep hole in the ground, and after that {he} felt better.',
      'At night {he} said it very softly into {his} pillow.',
      'Only the old horse heard about it, and the horse told no one.',
    ),
    oneOf(
      {
        set: { lesson: 'some secrets are worth the wait', end: '{he} kept it until the right day' },
        steps: [
          [
            'Then the day was there. "Close your eyes," said {hero}, and {he} took {elder} by the hand. They went out to see it. "Now!"',
            'At last it was time. {friend} gave a sign, and {hero} led {elder} out of the house. "Surprise!" they shouted.',
          ],
          [
            '{elder} did not say anything. There were tears in {ehis} eyes, but they were happy ones. "All this is for me?"',
            '"You two!" said {elder}. "And I did not know a thing!" {hero} had never been so proud.',
          ],
        ],
      },
      {
        set: { lesson: 'it is good to think before you speak', end: 'a part of it jumped out too early' },
        steps: [
          [
            'One day before the end, it happened. "Tomorrow you will like what is {where}," said {hero}, and then {he} put both hands on {his} mouth. Too late!',
            'But then {he} forgot it for one moment. "We still need more red for the surprise," {he} said at the table. Oh no!',
          ],
          [
            '{hero} told {friend} everything and cried. "Your {ekind} has heard only half of it," said {friend}. "We will make the other half even better."',
            '{elder} looked out of the window. "I think my ears are bad today," {ehe} said. "Did you say something?" And {hero} was so thankful.',
          ],
          [
            'The next day {elder} was surprised all the same, or else {ehe} played it very well.',
            'And when {elder} saw it, {ehe} was so happy that nobody thought of it any more.',
          ],
        ],
      },
    ),
    [
      'They all ate {food} together, and {hero} could talk about it as much as {he} liked.',
      '"Do you know another secret?" asked {hero} on the way home.',
      'That night {his} pocket felt empty, as if a frog had jumped out of it.',
      'So that was the secret. Now you know it, too.',
    ],
  ],
  more: [
    'A week later {elder} and {friend} were whispering behind the door. They stopped when {hero} came in. {hero} smiled, because {his} birthday was on Friday.',
    '{hero} was sorry that it was over. So {he} and {friend} thought of a new plan. This time it was a surprise for the postman.',
    'Everybody wanted to see what they had made. {hero} showed it to each one of them. {He} told how hard it had been to say nothing.',
  ],
  shorter: [
    'A {quality} {kind} had a secret. It was {plan} for {elder}, and {end}.',
    '{hero} and a friend secretly made {plan} for {elder}, and it was a big surprise.',
  ],
  lesson: [
    '{hero} learned that {lesson}.',
    '{He} learned how hard it is to keep a secret, and that {lesson}.',
  ],
  feel: [
    '{hero} was so excited that {he} could hardly be quiet. In the end {he} was {glad}.',
    '{He} felt as if {he} had a frog in {his} pocket.',
  ],
  asks: [
    ['What was the secret?', 'It was {plan} for {elder}.'],
    ['Where did they hide it?', 'They hid it {where}.'],
    ['Who was the surprise for?', 'It was for {elder}.'],
    ['Did {hero} keep the secret?', 'Well, {end}.'],
    ['Who else knew about it?', 'Only the {fkind} knew about it.'],
  ],
};

const borrowed: Plot = {
  name: 'borrowed thing',
  about: [
    'who borrowed a {thing}',
    'who forgot to give back a {thing}',
    'who wanted to keep what was not {his} own',
  ],
  things: ['a {thing}', 'something that is borrowed'],
  cast: ['friend'],
  slots: {
    thing: [
      { thing: 'shovel', use: 'dig a big hole' },
      { thing: 'ladder', use: 'pick the apples' },
      { thing: 'lantern', use: 'look for a lost spoon in the cellar' },
      { thing: 'wheelbarrow', use: 'carry the stones away' },
      { thing: 'pot', use: 'cook soup for many' },
      { thing: 'saw', use: 'cut wood for the winter' },
    ],
    days: ['two days', 'a week', 'ten days', 'a whole month'],
  },
  steps: [
    [
      '{hero} wanted to {use}, but {he} had no {thing}. So {he} went to {friend}. "Can I borrow yours?"',
      '"May I borrow your {thing}?" {hero} asked {friend} {oneDay}. "I need it to {use}."',
      'To {use} one needs a {thing}. {hero} had none, but {friend} did.',
      '{friend} had a good {thing}, and {oneDay} {hero} asked for it. "I only want to {use}," {he} said.',
    ],
    [
      '"Take it," said {friend}, "and bring it back when you are done."',
      '{friend} gave it to {him} at once. "Friends help each other," {fhe} said.',
      '"Be careful with it," said {friend}. "It belonged to my father." {hero} nodded.',
    ],
    [
      'The work was soon done. But then {hero} put the {thing} behind the door, and there it stayed for {days}.',
      'It was a fine {thing}, much better than {he} had thought. {hero} did {his} work, and then {he} did not bring it back for {days}.',
      'After that {he} meant to bring it back. Tomorrow, {he} thought, and tomorrow, and so {days} went by.',
    ],
    maybe(
      'When {he} saw {friend} on the road, {he} went the other way.',
      'Every time {hero} passed it, something pinched {him} inside.',
      'Dust fell on it, and a spider made a web from it to the wall.',
    ),
    oneOf(
      {
        set: { turn: '{he} saw that {friend} needed it', lesson: 'you should bring back what you borrow' },
        steps: [
          [
            'Then {he} saw {friend} in the garden. {Fhe} was trying to {use} with {fhis} bare hands. {Fhe} was tired and dirty, and {fhe} did not complain.',
            'One evening {he} walked past the house of {friend}. {Fhe} had to {use}, and it did not work without a {thing}.',
          ],
          [
            '{hero} felt hot with shame. {He} ran home, cleaned the {thing} until it shone, and ran back. "I kept it too long. I am sorry. Let me help you!"',
            'At once {hero} turned around and got the {thing}. "Here it is," {he} said, "and here am I. I will do the work for you."',
          ],
          [
            '"I knew that you would come," said {friend}. Together they were done before dark.',
            '{friend} wiped {fhis} face and smiled. "Two with one {thing} are faster than one with none," {fhe} said.',
          ],
        ],
      },
      {
        set: { turn: 'it broke', lesson: 'it is best to be honest when something goes wrong' },
        steps: [
          [
            'And then {he} used it once more, and it broke. Crack! {hero} looked at the two parts and felt cold all over.',
            '{oneDay} {hero} let it fall on a stone. There was a crack, and the handle came off.',
          ],
          [
            'First {he} wanted to hide it. Then {he} took both parts and walked to {friend}. "I broke it, and I kept it too long," {he} said. "I will pay for it."',
            '{He} could have said that it was lost. But {hero} went to {friend} and showed {fhim} what had happened.',
          ],
          [
            '{friend} looked at the break. "We can mend that," {fhe} said. "It is much harder to mend a friend."',
            'They took strong glue and some rope, and in the evening it was whole. "Now it belongs to both of us a little," said {friend}.',
          ],
        ],
      },
    ),
    [
      'Afterwards they sat on the steps and ate {food}.',
      'And the next time {hero} borrowed a thing, {he} brought it back on the same day, with an apple on top.',
      'From then on the {thing} hung between their two houses, so that both could use it.',
      '{hero} went home with empty hands, and that felt very good.',
    ],
  ],
  more: [
    'In the autumn {friend} needed a cart. {hero} had one. "Take it as long as you want," {he} said. {friend} brought it back after one hour, and there was a cake in it.',
    '{hero} looked around at home. There were a cup, two books and a hat that were not {his} own. That day {he} walked through the whole village and gave everything back.',
    'They painted the {thing} {color}, so that everyone would know it. After that it was borrowed by half the village, and it always came home.',
  ],
  shorter: [
    'A {quality} {kind} borrowed a {thing} and kept it too long, but when {turn}, {he} made it good.',
    '{hero} did not bring back a {thing} until {turn}.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} felt bad as long as {he} kept the {thing}. Afterwards {he} felt good again.',
    '{He} was ashamed, and then {he} was {glad} that {friend} was still {his} friend.',
  ],
  asks: [
    ['What did {hero} borrow?', '{He} borrowed a {thing}.'],
    ['Why did {hero} need it?', '{He} needed it to {use}.'],
    ['Who did the {thing} belong to?', 'It belonged to the {fkind}.'],
    ['How long did {hero} keep it?', '{He} kept it for {days}.'],
  ],
};

export const PROMISES: readonly Plot[] = [promise, lie, secret, borrowed];
