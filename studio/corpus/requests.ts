import { asPeopleWrite } from './phrasing.ts';
import type { SeededRandom } from './random.ts';
import { aboutForm, anotherAboutForm, anotherForm, openForm } from './request-forms.ts';
import { tellBefore, type StoryPlan } from './story.ts';

/** How a person asks for a story. ABOUT is what it is about, in the words that the story will have. */

/** Where neither person nor thing is asked for, how often what is special about the plot is. */
const PLOT_SHARE = 0.4;

export function askForStory(plan: StoryPlan, random: SeededRandom): string {
  const isOpen = plan.asked.length === 0 && !random.chance(PLOT_SHARE);
  return ask(plan, (isOpen ? openForm : aboutForm)(random), random);
}

export const askForAnother = (plan: StoryPlan, random: SeededRandom): string =>
  ask(plan, (plan.asked.length === 0 ? anotherForm : anotherAboutForm)(random), random);

function ask(plan: StoryPlan, form: string, random: SeededRandom): string {
  const text = form.replace('ABOUT', () => aboutOf(plan, random));
  return asPeopleWrite(tellBefore(plan, text, random), random);
}

const JOINS = [' and ', ' and ', ' and ', ' and ', ' and also ', ', and ', ' with ', ' plus '] as const;

/** What is asked for, as a text with slots. */
function aboutOf(plan: StoryPlan, random: SeededRandom): string {
  const { asked, plot } = plan;
  const things: Readonly<Record<string, string>> = { x: '{aX}', y: '{aY}', place: '{aPlace}' };
  if (asked.includes('hero')) return aboutHero(plan, random);
  if (asked.length === 0) return random.pick(plot.things);
  const [first = 'x', second] = asked;
  if (second !== undefined) {
    const both = [things[first] ?? '', things[second] ?? ''];
    return (random.chance(0.7) ? both : both.reverse()).join(random.pick(JOINS));
  }
  return first === 'x' && random.chance(0.4) ? random.pick(plot.things) : (things[first] ?? '');
}

const DEED_SHARE = 0.45;

/** The hero, with more or less of what is known of it, and what happens; or hero and another. */
function aboutHero({ hero, friend, asked, plot }: StoryPlan, random: SeededRandom): string {
  const quality = random.chance(0.4) ? '{quality} ' : '';
  const isByName = hero.name !== undefined && random.chance(0.12);
  const name = hero.name !== undefined && random.chance(0.3) ? ` named ${hero.name}` : '';
  const who = isByName ? hero.name : `a ${quality}{kind}${name}`;
  if (asked.includes('friend')) {
    if (isByName && friend.name !== undefined) return `${who} and ${friend.name}`;
    return random.chance(0.15) ? 'two friends' : `${who}${random.pick(JOINS)}a {fkind}`;
  }
  if (asked.includes('place'))
    return random.pick([`${who} and {aPlace}`, `${who} who lives {place}`, `${who} {place}`]);
  const other = asked.includes('y') ? '{aY}' : asked.includes('x') ? '{aX}' : undefined;
  if (other !== undefined) {
    return random.pick([
      `${who}${random.pick(JOINS)}${other}`,
      `${who}${random.pick(JOINS)}${other}`,
      `${other}${random.pick(JOINS)}${who}`,
      asked.includes('x') ? `${who} ${random.pick(plot.about)}` : `${other} and ${who}`,
    ]);
  }
  return `${who}${random.chance(DEED_SHARE) ? ` ${random.pick(plot.about)}` : ''}`;
}
