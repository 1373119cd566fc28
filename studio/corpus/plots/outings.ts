import { maybe, oneOf, type Plot } from './plot.ts';

/** A race, and a day at the market. */

const race: Plot = {
  name: 'race',
  about: ['who ran a race', 'who wanted to win a race', 'who trained for a race'],
  things: ['a race', 'a big race', '{prize}'],
  not: ['turtle', 'mole'],
  qualities: ['little', 'small', 'proud', 'young', 'lively', 'brave', 'shy'],
  cast: ['friend'],
  slots: {
    prize: ['a golden cup', 'a basket of apples', 'a blue ribbon', 'a big cheese', 'a wreath of flowers'],
    goal: ['the old oak', 'the stone bridge', 'the red barn', 'the top of the hill', 'the windmill'],
  },
  steps: [
    [
      '{oneDay} there was a sign on every tree. "Big race on Sunday to {goal}! The winner gets {prize}." {hero} read it two times.',
      'Each year there was a race to {goal}, and {hero} had never won it. This year {he} wanted {prize}.',
      '"I will run in the race," said {hero} {oneDay}. "And I will win {prize}."',
      '{hero} liked nothing more than running. When {he} heard of a race to {goal}, {he} put down {his} name at once.',
    ],
    [
      'Every morning {he} ran around the field, and every evening as well.',
      'For two weeks {hero} practiced. {He} ran in the sun, and {he} ran in the rain.',
      '{friend} sat on a stone with a watch and called out the time. {hero} grew faster each day.',
    ],
    [
      'On Sunday all of them stood in a line. {friend} was there, too. "Good luck," {fhe} said. "Ready, steady, go!"',
      'Then the day of the race came. {friend} stood next to {hero}. "Ready, set, go!" someone called, and they ran.',
      'There were flags, and a drum was beaten. {hero} looked at {friend}, who was the fastest of all. "One, two, three, go!"',
    ],
    [
      '{hero} flew over the grass. One after the other fell back, and soon there were only two in front, {he} and {friend}.',
      'At first {hero} was somewhere in the middle. Then {he} passed one, and another, until only {friend} was ahead.',
      'The wind sang in {his} ears. {He} did not look to the left or to the right. {goal} came nearer.',
    ],
    oneOf(
      {
        set: { result: '{he} stopped to help {friend}', lesson: 'helping a friend is better than winning' },
        steps: [
          [
            'Just before the end {friend} fell into a hole and cried out. {hero} could see {goal}. {He} was all alone in front. And {he} stopped.',
            'Then there was a cry. {friend} lay on the ground and held {fhis} foot. {hero} ran three more steps. Then {he} turned around.',
          ],
          [
            '"Run!" said {friend}. "You can win!" "Not like this," said {hero}, and {he} helped {fhim} up.',
            '{He} put an arm around {friend}, and together they went on, on three good legs, or so it felt.',
          ],
          [
            'They came in last. But when they reached {goal}, everybody stood up and clapped, longer than for the winner.',
            'All the others were there before them. The winner looked at them, took {prize}, and put it into their hands. "This is yours," he said.',
          ],
        ],
      },
      {
        set: {
          result: '{he} came in last and did not give up',
          lesson: 'it is important to finish what you begin',
        },
        steps: [
          [
            'But then {his} foot hit a root, and {he} fell. All the others ran past. {hero} had a hole in {his} knee and dust in {his} mouth.',
            '{suddenly} {he} had a pain in {his} side. {He} had begun too fast! One by one they passed {him} again.',
          ],
          [
            '"Stop, if you like," said someone beside the road. {hero} shook {his} head. Step by step {he} went on.',
            'It would have been easy to sit down. {hero} did not sit down.',
          ],
          [
            'At {goal} they were already taking down the flags. But {friend} was waiting. "Here {hero} comes!" {fhe} shouted, and all of them came back to cheer.',
            'When {he} got to {goal}, the sun was low. {friend} held up a line for {him} to run through, and {he} did.',
          ],
        ],
      },
      {
        set: {
          result: '{he} and {friend} came in at the same time',
          lesson: 'it is fun to win, and even more fun to win together',
        },
        steps: [
          [
            'Side by side they ran. They looked at each other, and both of them began to laugh, without getting slower.',
            'They were as close as two drops of rain. No one could say who was first.',
          ],
          [
            '"Let us go together!" called {hero}. They held on to each other and came in at the very same moment.',
            'At {goal} the judge scratched his head. "Two winners!" he said. "That has never happened before."',
          ],
          [
            'They cut {prize} in two, at least in their minds, and each had it for half of the year.',
            'There was only one prize, {prize}. So they took turns with it.',
          ],
        ],
      },
    ),
    maybe(
      '{hero} drank a whole bucket of water.',
      '{His} legs felt like soft butter.',
      'The band played a happy song.',
    ),
    [
      'In the evening {hero} put {his} feet in cold water and smiled at the moon.',
      '"Next year again?" asked {friend}. "Next year again!" said {hero}.',
      'That was the race that people still talk about.',
      'At home {he} wrote into {his} book, "A good day."',
    ],
  ],
  more: [
    'The next morning everything hurt. {hero} went to see {friend}, and they both walked like old hens. They laughed about it, and that hurt, too.',
    'The following spring they ran together every day. Small ones came to run with them. In the end there were twenty of them, and nobody asked who was first.',
    '{hero} kept the number from {his} back. It hung over {his} bed. When something was hard, {he} looked at it.',
  ],
  shorter: [
    'A {quality} {kind} ran a race to {goal}, and {result}.',
    '{hero} wanted to win {prize}, but in the race {result}.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} was excited before the race. Afterwards {he} was tired and {glad}.',
    '{He} was proud, because {he} had done {his} best.',
  ],
  asks: [
    ['Who won the race?', 'In the race {result}.'],
    ['What was the prize?', 'The prize was {prize}.'],
    ['Where did the race end?', 'The race ended at {goal}.'],
    ['How did {hero} get ready?', '{He} practiced every day.'],
  ],
};

