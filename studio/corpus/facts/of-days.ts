import { type Fact } from './fact.ts';

/** When it was, and how the hero is. */

const time: Fact = {
  name: 'time',
  slots: {
    timeWhen: [
      ...'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' ').map((day) => `on a ${day}`),
      ...'March April May June July August September October'.split(' ').map((month) => `in ${month}`),
      'on {his} birthday',
      'on the day after {his} birthday',
      'on market day',
      'on the first day of the holidays',
      'many years ago',
      'a long time ago',
      'at the end of the week',
    ],
  },
  tell: ['It all began {timeWhen}.', 'This happened {timeWhen}.', 'It was {timeWhen} that it all began.'],
  questions: [
    {
      id: 'time',
      kind: 'when',
      asks: [
        'When did it happen?',
        'When was that?',
        'When did it all begin?',
        'When did the story begin?',
        'And when was it?',
        'What day or time was it?',
        'When did this take place?',
        'On which day was it?',
        'When does the story take place?',
        'Was it long ago, or when?',
        'What was the time of the story?',
      ],
      indirect: ['when it was', 'when it all began', 'on which day it happened', 'when the story took place'],
      answers: ['It happened {timeWhen}.', 'It all began {timeWhen}.', 'It was {timeWhen}.'],
      key: '{timeWhen}',
    },
  ],
};

const hobby: Fact = {
  name: 'hobby',
  slots: {
    hobbyWhat:
      'singing dancing swimming fishing reading running cooking painting climbing sleeping digging whistling knitting skating drawing baking gardening'.split(
        ' ',
      ),
  },
  tell: [
    '{hero} loved {hobbyWhat} more than anything.',
    'What {he} liked best was {hobbyWhat}.',
    '{He} was very good at {hobbyWhat}.',
  ],
  questions: [
    {
      id: 'hobby',
      kind: 'what',
      asks: [
        'What did {hero} like best?',
        'What did the {kind} like to do?',
        'What did {hero} love to do?',
        'What was {hero} good at?',
        'What was the thing {hero} liked best?',
        'Which thing did {he} like to do?',
        'What did {he} do with joy?',
        'What was the hobby of {hero}?',
        'What did the {kind} love most?',
        'What was {he} so good at?',
      ],
      indirect: ['what {he} liked best', 'what {hero} was good at', 'what the {kind} loved to do'],
      answers: ['{hero} liked {hobbyWhat}.', '{He} liked {hobbyWhat} best.', '{He} was good at {hobbyWhat}.'],
      key: '{hobbyWhat}',
    },
  ],
};

const nickname: Fact = {
  name: 'nickname',
  slots: {
    nickName:
      'Captain|Sunshine|Thunder|Professor|Feather|Turnip|Rocket|Giggles|Lightning|Boots|Sleepyhead|Whirlwind'.split(
        '|',
      ),
    nickWhy: [
      '{he} was always late',
      '{he} was always early',
      '{he} laughed so loudly',
      '{he} asked so many questions',
      '{he} could jump so high',
      '{he} had such big feet',
      '{he} was never afraid',
      '{he} ran so fast',
      '{he} slept so much',
      '{he} ate so much',
      '{he} talked all day',
      '{he} was so small',
      '{he} was as strong as two',
      '{he} could not sit still',
      '{he} knew so much',
      '{he} was always cold',
    ],
  },
  tell: [
    'Everybody called {him} {nickName}, because {nickWhy}.',
    'The others called {him} {nickName} because {nickWhy}.',
  ],
  questions: [
    {
      id: 'nickname why',
      kind: 'why',
      asks: [
        'Why did everybody call {him} {nickName}?',
        'Why was {he} called {nickName}?',
        'Why did they call {hero} {nickName}?',
        'Why {nickName}?',
        'Why was {his} name {nickName}?',
        'Why the name {nickName}?',
        'What was the reason for the name {nickName}?',
        'How come they called {him} {nickName}?',
        'Where does the name {nickName} come from?',
      ],
      indirect: [
        'why they called {him} {nickName}',
        'why {hero} was called {nickName}',
        'the reason for the name {nickName}',
      ],
      answers: ['Because {nickWhy}.', 'They called {him} {nickName} because {nickWhy}.'],
      key: '{nickWhy}',
    },
    {
      id: 'nickname what',
      kind: 'what',
      asks: [
        'What did everybody call {hero}?',
        'What did the others call {him}?',
        'What was {his} other name?',
        'By what name did the others call {him}?',
        'What did they call {him}?',
        'What other name did {hero} have?',
        'Under what name was {he} known?',
        'What was {hero} called by the others?',
      ],
      indirect: ['what the others called {him}', '{his} other name', 'what they used to call {hero}'],
      answers: ['Everybody called {him} {nickName}.', 'They called {him} {nickName}.'],
      key: '{nickName}',
    },
  ],
};

const mood: Fact = {
  name: 'mood',
  slots: {
    moodHow: [
      ...[
        'the sun was shining',
        'there was cake for breakfast',
        'it was a holiday',
        'a letter had come',
        '{he} had slept so well',
        'there was music in the air',
        '{he} had new shoes',
        'it had stopped raining',
      ].map((moodWhy) => ({ moodHow: 'happy', moodWhy })),
      ...[
        '{he} had not slept all night',
        'the wind had howled all night',
        '{he} had worked all week',
        '{he} had walked so far',
        'the baby had cried all night',
      ].map((moodWhy) => ({ moodHow: 'tired', moodWhy })),
      ...[
        '{he} had lost a tooth',
        'it was raining',
        '{his} shoes were wet',
        'nobody had said good morning',
        'there was no more bread',
        'the soup was cold',
      ].map((moodWhy) => ({ moodHow: 'sad', moodWhy })),
      ...[
        'somebody had eaten {his} breakfast',
        'the door would not open',
        'the others had laughed at {him}',
      ].map((moodWhy) => ({ moodHow: 'angry', moodWhy })),
    ],
  },
  tell: [
    'That day {hero} was {moodHow} because {moodWhy}.',
    '{He} was {moodHow} that day, because {moodWhy}.',
  ],
  questions: [
    {
      id: 'mood why',
      kind: 'why',
      asks: [
        'Why was {hero} {moodHow} that day?',
        'Why was {he} {moodHow} that day?',
        'Why was the {kind} so {moodHow} that day?',
        'How come {hero} was {moodHow}?',
        'What was the reason that {he} was {moodHow}?',
        'Why so {moodHow}?',
        '{hero} was {moodHow}. Why?',
        'Why did {he} feel {moodHow} that day?',
      ],
      indirect: [
        'why {hero} was {moodHow}',
        'why {he} was so {moodHow} that day',
        'what made {him} {moodHow}',
      ],
      answers: [
        'Because {moodWhy}.',
        '{hero} was {moodHow} because {moodWhy}.',
        '{He} was {moodHow} because {moodWhy}.',
      ],
      key: '{moodWhy}',
    },
  ],
};

export const OF_DAYS: readonly Fact[] = [time, hobby, nickname, mood];
