import type { SeededRandom } from './random.ts';
import { tellBefore, type StoryPlan } from './story.ts';

/** How a person asks for a story. ABOUT is what it is about, THING one of its things. */

const ABOUT_ASKED: readonly string[] = [
  'Tell me a story about ABOUT.',
  'Tell me a story about ABOUT.',
  'Tell me a short story about ABOUT.',
  'Tell a story about ABOUT.',
  'Can you tell me a story about ABOUT?',
  'Could you tell me a story about ABOUT, please?',
  'Please tell me a story about ABOUT.',
  'Please tell me about ABOUT.',
  'I want to hear a story about ABOUT.',
  'I would like a story about ABOUT.',
  'Write a story about ABOUT.',
  'Write a short story about ABOUT.',
  'Write a little story for children about ABOUT.',
  'A story about ABOUT, please.',
  'A short story about ABOUT.',
  'Do you know a story about ABOUT?',
  'Make up a story about ABOUT.',
  'Tell me a bedtime story about ABOUT.',
  'Give me a story about ABOUT.',
  'Story about ABOUT.',
];

const WITH_THING_ASKED: readonly string[] = [
  'Tell me a story with THING.',
  'Tell me a story about THING.',
  'A story with THING, please.',
  'Can you tell me a story with THING in it?',
  'Please tell me a story with THING and a {kind}.',
  'Write a story about a {kind} and THING.',
  'I want a story with a {kind} and THING.',
  'Tell me a story about THING and a {quality} {kind}.',
  'Do you know a story with THING?',
  'Make up a story that has THING in it.',
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
  'Tell me something nice.',
  'I cannot sleep. Tell me a story.',
  'Tell me a story for a child.',
  'Make up a story.',
  'Tell me a story with a happy end.',
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
];

const ANOTHER_ABOUT_ASKED: readonly string[] = [
  'Now tell me one about ABOUT.',
  'Tell me another one, about ABOUT.',
  'Another story, please. This time about ABOUT.',
  'And now a story about ABOUT.',
  'Do you also know a story about ABOUT?',
];

/** A share of people writes without capitals and full stops. */
const CARELESS_SHARE = 0.12;

export function askForStory(plan: StoryPlan, random: SeededRandom): string {
  const way = random.next();
  const text =
    way < 0.62
      ? random.pick(ABOUT_ASKED).replace('ABOUT', aboutOf(plan, random))
      : way < 0.82
        ? random.pick(WITH_THING_ASKED).replace('THING', random.pick(plan.plot.things))
        : random.pick(NOTHING_ASKED);
  return asPeopleWrite(tellBefore(plan, text, random), random);
}

export function askForAnother(plan: StoryPlan, random: SeededRandom): string {
  const text = random.chance(0.6)
    ? random.pick(ANOTHER_ASKED)
    : random.pick(ANOTHER_ABOUT_ASKED).replace('ABOUT', aboutOf(plan, random));
  return asPeopleWrite(tellBefore(plan, text, random), random);
}

const TWO_SHARE = 0.2;

/** The hero, with more or less of what is known of it, and what happens; or hero and friend. */
function aboutOf({ hero, plot }: StoryPlan, random: SeededRandom): string {
  if (plot.cast.includes('friend') && random.chance(TWO_SHARE)) {
    return random.pick(['a {kind} and a {fkind}', 'a {kind} and a {fkind}', 'two friends']);
  }
  const quality = random.chance(0.45) ? '{quality} ' : '';
  const name = hero.name !== undefined && random.chance(0.35) ? ` named ${hero.name}` : '';
  const deed = random.chance(0.78) ? ` ${random.pick(plot.about)}` : '';
  return `a ${quality}{kind}${name}${deed}`;
}

export function asPeopleWrite(text: string, random: SeededRandom): string {
  if (!random.chance(CARELESS_SHARE)) return text;
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/[.!?]$/, '');
}
