import { chooseFriend, chooseHero, ELDERS, friendSlots, heroSlots, introduce, type Person } from './cast.ts';
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
  NAMED_OPENINGS,
  OPENINGS,
  PAIR_OPENINGS,
  PLACES,
  SCENES,
  SHARED_SLOTS,
  USUAL_OPENINGS,
} from './plots/shared.ts';
import type { SeededRandom } from './random.ts';
import { render, renderTraced, type Rendering, type Scene } from './render.ts';

/** What holds through a story, before it is phrased. */
export interface StoryPlan {
  readonly plot: Plot;
  readonly hero: Person;
  readonly friend: Person;
  readonly slots: Slots;
  /** The beats that this story tells, in their order; each is phrased anew in every draft. */
  readonly beats: readonly Beat[];
  /** Phrasings of a beat of which the shortest is told: more make a shorter story. */
  readonly brevity: number;
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
/** Of openings that have a scene before them. */
const SCENE_SHARE = 0.15;

export function planStory(random: SeededRandom, plot: Plot): StoryPlan {
  const hero = chooseHero(random, plot.not, plot.qualities && [...plot.qualities]);
  const friend = chooseFriend(random, hero);
  const slots: Record<string, string> = { ...heroSlots(hero, random.pick(ELDERS)), ...friendSlots(friend) };
  Object.assign(slots, random.pick(PLACES));
  for (const [name, values] of Object.entries({ ...SHARED_SLOTS, ...plot.slots })) {
    const value = random.pick(values);
    Object.assign(slots, typeof value === 'string' ? { [name]: value } : value);
  }
  const all = chooseBeats(random, plot.steps, slots);
  const beats = random.chance(CODA_SHARE) ? all : all.slice(0, -1);
  return { plot, hero, friend, slots, beats, brevity: 1 + random.below(MAX_BREVITY) };
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
  if (!random.chance(OPENINGS_SHARED)) return beats.map((beat) => tell(beat, plan.plot.name));
  const before = random.chance(SCENE_SHARE) ? [tell(random.pick(SCENES), OPENING)] : [];
  const isOfTwo = plan.plot.cast.includes('friend') && random.chance(PAIR_OPENING_SHARE);
  const opening = tell(isOfTwo ? random.pick(PAIR_OPENINGS) : chooseOpening(plan, random, bits), OPENING);
  scene.introduced.add('hero');
  if (isOfTwo) scene.introduced.add('friend');
  return [...before, opening, ...beats.map((beat) => tell(beat, plan.plot.name))];
}

function chooseOpening({ hero }: StoryPlan, random: SeededRandom, bits: PhraseBits): string {
  const others = hero.name === undefined ? OPENINGS : [...OPENINGS, ...NAMED_OPENINGS];
  const openings = random.chance(USUAL_OPENING_SHARE) ? USUAL_OPENINGS : others;
  const options = openings.map((value) => ({ value, key: keyOf(OPENING, value) }));
  return pickCheap(options, bits, random).value;
}

function phrase(beat: Beat, { plot, brevity }: StoryPlan, bits: PhraseBits, random: SeededRandom): string {
  const options = beat.map((value) => ({ value, key: keyOf(plot.name, value) }));
  const picks = Array.from({ length: brevity }, () => pickCheap(options, bits, random).value);
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
