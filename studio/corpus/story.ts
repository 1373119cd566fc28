import { chooseFriend, chooseHero, ELDERS, friendSlots, heroSlots, introduce, type Person } from './cast.ts';
import { FACTS, factSlots } from './facts/index.ts';
import type { Fact } from './facts/fact.ts';
import { keyOf, OPENING, PHRASE_BITS, pickCheap, type PhraseBits } from './phrase-bits.ts';
import {
  nameInRound,
  textOfRound,
  type Beat,
  type Plot,
  type Rounds,
  type Slots,
  type Step,
} from './plots/plot.ts';
import {
  CODAS,
  NAMED_OPENINGS,
  OPENINGS,
  OTHER_OPENINGS,
  PAIR_OPENINGS,
  PLACE_OPENINGS,
  PLACES,
  SCENES,
  SHARED_SLOTS,
  USUAL_OPENINGS,
} from './plots/shared.ts';
import type { SeededRandom } from './random.ts';
import { render, renderTraced, type Rendering, type Scene } from './render.ts';
import { ANY_NOUN, chooseAsked, nounSlots, placeSlots, type Subject } from './subjects.ts';
import type { Words } from './word-lists.ts';
import { WORDS } from './words.ts';

/** What holds through a story, before it is phrased. */
export interface StoryPlan {
  readonly plot: Plot;
  readonly hero: Person;
  readonly friend: Person;
  readonly slots: Slots;
  /** What the story names in its first two sentences and again later, since it is asked for. */
  readonly asked: readonly Subject[];
  /** What it tells of the hero beside the plot. */
  readonly facts: readonly Fact[];
  /** The beats that this story tells, in their order; each is phrased anew in every draft. */
  readonly beats: readonly Beat[];
  /** Phrasings of a beat of which the shortest is told: more make a shorter story. */
  readonly brevity: number;
}

export interface PlanOptions {
  /** Where the nouns and names come from: the test set is told with its own. */
  readonly words?: Words;
  readonly asked?: readonly Subject[];
  readonly facts?: readonly Fact[];
}

const MAYBE_SHARE = 0.35;
/** Of beats that may come in any order, how often only one is told. */
const ONE_OF_ANY_SHARE = 0.45;
const MAX_BREVITY = 5;
/** The last beat looks back or ahead; a story may end before it. */
const CODA_SHARE = 0.7;
const PARAGRAPHS_SHARE = 0.25;
const OPENINGS_SHARED = 0.5;
const USUAL_OPENING_SHARE = 0.5;
/** Of openings of stories that have a friend. */
const PAIR_OPENING_SHARE = 0.15;
/** Of openings that have a scene before them; not where a subject must come soon. */
const SCENE_SHARE = 0.15;
/** How many facts a story tells: none, one or two, each drawn from here. */
const FACT_COUNTS = [0, 0, 1, 1, 2] as const;
/** The group of their phrasings. */
export const FACT = 'fact';

export function planStory(random: SeededRandom, plot: Plot, options: PlanOptions = {}): StoryPlan {
  const { words = WORDS, asked = chooseAsked(random, plot) } = options;
  const facts = options.facts ?? random.shuffle(FACTS).slice(0, random.pick(FACT_COUNTS));
  const cast = (subject: Subject): { isWide: boolean; words: Words } => ({
    isWide: asked.includes(subject),
    words,
  });
  const hero = chooseHero(random, { not: plot.not, qualities: plot.qualities, ...cast('hero') });
  const friend = chooseFriend(random, hero, cast('friend'));
  const slots: Record<string, string> = { ...heroSlots(hero, random.pick(ELDERS)), ...friendSlots(friend) };
  Object.assign(slots, asked.includes('place') ? placeSlots(random, words) : random.pick(PLACES));
  for (const [name, values] of Object.entries({ ...SHARED_SLOTS, ...plot.slots })) {
    const value = random.pick(values);
    Object.assign(slots, typeof value === 'string' ? { [name]: value } : value);
  }
  const x = plot.x && nounSlots(random, 'x', plot.x, asked.includes('x'), words);
  const ofY = plot.y ?? (asked.includes('y') ? ANY_NOUN : undefined);
  const y = ofY && otherNoun(x, () => nounSlots(random, 'y', ofY, asked.includes('y'), words));
  Object.assign(slots, x, y, factSlots(facts, random, words));
  const all = chooseBeats(random, plot.steps, slots);
  const beats = random.chance(CODA_SHARE) ? all : all.slice(0, -1);
  return { plot, hero, friend, slots, asked, facts, beats, brevity: 1 + random.below(MAX_BREVITY) };
}

