import { lines } from './phrasing.ts';
import type { SeededRandom } from './random.ts';

/** Sentences that ask for a story. ABOUT is what it is about. They are built of pieces, so that hardly two are the same. */

const TELL = lines(
  'Tell me|Tell me|Tell me|Tell me|Tell us|Tell|Write|Write|Write|Write me|Write us|Give me|Give us|Make up|Make up|Invent' +
    '|Create|Read me|Read us|Think of|Come up with|Show me|Begin|Start|Narrate|Imagine|Make me|Find me|Put together|Do|Try|Share',
);
const MODALS = lines(
  'Can you|Can you please|Could you|Could you please|Could you perhaps|Will you|Will you please|Would you please' +
    '|Are you able to|Do you want to|Would you like to|Can you maybe|Are you going to|Might you|Why not|Would it be possible to',
);
const STORY = lines(
  'a story|a story|a story|a story|a story|a short story|a short story|a little story|a bedtime story|a fairy tale|a nice story' +
    '|a funny story|a new story|a good story|a sweet story|a small story|a story for children|a long story|a quick story' +
    '|a fable|a true story|an exciting story|a sad story|one story|a very short story|a simple story|a happy story|a tiny tale' +
    '|an old tale|the story|some story|a few lines|a text|a whole story|a lovely story|a story with a happy end',
);
const WISHES = lines(
  'I want|I want to hear|I would like|I would like to hear|I need|I am looking for|I wish for|We want|We want to hear|We need' +
    '|We would like|My son wants|My daughter asks for|My little sister wants to hear|The children want|My class needs' +
    '|Our teacher wants|I feel like hearing|It is time for|Let us have|Let us hear|I am in the mood for|I am waiting for' +
    '|My grandson would like|The baby wants|My child wants to hear|Now I would like to hear|Tonight we want|I hope for' +
    '|I have always wanted|My friend asked for|I would be happy about|What I want is|All I want is',
);
const QUESTIONS = lines(
  'Do you know|Do you know|Do you have|Have you got|Is there|Did you ever hear|May I have|May I hear|Could I have|Could I hear' +
    '|Could we have|What about|Any chance of|Might there be|Do you also know|Would there be|Is it time for|Have you ever told' +
    '|Who tells me|Which is your best',
);
const ABOUT = lines(
  'about|about|about|about|about|about|about|with|with|on|of|featuring|that is all about|that has to do with|around',
);
const WITHIN = lines(
  'with ABOUT in it|that has ABOUT in it|in which there is ABOUT|where ABOUT comes in|in which we meet ABOUT|that speaks of ABOUT',
);
const TAILS = lines(
  ' for my son| for a small child| before I sleep| in simple words|, not too long| if you can| now| tonight| for us| right away' +
    '| today| for my class| to fall asleep with| for a rainy day|, a short one|, please| please|, thank you',
);
const ALONE = lines(
  'ABOUT, please.|Something about ABOUT.|It should be about ABOUT.|Story about ABOUT.|ABOUT.|Story: ABOUT.|Topic: ABOUT.' +
    '|The topic is ABOUT.|Subject: ABOUT. Write a story.|Let it be about ABOUT.|We want something with ABOUT.' +
    '|There should be ABOUT in the story.|About ABOUT, please.|I like ABOUT. Tell me a story.|A story: ABOUT.' +
    '|Please tell me about ABOUT.|Tell me about ABOUT.|What happened to ABOUT?|Do you know ABOUT?|I am thinking of ABOUT.' +
    '|Today it should be about ABOUT.|My idea: ABOUT.|Take ABOUT and make a story of it.|Story time! ABOUT!|Write about ABOUT.' +
    '|Once upon a time there was ABOUT. Go on from there.|Let us talk about ABOUT in a story.|ABOUT! Tell me!',
);
/** What most people say. */
const USUAL = lines(
  'Tell me a story about ABOUT.|Tell me a story about ABOUT.|Write a story about ABOUT.|A story about ABOUT, please.',
);

const [USUAL_SHARE, ALONE_SHARE, TAIL_SHARE, WITHIN_SHARE] = [0.15, 0.15, 0.12, 0.15];
const small = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

/** The first words, and the sign at the end. */
function begin(random: SeededRandom): readonly [start: string, sign: string] {
  const way = random.next();
  if (way < 0.4) return [`${random.pick(TELL)} `, '.'];
  if (way < 0.55) return [`${random.pick(MODALS)} ${small(random.pick(TELL))} `, '?'];
  if (way < 0.75) return [`${random.pick(WISHES)} `, '.'];
  if (way < 0.9) return [`${random.pick(QUESTIONS)} `, '?'];
  return ['', '.'];
}

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Asks for a story with ABOUT in it. */
export function aboutForm(random: SeededRandom): string {
  if (random.chance(USUAL_SHARE)) return random.pick(USUAL);
  if (random.chance(ALONE_SHARE)) return random.pick(ALONE);
  const [start, sign] = begin(random);
  const about = random.chance(WITHIN_SHARE) ? random.pick(WITHIN) : `${random.pick(ABOUT)} ABOUT`;
  const tail = random.chance(TAIL_SHARE) ? random.pick(TAILS) : '';
  return capitalized(`${start}${random.pick(STORY)} ${about}${tail}${sign}`);
}

const NOTHING_ASKED = lines(
  'Tell me a story.|Tell me a story.|A story, please.|Tell me something nice.|I cannot sleep. Tell me a story.|Story, please!' +
    '|Tell me something.|I am bored. Tell me a story.|Yes, a story, please.|Surprise me.|Any story.|It does not matter what about.' +
    '|Tell me whatever you like.|You choose.|Let me hear one.|Something to fall asleep.|Story time!',
);

/** Asks for any story. */
export function openForm(random: SeededRandom): string {
  if (random.chance(0.4)) return random.pick(NOTHING_ASKED);
  const [start, sign] = begin(random);
  return capitalized(
    `${start}${random.pick(STORY)}${random.chance(TAIL_SHARE) ? random.pick(TAILS) : ''}${sign}`,
  );
}

const ANOTHER_ASKED = lines(
  'Tell me another one.|Another one, please.|Tell me another story.|One more story, please.|Can you tell me another story?' +
    '|One more!|Now tell me a different story.|Do you know another one?|I want another story.|Again, please.|Another!|A new one, please.' +
    '|That was nice. Another one?|And another?|More stories!|Do you have one more?|Let us have another one.|The next one, please.',
);
const ANOTHER_ABOUT_ASKED = lines(
  'Now tell me one about ABOUT.|Tell me another one, about ABOUT.|Another story, please. This time about ABOUT.' +
    '|And now a story about ABOUT.|Do you also know a story about ABOUT?|Now one about ABOUT, please.|And one about ABOUT?' +
    '|The next one should be about ABOUT.|Now one with ABOUT.|Next: ABOUT.|This time I want ABOUT.|And what about ABOUT?' +
    '|Another one, but with ABOUT.|Once more, a story about ABOUT, please.',
);

export const anotherForm = (random: SeededRandom): string => random.pick(ANOTHER_ASKED);

export const anotherAboutForm = (random: SeededRandom): string =>
  random.chance(0.5) ? random.pick(ANOTHER_ABOUT_ASKED) : aboutForm(random);
