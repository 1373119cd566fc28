import type { Slots } from '../plots/plot.ts';
import type { SeededRandom } from '../random.ts';
import type { NounClass, Words } from '../word-lists.ts';
import { drawNoun, someName, WORDS } from '../words.ts';
import type { Fact } from './fact.ts';
import { OF_DAYS } from './of-days.ts';
import { OF_PEOPLE } from './of-people.ts';
import { OF_THINGS } from './of-things.ts';

export const FACTS: readonly Fact[] = [...OF_THINGS, ...OF_PEOPLE, ...OF_DAYS];

/** Of the words that facts take from the lists, the common ones. A question finds the others by the story alone. */
const COMMON_SHARE = 0.5;

/** What the facts of a story are about. */
export function factSlots(facts: readonly Fact[], random: SeededRandom, words: Words = WORDS): Slots {
  const slots: Record<string, string> = {};
  for (const fact of facts)
    for (const [name, values] of Object.entries(fact.slots)) {
      const value = random.pick(values);
      Object.assign(slots, typeof value === 'string' ? { [name]: value } : value);
    }
  const noun = (of: NounClass): string =>
    drawNoun(random, { words, of, commonShare: COMMON_SHARE, isAsked: random.chance(0.5) });
  const names = [...words.names.girls, ...words.names.boys, ...words.names.animals];
  return {
    ...slots,
    heirThing: noun('thing'),
    foundThing: noun('thing'),
    bestKind: noun('animal'),
    bestName: random.chance(0.35) ? someName(random) : random.pick(names),
  };
}
