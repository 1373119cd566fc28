import type { SeededRandom } from './random.ts';
import { tellBefore, type StoryPlan } from './story.ts';

/** How a person asks for a story. ABOUT is what it is about, in the words that the story will have. */

const ABOUT_ASKED: readonly string[] = [
  'Tell me a story about ABOUT.',
  'Tell me a story about ABOUT.',
  'Tell me a story about ABOUT.',
  'Tell me a short story about ABOUT.',
  'Tell a story about ABOUT.',
  'Can you tell me a story about ABOUT?',
  'Could you tell me a story about ABOUT, please?',
  'Please tell me a story about ABOUT.',
  'Please tell me about ABOUT.',
  'Tell me about ABOUT.',
  'I want to hear a story about ABOUT.',
  'I want a story about ABOUT.',
  'I would like a story about ABOUT.',
  'Write a story about ABOUT.',
  'Write a story about ABOUT.',
  'Write a short story about ABOUT.',
  'Write me a story about ABOUT.',
  'Write a little story for children about ABOUT.',
  'A story about ABOUT, please.',
  'A short story about ABOUT.',
  'Do you know a story about ABOUT?',
  'Do you have a story about ABOUT?',
  'Make up a story about ABOUT.',
  'Tell me a bedtime story about ABOUT.',
  'Write a bedtime story about ABOUT.',
  'Tell me a fairy tale about ABOUT.',
  'Give me a story about ABOUT.',
  'Give me a short story about ABOUT.',
  'Story about ABOUT.',
  'Tell my daughter a story about ABOUT.',
  'Tell my son a story about ABOUT.',
  'My child wants to hear a story about ABOUT.',
  'Invent a story about ABOUT.',
  'Let us have a story about ABOUT.',
  'Hello! Tell me a story about ABOUT.',
  'Hi, can you write a story about ABOUT?',
  'Now I would like to hear about ABOUT.',
  'Once more, a story about ABOUT, please.',
  'Tell me a funny story about ABOUT.',
  'Tell me a nice story about ABOUT.',
];

/** What is asked for stands at the end here, or in the middle. */
const WITH_ASKED: readonly string[] = [
  'Tell me a story with ABOUT.',
  'A story with ABOUT, please.',
  'Can you tell me a story with ABOUT in it?',
  'I want a story with ABOUT.',
  'Do you know a story with ABOUT?',
  'Make up a story that has ABOUT in it.',
  'ABOUT, please.',
  'Something about ABOUT.',
  'It should be about ABOUT.',
];

const NOTHING_ASKED: readonly string[] = [
  'Tell me a story.',
  'Tell me a story.',
  'Tell me a story, please.',
  'Can you tell me a story?',
  'I want to hear a story.',
  'Please tell me a story.',
  'A story, please.',
  'Do you know a story?',
  'Tell me a bedtime story.',
  'Write a short story.',
  'Write a story.',
  'Tell me something nice.',
  'I cannot sleep. Tell me a story.',
  'Tell me a story for a child.',
  'Make up a story.',
  'Tell me a story with a happy end.',
  'Story, please!',
  'Tell me something.',
  'I am bored. Tell me a story.',
  'Yes, a story, please.',
];

const ANOTHER_ASKED: readonly string[] = [
  'Tell me another one.',
  'Another one, please.',
  'Tell me another story.',
  'One more story, please.',
  'Can you tell me another story?',
  'One more!',
  'Now tell me a different story.',
  'Do you know another one?',
  'I want another story.',
  'Again, please.',
  'Another!',
];

const ANOTHER_ABOUT_ASKED: readonly string[] = [
  'Now tell me one about ABOUT.',
  'Tell me another one, about ABOUT.',
  'Another story, please. This time about ABOUT.',
  'And now a story about ABOUT.',
  'Do you also know a story about ABOUT?',
  'Now one about ABOUT, please.',
  'And one about ABOUT?',
  'The next one should be about ABOUT.',
];

/** All phrasings, which the test set must not have. */
export const REQUESTS: readonly string[] = [
  ...ABOUT_ASKED,
  ...WITH_ASKED,
  ...NOTHING_ASKED,
  ...ANOTHER_ASKED,
  ...ANOTHER_ABOUT_ASKED,
];

/** A share of people writes without capitals and full stops. */
const CARELESS_SHARE = 0.15;
const WITH_SHARE = 0.2;

/** Where neither person nor thing is asked for, how often what is special about the plot is. */
const PLOT_SHARE = 0.4;

export function askForStory(plan: StoryPlan, random: SeededRandom): string {
  const isOpen = plan.asked.length === 0 && !random.chance(PLOT_SHARE);
  const forms = random.chance(WITH_SHARE) ? WITH_ASKED : ABOUT_ASKED;
  return ask(plan, isOpen ? NOTHING_ASKED : forms, random);
}

export const askForAnother = (plan: StoryPlan, random: SeededRandom): string =>
  ask(plan, plan.asked.length === 0 ? ANOTHER_ASKED : ANOTHER_ABOUT_ASKED, random);

function ask(plan: StoryPlan, forms: readonly string[], random: SeededRandom): string {
  const text = random.pick(forms).replace('ABOUT', aboutOf(plan, random));
  return asPeopleWrite(tellBefore(plan, text, random), random);
}

/** What is asked for, as a text with slots. */
function aboutOf(plan: StoryPlan, random: SeededRandom): string {
  const { asked, plot } = plan;
  const things: Readonly<Record<string, string>> = { x: '{aX}', y: '{aY}', place: '{aPlace}' };
  if (asked.includes('hero')) return aboutHero(plan, random);
  if (asked.length === 0) return random.pick(plot.things);
  const [first = 'x', second] = asked;
  if (second !== undefined) {
    const both = [things[first] ?? '', things[second] ?? ''];
    return (random.chance(0.7) ? both : both.reverse()).join(' and ');
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
    return random.chance(0.15) ? 'two friends' : `${who} and a {fkind}`;
  }
  if (asked.includes('place'))
    return random.pick([`${who} and {aPlace}`, `${who} who lives {place}`, `${who} {place}`]);
  if (asked.includes('x')) {
    return random.pick([
      `${who} and {aX}`,
      `${who} and {aX}`,
      `{aX} and ${who}`,
      `${who} ${random.pick(plot.about)}`,
    ]);
  }
  return `${who}${random.chance(DEED_SHARE) ? ` ${random.pick(plot.about)}` : ''}`;
}

export function asPeopleWrite(text: string, random: SeededRandom): string {
  if (!random.chance(CARELESS_SHARE)) return text;
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/[.!?]$/, '');
}
