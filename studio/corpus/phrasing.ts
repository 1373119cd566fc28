import type { SeededRandom } from './random.ts';

/**
 * How people put what they ask. A small model takes each phrasing for itself: asked in words that it has not read, it
 * answers as if it was asked for something else. So one question comes in many frames.
 */

/** Phrasings that stand in one text, with a bar between them. */
export const lines = (text: string): string[] => text.split('|');

const BEFORE = lines(
  'Please, |So, |And |And |Now, |Well, |Hey, |Hi, |Okay, |Um, |Then |Also, |Excuse me, |One question: |Quick question: ' +
    '|Another question: |Good. |Great! |Thanks. |Nice. |By the way, |Wait, |Hm, |Dear model, |I was not listening. |Sorry, ' +
    '|One more thing: |Just curious: |Oh, |Yes, but |Fine, |My son asks: |Hello. |Alright, |Interesting. |I see. ',
);
const BEHIND = lines(
  ', please| please|, do you know| again|, then|, my friend|, if I may ask|, exactly| now|, by the way',
);
/** Words that a text may begin with behind others, in small letters. */
const OPENERS = new Set(
  (
    'who whom whose what which where when why how in of at on by to from do does did is are was were can could will would ' +
    'have has had may tell write give make invent create read think come show begin start imagine say name please a the it ' +
    'something some under with thanks thank good great that this you there nice i'
  ).split(' '),
);

/** @returns undefined if the text begins with a name, or with what is not a sentence of English */
function behindOthers(text: string): string | undefined {
  const first = /^[A-Za-z]+/.exec(text)?.[0] ?? '';
  if (!OPENERS.has(first.toLowerCase())) return undefined;
  return first === 'I' ? text : text.charAt(0).toLowerCase() + text.slice(1);
}

const CONTRACTIONS: readonly (readonly [RegExp, string])[] = [
  [/\bI would\b/g, "I'd"],
  [/\bI am\b(?= \w)/g, "I'm"],
  [/\bI have\b/g, "I've"],
  [/\b(What|Who|Where|How|That|It|what|who|where|how|that|it) is\b(?= \w)/g, "$1's"],
  [/\b(Do|Does|Did|do|does|did|Could|could|Would|would|Is|is|Was|was) not\b/g, "$1n't"],
  [/\b(C|c)annot\b/g, "$1an't"],
  [/\b(You|We|They|you|we|they) are\b(?= \w)/g, "$1're"],
  [/\b(L|l)et us\b/g, "$1et's"],
];

const CONTRACTED_SHARE = 0.3;
const BEFORE_SHARE = 0.15;
const BEHIND_SHARE = 0.08;
const CARELESS_SHARE = 0.15;
const OTHER_SIGN_SHARE = 0.12;

/** The text with words before and behind it, with contractions, or without capitals and full stops. */
export function asPeopleWrite(text: string, random: SeededRandom): string {
  let written = text;
  if (random.chance(CONTRACTED_SHARE))
    for (const [long, short] of CONTRACTIONS) written = written.replace(long, short);
  const rest = random.chance(BEFORE_SHARE) ? behindOthers(written) : undefined;
  if (rest !== undefined) written = random.pick(BEFORE) + rest;
  if (random.chance(BEHIND_SHARE)) written = written.replace(/(?<=[a-z])(?=[.?]$)/, random.pick(BEHIND));
  if (random.chance(OTHER_SIGN_SHARE))
    written = written.replace(/(?<=[a-z])[.?!]$/, random.pick(['!', '', '...', '?', '??']));
  if (!random.chance(CARELESS_SHARE)) return written;
  return written.charAt(0).toLowerCase() + written.slice(1).replace(/[.!?]$/, '');
}

/** Around what stands behind `Do you know`. */
export const INDIRECT_FRAMES = lines(
  'Do you know WHAT?|Do you still know WHAT?|Can you say WHAT?|Could you say WHAT, please?|Please say WHAT.|Say WHAT.' +
    '|I forgot WHAT.|I have forgotten WHAT.|I want to know WHAT.|I would like to know WHAT.|I did not hear WHAT.' +
    '|I missed WHAT.|Does the story say WHAT?|Did you say WHAT?|What does the story say about WHAT?|May I ask WHAT?' +
    '|May I know WHAT?|Let me know WHAT.|My son wants to know WHAT.|We want to know WHAT.|Could you repeat WHAT?' +
    '|Write down WHAT.|The question is WHAT.|Any idea WHAT?|Do you have any idea WHAT?|Would you say WHAT?' +
    '|Now please say WHAT.|According to the story, do we know WHAT?|Just say WHAT.|I cannot recall WHAT.' +
    '|Is it told WHAT?|Help me: I forgot WHAT.|Remind me WHAT.|Explain WHAT.|Repeat for us WHAT.|Look up WHAT.|Show me WHAT.|Find out WHAT.|Read to me WHAT.|I wonder WHAT.|It matters to me WHAT.|Name for me WHAT.|My daughter asks WHAT.|I need to know WHAT.|Say again WHAT.',
);

/** A question in an indirect frame; a text with slots stays one. */
export const askIndirectly = (clause: string, random: SeededRandom): string =>
  random.pick(INDIRECT_FRAMES).replace('WHAT', () => clause);
