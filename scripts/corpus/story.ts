import { chooseFriend, chooseHero, ELDERS, friendSlots, heroSlots, introduce, type Person } from './cast.ts';
import type { Beat, Plot, Slots, Step } from './plots/plot.ts';
import { PLACES, SHARED_SLOTS } from './plots/shared.ts';
import type { SeededRandom } from './random.ts';
import { render, type Scene } from './render.ts';

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
const OPENINGS_SHARED = 0.35;

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
    }
  });
}

/** A telling of the story: a text for each of its beats. */
export function tellStory(plan: StoryPlan, random: SeededRandom): string[] {
  const scene = sceneOf(plan, random);
  return plan.beats.map((beat, i) => {
    const open = i === 0 && random.chance(OPENINGS_SHARED) ? '{open} ' : '';
    return render(open + phrase(beat, plan.brevity, random), scene);
  });
}

function phrase(beat: Beat, brevity: number, random: SeededRandom): string {
  const picks = Array.from({ length: brevity }, () => random.pick(beat));
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
  return render(text, { ...sceneOf(plan, random), introduced: new Set(['hero', 'friend']) });
}

/** A text before the story: persons come with an article. */
export function tellBefore(plan: StoryPlan, text: string, random: SeededRandom): string {
  return render(text, sceneOf(plan, random));
}

function sceneOf({ hero, friend, slots }: StoryPlan, random: SeededRandom): Scene {
  return {
    random,
    slots: { ...slots, aHero: introduce(hero), aFriend: introduce(friend) },
    persons: { hero, friend },
    introduced: new Set(),
  };
}
