import { introduce, type Person } from './cast.ts';
import type { Slots } from './plots/plot.ts';
import { CHOSEN_ANEW, NAMED_OPENINGS, OPENINGS } from './plots/shared.ts';
import type { SeededRandom } from './random.ts';

export interface Scene {
  readonly random: SeededRandom;
  readonly slots: Slots;
  readonly persons: { readonly hero: Person; readonly friend: Person };
  /** Who was named before; the renderer adds to it. */
  readonly introduced: Set<string>;
}

const NAME_SHARE = 0.75;
const ALTERNATIVES = /\[([^[\]]*)\]/;
const SLOT = /\{([A-Za-z]+)\}/;
const MAX_NESTED = 200;

/** A text of a plot as it is told. Throws on a slot that is not bound: the plot is wrong. */
export function render(template: string, scene: Scene): string {
  let text = template;
  // From the left to the right, so that persons are introduced where they come first.
  for (let i = 0; i < MAX_NESTED; i++) {
    const alternatives = ALTERNATIVES.exec(text);
    const slot = SLOT.exec(text);
    const match =
      alternatives && slot ? (alternatives.index < slot.index ? alternatives : slot) : (alternatives ?? slot);
    if (match === null) return correct(text);
    const inner = match[1] as string;
    const value = match === alternatives ? scene.random.pick(inner.split('|')) : fill(inner, scene);
    text = text.slice(0, match.index) + value + text.slice(match.index + match[0].length);
  }
  throw new RangeError(`a slot that contains itself: ${template}`);
}

function fill(slot: string, scene: Scene): string {
  const first = slot.charAt(0);
  const name = first.toLowerCase() + slot.slice(1);
  const value = valueOf(name, scene);
  return first === name.charAt(0) ? value : capitalize(value);
}

function valueOf(name: string, scene: Scene): string {
  const { random, slots, persons, introduced } = scene;
  if (name === 'hero' || name === 'friend') return refer(name, scene);
  if (name === 'open') {
    introduced.add('hero');
    const { name: isNamed } = persons.hero;
    const opening = random.pick(isNamed === undefined ? OPENINGS : [...OPENINGS, ...NAMED_OPENINGS]);
    return opening.replace('{heroName}', isNamed ?? '');
  }
  const anew = CHOSEN_ANEW[name];
  const value = anew === undefined ? (slots[name] ?? withThe(name, slots)) : random.pick(anew);
  if (value === undefined) throw new RangeError(`no value for the slot ${name}`);
  return value;
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
const BEFORE_VOWEL = /^(?:[aeio]|un|up|umb|ugl|hour|honest)/;
const NOT_A_VOWEL = /^(?:one|once)$/;
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