/** The second of two nouns is another one. */
function otherNoun(x: Slots | undefined, draw: () => Slots): Slots {
  for (;;) {
    const y = draw();
    if (y['y'] !== x?.['x']) return y;
  }
}

/** @param slots branches add theirs to it */
function chooseBeats(random: SeededRandom, steps: readonly Step[], slots: Record<string, string>): Beat[] {
  return steps.flatMap((step): Beat[] => {
    if (!('kind' in step)) return [step];
    switch (step.kind) {
      case 'maybe':
        return random.chance(MAYBE_SHARE) ? [step.beat] : [];
      case 'any order':
        return random.shuffle(step.beats).slice(random.chance(ONE_OF_ANY_SHARE) ? -1 : 0);
      case 'one of': {
        const branch = random.pick(step.branches);
        Object.assign(slots, branch.set);
        return chooseBeats(random, branch.steps, slots);
      }
      case 'rounds':
        return chooseRounds(random, step, slots);
    }
  });
}

/** @param slots the rounds add theirs to it */
function chooseRounds(random: SeededRandom, step: Rounds, slots: Record<string, string>): Beat[] {
  const strangers = step.others.filter(({ who }) => who !== slots['kind'] && who !== slots['fkind']);
  const chosen = random.shuffle(strangers).slice(0, random.pick(step.counts));
  chosen.forEach((other, round) => {
    const own = { ...other, next: chosen[round + 1]?.['who'] ?? slots['fkind'] ?? '' };
    for (const [slot, value] of Object.entries(own)) slots[nameInRound(slot, round)] = value;
  });
  const frame = random.pick(step.frames);
  return chosen.map((_, round) => [textOfRound(step, frame, round)]);
}

/** A piece of a telling, and the phrasing that it was made of. */
export interface Piece extends Rendering {
  readonly key: string;
}

/** A telling of the story: an opening in a share of them, and a text for each of its beats. */
export function tellStory(plan: StoryPlan, random: SeededRandom, bits: PhraseBits = PHRASE_BITS): string[] {
  return tellInPieces(plan, random, bits, (beat) => phrase(beat, plan, bits, random)).map(({ text }) => text);
}

/** @param choose one of a beat's phrasings */
export function tellInPieces(
  plan: StoryPlan,
  random: SeededRandom,
  bits: PhraseBits,
  choose: (beat: Beat) => string,
): Piece[] {
  const scene = sceneOf(plan, random, bits);
  const tell = (template: string, group: string): Piece => ({
    ...renderTraced(template, scene),
    key: keyOf(group, template),
  });
  const beats = plan.beats.map((beat) => choose(beat));
  const openings = chooseOpenings(plan, random, bits);
  const opened = openings.map((opening) => tell(opening, OPENING));
  if (opened.length > 0) scene.introduced.add('hero');
  if (openings.some((opening) => opening.includes('{aFriend}'))) scene.introduced.add('friend');
  // What is asked for comes in the opening or in the first beat, and facts come behind it.
  const numBefore = plan.plot.x === undefined && opened.length > 0 ? 0 : 1;
  const told = beats.slice(0, numBefore).map((beat) => tell(beat, plan.plot.name));
  const facts = plan.facts.map((fact) => tell(chooseCheap(fact.tell, FACT, bits, random), FACT));
  const rest = beats.slice(numBefore).map((beat) => tell(beat, plan.plot.name));
  const later = rest.map(({ text }) => text).join(' ');
  const codas = plan.asked
    .filter((subject) => !namesOf(plan, subject).some((name) => later.includes(name)))
    .map((subject) => tell(random.pick(CODAS[subject]), OPENING));
  return [...opened, ...told, ...facts, ...rest, ...codas];
}

