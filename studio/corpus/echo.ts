import { NAMES } from './cast.ts';
import { BEGINNINGS } from './echo-beginnings.ts';
import type { Exchange } from './follow-ups.ts';
import type { SeededRandom } from './random.ts';
import { tellingVocabulary } from './vocabulary.ts';
import { allTiers } from './word-lists.ts';
import { someName, someNoun, WORDS } from './words.ts';

/**
 * Exchanges whose answer stands in the question, or in one before. Stories alone teach a small model late that a word
 * can be taken from the text before it: their phrasings come again, and only names and nouns do not. Here nothing but
 * what was said tells the answer, so the model learns to look for it early (docs/decisions/0074-a-run-begins-with-a-model.md).
 */

const MAX_WORDS = 10;
const SOME_WORDS = 6;
const TIMES = [
  ['three times', 3],
  ['five times', 5],
  ['again and again', 8],
] as const;

const names = new Set(NAMES.map((name) => name.toLowerCase()));
const nouns = Object.values(WORDS.nouns).flatMap(allTiers);
const words = [...tellingVocabulary(), ...nouns].filter(
  (word) => /^[a-z -]{2,}$/.test(word) && !names.has(word),
);
/** Words that no list has: a model that only knows words cannot say them. */
const INVENTED_SHARE = 0.4;

const someWord = (random: SeededRandom): string =>
  random.chance(INVENTED_SHARE)
    ? someNoun(random, random.pick(Object.values(WORDS.nouns)))
    : random.pick(words);
const someWords = (random: SeededRandom, count: number): string =>
  Array.from({ length: count }, () => someWord(random)).join(' ');
const otherNames = (random: SeededRandom, count: number): string[] =>
  random
    .shuffle(NAMES)
    .slice(0, count)
    .map((name) => (random.chance(INVENTED_SHARE) ? someName(random) : name));

/** `Pip, Coco and Anna` */
function list(items: readonly string[]): string {
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} and ${last}`;
}

function sayAfterMe(random: SeededRandom): Exchange[] {
  const said = someWords(random, 3 + random.below(MAX_WORDS - 2));
  const ways = [
    [`Say: ${said}.`, `${said}.`],
    [`Repeat after me: ${said}.`, `${said}.`],
    [`Say "${said}".`, `"${said}."`],
    [`Please repeat: ${said}`, `${said}.`],
  ] as const;
  const [user, assistant] = random.pick(ways);
  return [{ user, assistant }];
}

/** The same words again and again: hardly a word of the answer is a guess, so copying is what pays. */
function sayOften(random: SeededRandom): Exchange[] {
  const said = someWords(random, 2 + random.below(7));
  const [count, times] = random.pick(TIMES);
  const user = random.pick([`Say "${said}" ${count}.`, `Say ${count}: ${said}`, `Write "${said}" ${count}.`]);
  return [{ user, assistant: `${Array.from({ length: times }, () => said).join(' ')}.` }];
}

function myNameIs(random: SeededRandom): Exchange[] {
  const [name = ''] = otherNames(random, 1);
  const greeting = random.pick([
    `Hello, ${name}!`,
    `Hello, ${name}! What should I tell you?`,
    `Nice to meet you, ${name}!`,
  ]);
  const asked = random.pick(['What is my name?', 'Do you know my name?', 'Who am I?']);
  const known = random.pick([`Your name is ${name}.`, `You are ${name}.`]);
  return [
    {
      user: random.pick([`My name is ${name}.`, `I am ${name}.`, `Hello, I am ${name}!`]),
      assistant: greeting,
    },
    { user: asked, assistant: known },
  ];
}

function friendsOf(random: SeededRandom): Exchange[] {
  const [who = '', ...friends] = otherNames(random, 3 + random.below(3));
  const asked = random.pick([`Who are the friends of ${who}?`, `Name the friends of ${who}.`]);
  return [
    {
      user: `${who} has friends: ${list(friends)}. ${asked}`,
      assistant: `The friends of ${who} are ${list(friends)}.`,
    },
  ];
}

function remember(random: SeededRandom): Exchange[] {
  const said = someWords(random, 1 + random.below(SOME_WORDS));
  return [
    { user: `Remember this: ${said}.`, assistant: random.pick(['I will remember it.', 'I have it.']) },
    {
      user: random.pick(['What was it?', 'What did I say?', 'Do you remember?']),
      assistant: random.pick([`You said: ${said}.`, `It was ${said}.`]),
    },
  ];
}

function whoHasWhat(random: SeededRandom): Exchange[] {
  const owners = otherNames(random, 2 + random.below(4)).map((name) => ({ name, thing: someWord(random) }));
  const facts = owners.map(({ name, thing }) => `${name} said "${thing}".`).join(' ');
  const { name, thing } = random.pick(owners);
  return [
    random.chance(0.5)
      ? { user: `${facts} What did ${name} say?`, assistant: `${name} said "${thing}."` }
      : { user: `${facts} Who said "${thing}"?`, assistant: `It was ${name}.` },
  ];
}

/** The first sentence of a story that names what was asked for, and nothing else of it. */
function beginning(random: SeededRandom): Exchange[] {
  const { asked, begun } = random.pick(BEGINNINGS)(random);
  const user = random.pick([
    `Begin a story about ${asked}.`,
    `How would a story about ${asked} begin?`,
    `The first sentence of a story about ${asked}, please.`,
    `Begin: ${asked}`,
  ]);
  return [{ user, assistant: begun }];
}

const ECHOES = [
  sayOften,
  sayOften,
  sayAfterMe,
  sayAfterMe,
  myNameIs,
  friendsOf,
  remember,
  whoHasWhat,
  beginning,
  beginning,
  beginning,
  beginning,
] as const;

/** Two to eight of them. */
export const echo = (random: SeededRandom): Exchange[] =>
  Array.from({ length: 2 + random.below(7) }, () => random.pick(ECHOES)(random)).flat();
