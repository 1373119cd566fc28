import { introduce, type Person } from './cast.ts';
import { IN_BRACKETS, keyOf, pickCheap, type PhraseBits } from './phrase-bits.ts';
import type { Slots } from './plots/plot.ts';
import { CHOSEN_ANEW } from './plots/shared.ts';
import type { SeededRandom } from './random.ts';

export interface Scene {
  readonly random: SeededRandom;
  readonly slots: Slots;
  readonly persons: { readonly hero: Person; readonly friend: Person };
  /** Who was named before; the renderer adds to it. */
  readonly introduced: Set<string>;
  /** What the choices cost. */
  readonly bits: PhraseBits;
}

const NAME_SHARE = 0.75;
const CHOICE_OR_SLOT = /\[([^[\]]*)\]|\{([A-Za-z]+)\}/g;
/** Of slots within slots. */
const MAX_DEPTH = 10;

/** A text as it is told, and which characters of it a choice has written. */
export interface Rendering {
  readonly text: string;
  readonly choices: readonly ChoiceSpan[];
}

/** One of several words, in characters of the text. */
export interface ChoiceSpan {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/** A text of a plot as it is told. Throws on a slot that is not bound: the plot is wrong. */
export const render = (template: string, scene: Scene): string => renderTraced(template, scene).text;

export function renderTraced(template: string, scene: Scene): Rendering {
  const choices: ChoiceSpan[] = [];
  const raw = expand(template, scene, choices, 0, 0);
  const text = correct(raw);
  const place = placesAfter(raw, text);
  return {
    text,
    choices: choices.map(({ key, start, end }) => ({
      key,
      start: place[start] as number,
      end: place[end] as number,
    })),
  };
}

/**
 * From the left to the right, so that persons are introduced where they come first.
 *
 * @param start where the text will stand
 * @param choices is added to
 */
function expand(template: string, scene: Scene, choices: ChoiceSpan[], start: number, depth: number): string {
  if (depth > MAX_DEPTH) throw new RangeError(`a slot that contains itself: ${template}`);
  let text = '';
  let rest = 0;
  for (const match of template.matchAll(CHOICE_OR_SLOT)) {
    text += template.slice(rest, match.index);
    rest = match.index + match[0].length;
    const [, alternatives, slot] = match;
    const { value, key } =
      alternatives === undefined ? fill(slot as string, scene) : choose(alternatives, scene);
    const from = start + text.length;
    text += expand(value, scene, choices, from, depth + 1);
    if (key !== undefined) choices.push({ key, start: from, end: start + text.length });
  }
  return text + template.slice(rest);
}

/** A value of a slot or of alternatives; the key of what was chosen among others. */
interface Chosen {
  readonly value: string;
  readonly key?: string;
}

function choose(alternatives: string, { random, bits }: Scene): Chosen {
  const options = alternatives
    .split('|')
    .map((value) => ({ value, key: keyOf(IN_BRACKETS, `${alternatives}: ${value}`) }));
  return pickCheap(options, bits, random);
}

function fill(slot: string, scene: Scene): Chosen {
  const first = slot.charAt(0);
  const name = first.toLowerCase() + slot.slice(1);
  const chosen = valueOf(name, scene);
  return first === name.charAt(0) ? chosen : { ...chosen, value: capitalize(chosen.value) };
}

function valueOf(name: string, scene: Scene): Chosen {
  const { slots, random, bits } = scene;
  if (name === 'hero' || name === 'friend') return { value: refer(name, scene) };
  const anew = CHOSEN_ANEW[name];
  if (anew !== undefined) {
    const options = anew.map((value) => ({ value, key: keyOf(name, value) }));
    return pickCheap(options, bits, random);
  }
  const value = slots[name] ?? withThe(name, slots);
  if (value === undefined) throw new RangeError(`no value for the slot ${name}`);
  return { value };
}

function refer(role: 'hero' | 'friend', { random, persons, introduced }: Scene): string {
  const person = persons[role];
  if (!introduced.has(role)) {
    introduced.add(role);
    return introduce(person);
  }
  return person.name !== undefined && random.chance(NAME_SHARE) ? person.name : `the ${person.kind}`;
}

const capitalize = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `theTool` is `tool` with another article. */
function withThe(name: string, slots: Slots): string | undefined {
  const bare = slots[name.charAt(3).toLowerCase() + name.slice(4)];
  return name.startsWith('the') && bare !== undefined ? `the ${bare.replace(/^an? /, '')}` : undefined;
}

const ARTICLE = /\b([Aa])n? (?=([a-z]+))/g;
const BEFORE_VOWEL = /^(?:[aeio]|u[bdglmnprt]|heir|hour|honest)/;
const NOT_A_VOWEL = /^(?:one$|once$|uni|ut|ura)/;
/** After `."` a sentence begins. */
const SENTENCE = /(^|[.!?] |\."? |\n)("?)([a-z])/g;
/** After `!"` and `?"` the sentence goes on if it says who speaks. */
const AFTER_EXCLAMATION = /([!?]" )([a-z])([^.!?,"]*)/g;
const SPEAKS =
  /\b(?:said|asked|cried|called|shouted|thought|laughed|whispered|read|went|answered|wondered)\b/;

/** Sentences begin with a capital; `a` and `an` go with what follows. */
export function correct(text: string): string {
  return text
    .replace(ARTICLE, (_, article: string, next: string) =>
      BEFORE_VOWEL.test(next) && !NOT_A_VOWEL.test(next) ? `${article}n ` : `${article} `,
    )
    .replace(
      SENTENCE,
      (_, before: string, quote: string, letter: string) => before + quote + letter.toUpperCase(),
    )
    .replace(AFTER_EXCLAMATION, (whole, before: string, letter: string, rest: string) =>
      SPEAKS.test(letter + rest) ? whole : before + letter.toUpperCase() + rest,
    );
}

/**
 * Where each place of a text is after `correct`: that changes capitals, and puts or leaves out the `n` of `an`.
 *
 * @returns an entry for each place, the end among them
 */
function placesAfter(raw: string, text: string): number[] {
  const places: number[] = [];
  let at = 0;
  for (let i = 0; i < raw.length; i++) {
    const isSame = (): boolean => raw.charAt(i).toLowerCase() === text.charAt(at).toLowerCase();
    const isLeftOut = !isSame() && raw.charAt(i) === 'n' && raw.charAt(i + 1) === text.charAt(at);
    if (!isSame() && !isLeftOut) at++;
    places.push(at);
    if (!isLeftOut) at++;
  }
  return [...places, text.length];
}
