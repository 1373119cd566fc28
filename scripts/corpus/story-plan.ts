import { EXAMPLES, type ExampleStory } from './examples.ts';
import { SeededRandom } from './random.ts';
import { ENDINGS, HEROES, PLACES, PLOTS, QUALITIES, THINGS, WAYS_TO_ASK } from './story-parts.ts';

export interface ChatMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

/** What a story is to be about, and how a person asks for it and goes on. */
export interface StoryPlan {
  readonly index: number;
  /** `a little fox who lost a hat in the forest`. */
  readonly about: string;
  /** `fox`. */
  readonly hero: string;
  /** The hero's name; undefined for one that has none. */
  readonly name: string | undefined;
  readonly ending: string;
  /** What the person says. */
  readonly ask: string;
  /** What the person says after the story; undefined for one that is read alone. */
  readonly followUp: FollowUp | undefined;
}

export interface FollowUp {
  readonly kind: 'more' | 'shorter' | 'lesson' | 'who' | 'happy';
  readonly ask: string;
}

const FOLLOW_UPS: readonly FollowUp[] = [
  ...['And then?', 'What happened then?', 'What happened next?', 'Go on.', 'Tell me more.'].map(
    (ask) => ({ kind: 'more', ask }) as const,
  ),
  ...['Make it shorter.', 'Tell it in one sentence.', 'Can you make it shorter?'].map(
    (ask) => ({ kind: 'shorter', ask }) as const,
  ),
  ...['What did the HERO learn?', 'What did NAME learn?', 'What can I learn from it?'].map(
    (ask) => ({ kind: 'lesson', ask }) as const,
  ),
  { kind: 'who', ask: 'Who is in the story?' },
  { kind: 'happy', ask: 'Was the HERO happy?' },
];

const FOLLOW_UP_SHARE = 0.6;
const NAME_SHARE = 0.7;

/** The plan of a number; the same number gives the same plan. */
export function planStory(index: number): StoryPlan {
  const random = new SeededRandom(index);
  const { kind, names } = random.pick(HEROES);
  const name = random.chance(NAME_SHARE) ? random.pick(names) : undefined;
  const hero = `a ${random.pick(QUALITIES)} ${kind}${name === undefined ? '' : ` named ${name}`}`.replace(
    /^a (?=[aeiou])/,
    'an ',
  );
  const plot = random.pick(PLOTS).replace('THING', random.pick(THINGS));
  const place = random.chance(0.6) ? ` ${random.pick(PLACES)}` : '';
  const about = `${hero} ${plot}${place}`.replace(/ a (?=[aeiou])/g, ' an ');
  const ask = random.pick(WAYS_TO_ASK).replace('STORY', about);
  const followUp = random.chance(FOLLOW_UP_SHARE) ? random.pick(FOLLOW_UPS) : undefined;
  return {
    index,
    about,
    hero: kind,
    name,
    ending: random.pick(ENDINGS),
    ask,
    followUp: followUp && {
      ...followUp,
      ask: followUp.ask.replace('HERO', kind).replace('NAME', name ?? `the ${kind}`),
    },
  };
}

/** Examples that the teacher is shown. They come first in the prompt, so that plans of the same ones share them. */
const NUM_SHOWN = 2;

/** What the teacher is asked for the story itself. */
export function storyRequest(plan: StoryPlan): ChatMessage[] {
  return [
    ...shown(plan).flatMap(({ about, story }) => [askFor(about, ''), answer(story)]),
    askFor(plan.about, plan.ending),
  ];
}

/** What the teacher is asked after its story. */
export function followUpRequest(plan: StoryPlan, story: string): ChatMessage[] {
  const { followUp } = plan;
  if (followUp === undefined) return [];
  const { kind } = followUp;
  return [
    ...shown(plan).flatMap((example) => [
      askFor(example.about, ''),
      answer(example.story),
      ask(HOW_TO_GO_ON[kind]),
      answer(example[kind]),
    ]),
    askFor(plan.about, plan.ending),
    answer(story),
    ask(HOW_TO_GO_ON[kind]),
  ];
}

function shown({ index }: StoryPlan): ExampleStory[] {
  return Array.from({ length: NUM_SHOWN }, (_, i) => EXAMPLES[(index + i) % EXAMPLES.length]).filter(
    (example) => example !== undefined,
  );
}

const askFor = (about: string, ending: string): ChatMessage =>
  ask(`Tell a short story about ${about}. ${ending}`.trim());
const ask = (content: string): ChatMessage => ({ role: 'user', content });
const answer = (content: string): ChatMessage => ({ role: 'assistant', content });

const HOW_TO_GO_ON: Readonly<Record<FollowUp['kind'], string>> = {
  more: 'What happened next?',
  shorter: 'Tell it in one sentence.',
  lesson: 'What can we learn from it? Say it in one sentence.',
  who: 'Who is in the story?',
  happy: 'Was anybody happy? Why?',
};