/** How a story may call what is asked for. */
function namesOf({ hero, friend, slots }: StoryPlan, subject: Subject): string[] {
  const [x = '', y = '', place = ''] = [slots['x'], slots['y'], slots['placeNoun']];
  const names = {
    hero: [hero.kind, hero.name],
    friend: [friend.kind, friend.name],
    x: [x],
    y: [y],
    place: [place],
  };
  return names[subject].flatMap((name) => name ?? []);
}

/** What stands before the first beat, if anything does. */
function chooseOpenings(plan: StoryPlan, random: SeededRandom, bits: PhraseBits): string[] {
  const { asked, plot } = plan;
  // An opening of two sentences would put a thing that is asked for into the third one.
  const fitting = (some: readonly string[]): readonly string[] =>
    asked.includes('x') ? some.filter((opening) => !/[.!?] /.test(opening)) : some;
  if (asked.includes('y') && plot.y === undefined) return [random.pick(OTHER_OPENINGS)];
  if (asked.includes('place')) return [random.pick(fitting(PLACE_OPENINGS))];
  if (asked.includes('friend')) return [random.pick(PAIR_OPENINGS)];
  if (asked.length === 0 && !random.chance(OPENINGS_SHARED)) return [];
  const before = asked.length === 0 && random.chance(SCENE_SHARE) ? [random.pick(SCENES)] : [];
  const isOfTwo = plot.cast.includes('friend') && random.chance(PAIR_OPENING_SHARE);
  return [
    ...before,
    isOfTwo ? random.pick(fitting(PAIR_OPENINGS)) : chooseOpening(plan, fitting, bits, random),
  ];
}

/** Of several phrasings a cheap one, more often than a dear one. */
function chooseCheap(
  values: readonly string[],
  group: string,
  bits: PhraseBits,
  random: SeededRandom,
): string {
  const options = values.map((value) => ({ value, key: keyOf(group, value) }));
  return pickCheap(options, bits, random).value;
}

function chooseOpening(
  { hero }: StoryPlan,
  fitting: (some: readonly string[]) => readonly string[],
  bits: PhraseBits,
  random: SeededRandom,
): string {
  const others = hero.name === undefined ? OPENINGS : [...OPENINGS, ...NAMED_OPENINGS];
  const openings = random.chance(USUAL_OPENING_SHARE) ? USUAL_OPENINGS : others;
  return chooseCheap(fitting(openings), OPENING, bits, random);
}

function phrase(beat: Beat, { plot, brevity }: StoryPlan, bits: PhraseBits, random: SeededRandom): string {
  const picks = Array.from({ length: brevity }, () => chooseCheap(beat, plot.name, bits, random));
  return picks.reduce((shortest, pick) => (pick.length < shortest.length ? pick : shortest));
}

/** @returns one paragraph, or several in a share of the stories */
export function joinBeats(texts: readonly string[], random: SeededRandom): string {
  if (!random.chance(PARAGRAPHS_SHARE)) return texts.join(' ');
  const breaks = new Set([1 + random.below(3), texts.length - 1 - random.below(3)]);
  return texts.map((text, i) => (i === 0 ? text : `${breaks.has(i) ? '\n\n' : ' '}${text}`)).join('');
}

/** A text about the story, after it: its persons are known. */
export function tellAfterwards(plan: StoryPlan, text: string, random: SeededRandom): string {
  return render(text, { ...sceneOf(plan, random, PHRASE_BITS), introduced: new Set(['hero', 'friend']) });
}

/** A text before the story: persons come with an article. */
export function tellBefore(plan: StoryPlan, text: string, random: SeededRandom): string {
  return render(text, sceneOf(plan, random, PHRASE_BITS));
}

function sceneOf({ hero, friend, slots }: StoryPlan, random: SeededRandom, bits: PhraseBits): Scene {
  return {
    random,
    slots: {
      ...slots,
      aHero: introduce(hero),
      aFriend: introduce(friend),
      ...(hero.name === undefined ? {} : { heroName: hero.name }),
    },
    persons: { hero, friend },
    introduced: new Set(),
    bits,
  };
}
