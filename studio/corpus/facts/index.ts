import type { Slots } from '../plots/plot.ts';
import type { SeededRandom } from '../random.ts';
import type { Words } from '../word-lists.ts';
import { drawWord, inventName, WORDS } from '../words.ts';
import type { Fact } from './fact.ts';
import { OF_DAYS } from './of-days.ts';
import { OF_PEOPLE } from './of-people.ts';
import { OF_THINGS } from './of-things.ts';

export const FACTS: readonly Fact[] = [...OF_THINGS, ...OF_PEOPLE, ...OF_DAYS];

/** Of the words that facts take from the lists, the common ones: no request asked for them. */
const COMMON_SHARE = 0.9;

/** What the facts of a story are about. */
export function factSlots(facts: readonly Fact[], random: SeededRandom, words: Words = WORDS): Slots {
  const slots: Record<string, string> = {};
  for (const fact of facts)
    for (const [name, values] of Object.entries(fact.slots)) {
      const value = random.pick(values);
      Object.assign(slots, typeof value === 'string' ? { [name]: value } : value);
    }
  const thing = (): string => drawWord(random, words.nouns.thing, COMMON_SHARE);
  const names = [...words.names.girls, ...words.names.boys, ...words.names.animals];
  return {
    ...slots,
    heirThing: thing(),
    foundThing: thing(),
    bestKind: drawWord(random, words.nouns.animal, COMMON_SHARE),
    bestName: random.chance(0.2) ? inventName(random) : random.pick(names),
  };
}