const market: Plot = {
  name: 'market',
  about: [
    'who went to the market',
    'who should buy {buy} at the market',
    'who traded things at the market',
    'who had only one coin',
  ],
  things: ['a market', 'one coin', '{buy}'],
  cast: ['elder'],
  slots: {
    buy: ['eggs', 'butter', 'a bag of salt', 'a fish', 'three onions'],
    first: [
      { first: 'a wooden flute', firstWho: 'a boy who wanted to play a song' },
      { first: 'a straw hat', firstWho: 'a man whose head was hot from the sun' },
      { first: 'a ball of string', firstWho: 'a girl whose kite had no string' },
      { first: 'a little bell', firstWho: 'a shepherd who had lost the bell of his goat' },
    ],
    second: [
      { second: 'a warm blanket', secondWho: 'a baby that was cold' },
      { second: 'a basket of cherries', secondWho: 'three hungry children' },
      { second: 'a pair of gloves', secondWho: 'an old woman with cold hands' },
    ],
  },
  steps: [
    [
      '"Here is a coin," said {elder} to {hero}. "Go to the market and buy {buy}. And do not forget!"',
      '{oneDay} {hero} was allowed to go to the market all alone. {He} had a coin in {his} pocket, and {he} was to buy {buy} for {elder}.',
      '{hero} took the basket and the coin and set out for the market, because {elder} needed {buy}.',
      '"{buy}, {buy}, {buy}," said {hero} to {himself} all the way to the market, for that was what {elder} had asked {him} to buy.',
    ],
    [
      'How loud it was there! There were red apples, yellow cheese, green cloth and a man who ate fire.',
      '{hero} had never seen so many things. It smelled of bread and of fish and of flowers, all at once.',
      'Carts and hens and people were everywhere. {hero} had to hold {his} basket tight.',
    ],
    [
      'At one stand {he} saw {first}. It was so nice that {he} forgot everything and gave {his} coin for it.',
      '"{first}, only one coin!" a woman called. {hero} looked, and before {he} knew it, the coin was gone.',
      'Then {he} stopped. There was {first}. {His} {hand} went into {his} pocket all by itself, and {he} paid.',
    ],
    [
      'Only then did {he} remember. "Oh no! What will my {ekind} say?" {he} thought. {He} had no coin and nothing for supper.',
      'A moment later {he} thought of {theBuy}, and {his} face became hot.',
      '"And {theBuy}?" said a small voice in {his} head. {hero} stood still.',
    ],
    [
      'Beside the well {he} met {firstWho}. "I would give {second} for that," was the answer when {hero} showed what {he} had bought. So they traded.',
      'There came {firstWho}. {hero} thought for a moment and gave {theFirst} away. In return {he} got {second}.',
      'Not far away there was {firstWho}. "Take it," said {hero}, and for {theFirst} {he} was given {second}.',
    ],
    oneOf(
      {
        set: {
          end: '{he} traded until {he} had {buy}',
          lesson: 'a kind deed can bring you further than a coin',
        },
        steps: [
          [
            'Then {he} saw {secondWho}. {hero} did not think long and gave {theSecond} away, for nothing at all.',
            'A bit later {he} came past {secondWho}. {He} looked at what {he} had, and {he} gave it with a smile.',
          ],
          [
            'A farmer had seen it. "You have a good heart," she said. "What do you need?" "{buy}," said {hero}. And the farmer put it into {his} basket.',
            '"That was kind," said a voice behind {him}. It was a woman with a stand. "You need {buy}? Here, this is for you."',
          ],
          [
            '"Well done," said {elder} at home. "And what did it cost?" "That is a long story," said {hero}.',
            '{hero} ran home with a full basket and told {elder} everything, from the first step to the last.',
          ],
        ],
      },
      {
        set: { end: '{he} told the truth at home', lesson: 'you can make a mistake and be honest about it' },
        steps: [
          [
            'That was nice, but it was not {buy}. The market closed, and {hero} walked home very slowly.',
            'With {theSecond} {he} went from stand to stand, but nobody wanted to trade it for {buy}.',
          ],
          [
            '"I forgot {theBuy}," {he} said to {elder}. "I bought something else, and then I traded it. I am sorry." {elder} looked at {theSecond} and began to smile. "Do you know that I have wanted this for years?"',
            'At the door {he} told the truth, because it was the shortest way. {elder} sighed. Then {ehe} laughed. "Then we will eat {food} today, and tomorrow we will go together."',
          ],
        ],
      },
    ),
    [
      'From then on {he} tied a knot into a cloth, so that {he} would not forget.',
      'In bed {he} could still hear the market.',
      'That evening they had a very good supper.',
      '"When is the next market?" asked {hero}.',
    ],
  ],
  more: [
    'The next week {hero} went to the market again. {He} walked past all the pretty things with {his} eyes almost shut. First {he} bought what {he} needed, and then {he} opened {his} eyes.',
    '{hero} and {elder} set up a stand of their own. They sold {food}, and they sold it all. At the end there were twelve coins in the box.',
    'On the road {hero} met one of the people from the market. They said hello like old friends. "How is {theFirst}?" asked {hero}.',
  ],
  shorter: [
    'A {quality} {kind} should buy {buy} at the market, bought {first} with the only coin, and {end}.',
    '{hero} went to the market for {buy} and forgot about it. In the end {end}.',
  ],
  lesson: ['{hero} learned that {lesson}.', 'The {kind} learned that {lesson}.'],
  feel: [
    '{hero} was excited, then worried about the coin, and {glad} in the end.',
    '{He} was a little ashamed that {he} had forgotten {theBuy}.',
  ],
  asks: [
    ['What should {hero} buy?', '{He} should buy {buy}.'],
    ['What did {hero} buy first?', '{He} bought {first}.'],
    ['Who sent {him} to the market?', '{elder} sent {him} there.'],
    ['What happened in the end?', 'In the end {end}.'],
  ],
};

export const OUTINGS: readonly Plot[] = [race, market];
