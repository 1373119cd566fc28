import { readFileSync } from 'node:fs';
import { PACKAGE_ROOT } from '../../src/package-root.ts';
import type { Exchange } from './follow-ups.ts';
import { inventWord } from './invent.ts';
import type { SeededRandom } from './random.ts';
import { asPeopleWrite } from './phrasing.ts';
import { drawWord, WORDS } from './words.ts';

/** What the model cannot do, and the short plain answers that say so and what it can. */

type Lists = Readonly<Record<string, readonly string[]>>;
const read = (name: string): Lists =>
  JSON.parse(readFileSync(new URL(`studio/corpus/words/${name}.json`, PACKAGE_ROOT), 'utf8')) as Lists;

const LANGUAGES = read('languages');
const ASKS = read('asks');
const FILLERS = read('fillers');

/** All phrasings, which the test set must not have. */
export const ODD_ASKS: readonly string[] = [LANGUAGES, ASKS, FILLERS].flatMap((lists) =>
  Object.values(lists).flat(),
);

const CANNOT = [
  'I cannot do that. I am a small model that tells stories. What should a story be about?',
  'I am sorry, I cannot do that. I can only tell stories.',
  'I am sorry, I do not know that. I can tell you a story, if you like.',
  'I do not know that. I only know stories. Shall I tell you one?',
] as const;
const NO_ENGLISH = [
  'I only understand English. I can tell you a story in English.',
  'I am sorry, I only understand English. I can tell you a story, if you like.',
] as const;
const NO_SENSE = [
  'I do not understand that. I can tell you a story. What should it be about?',
  'I am sorry, I do not understand that. I can tell you a story, if you like.',
] as const;
const NOT_KIND = [
  'I am sorry. I am only a small model that tells stories. Shall I tell you one?',
  'I am sorry that you are not happy with me. I can tell you a story, if you like.',
] as const;

/** One of several requests that no story answers. */
export function odd(random: SeededRandom): Exchange {
  const way = random.next();
  if (way < 0.3) return { user: foreign(random), assistant: random.pick(NO_ENGLISH) };
  if (way < 0.45) return { user: keys(random), assistant: random.pick(NO_SENSE) };
  const group = random.pick(Object.keys(ASKS));
  const ask = fill(random.pick(ASKS[group] ?? []), random);
  return {
    user: asPeopleWrite(ask, random),
    assistant: random.pick(group === 'abuse' ? NOT_KIND : CANNOT),
  };
}

/** A phrase of another language, or words of its phrases in another order: so no phrase must be known. */
function foreign(random: SeededRandom): string {
  const phrases = LANGUAGES[random.pick(Object.keys(LANGUAGES))] ?? [];
  if (random.chance(0.4)) return random.pick(phrases);
  const words = random.shuffle(phrases.flatMap((phrase) => phrase.split(' ')));
  const spaced = words.length > phrases.length * 1.5;
  if (spaced) return words.slice(0, 2 + random.below(7)).join(' ');
  const signs = random.shuffle(Array.from(phrases.join('')));
  return signs.slice(0, 4 + random.below(12)).join('');
}

const ROWS = [
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  '1234567890',
  'abcdefghijklmnopqrstuvwxyz',
  '!?.,;:#%&/()=+*-',
];

/** Keys that were hit at random. */
function keys(random: SeededRandom): string {
  const way = random.next();
  const numWords = 1 + random.below(4);
  const hit = (): string => {
    const row = random.pick(random.chance(0.7) ? ROWS.slice(0, 2) : ROWS);
    return Array.from({ length: 2 + random.below(9) }, () => row.charAt(random.below(row.length))).join('');
  };
  if (way < 0.15)
    return Array.from({ length: 1 + random.below(8) }, () => random.pick(['?', '!', '.', '...', ':)'])).join(
      '',
    );
  if (way < 0.3) return Array.from({ length: numWords }, () => inventWord(random)).join(' ');
  if (way < 0.4) return String(random.below(1e6));
  if (way < 0.5) return String.fromCharCode(97 + random.below(26)).repeat(2 + random.below(12));
  return Array.from({ length: numWords }, hit).join(' ');
}

const SLOT = new RegExp(`\\b(?:${Object.keys(FILLERS).join('|')}|NUM|THING|ANIMAL)(?=[sx]?\\b)`, 'g');

/** Slots may stand in what fills another one. */
function fill(ask: string, random: SeededRandom): string {
  const filled = ask.replace(SLOT, (slot) => {
    if (slot === 'NUM') return String(random.below(random.pick([10, 100, 1000])));
    if (slot === 'THING') return drawWord(random, WORDS.nouns.thing, 0.5);
    if (slot === 'ANIMAL') return drawWord(random, WORDS.nouns.animal, 0.5);
    return random.pick(FILLERS[slot] ?? []);
  });
  return filled === ask ? filled : fill(filled, random);
}
