import { introduce, PEOPLE } from './cast.ts';
import type { SeededRandom } from './random.ts';
import { asPeopleWrite } from './requests.ts';
import { tellAfterwards, type StoryPlan } from './story.ts';

/** What a person asks after a story, and what is answered from the story's own bindings. */

export interface Exchange {
  readonly user: string;
  readonly assistant: string;
}

export const FOLLOW_UPS = [
  'more',
  'shorter',
  'lesson',
  'who',
  'where',
  'feel',
  'ask',
  'name',
  'kind',
] as const;
export type FollowUp = (typeof FOLLOW_UPS)[number];

/** How often each is asked, beside the others. */
const WEIGHTS: Readonly<Record<FollowUp, number>> = {
  more: 6,
  shorter: 5,
  lesson: 5,
  who: 3,
  where: 2,
  feel: 3,
  ask: 6,
  name: 2,
  kind: 1,
};

const ASKED: Readonly<Record<Exclude<FollowUp, 'ask'>, readonly string[]>> = {
  more: [
    'And then?',
    'And then?',
    'What happened then?',
    'What happened next?',
    'Go on.',
    'Tell me more.',
    'How does it go on?',
    'What did {hero} do after that?',
    'Please go on.',
    'Is there more?',
    'And after that?',
    'Continue the story.',
  ],
  shorter: [
    'Make it shorter.',
    'Make it shorter.',
    'Can you make it shorter?',
    'Shorter, please.',
    'Tell it in one sentence.',
    'What is the story about?',
    'Tell me the story in a few words.',
    'That was too long.',
    'Sum it up.',
    'In short?',
  ],
  lesson: [
    'What did {hero} learn?',
    'What did {hero} learn?',
    'What did the {kind} learn?',
    'What can I learn from it?',
    'What does the story teach?',
    'And what did {he} learn from that?',
    'What is the lesson?',
    'What is the moral of the story?',
  ],
  who: [
    'Who is in the story?',
    'Who is it about?',
    'Who was in the story?',
    'Which people and animals are in it?',
    'Who are they?',
  ],
  where: ['Where was it?', 'Where did {hero} live?', 'Where does the {kind} live?', 'Where did it happen?'],
  feel: [
    'How did {hero} feel?',
    'How did the {kind} feel?',
    'Was {hero} happy?',
    'Was the {kind} happy in the end?',
    'How did {he} feel about it?',
    'Was {hero} sad?',
  ],
  name: [
    'What is the name of the {kind}?',
    'What was the {kind} called?',
    'What was {his} name?',
    'Who is the {kind}?',
  ],
  kind: ['What is {hero}?', 'Who is {hero}?', 'Who was {hero}?', 'What kind of animal was it?'],
};

/** The follow-ups that this story can answer, in the order in which they are asked. */
export function chooseFollowUps(
  plan: StoryPlan,
  story: string,
  count: number,
  random: SeededRandom,
): FollowUp[] {
  const { hero, slots } = plan;
  const fits = (one: FollowUp): boolean => {
    if (one === 'where') return tells(story, slots['place'] ?? '');
    if (one === 'kind') return hero.name !== undefined;
    return one !== 'ask' || fitting(plan, plan.plot.asks, story).length > 0;
  };
  const urn = FOLLOW_UPS.filter(fits).flatMap((one) => Array.from({ length: WEIGHTS[one] }, () => one));
  return [...new Set(random.shuffle(urn))].slice(0, count);
}

export function followUp(plan: StoryPlan, story: string, kind: FollowUp, random: SeededRandom): Exchange {
  const [ask, answer] = templatesOf(plan, story, kind, random);
  // Both call the hero the same.
  return {
    user: asPeopleWrite(tellAfterwards(plan, ask, random), random),
    assistant: tellAfterwards(plan, answer, random),
  };
}

function templatesOf(
  plan: StoryPlan,
  story: string,
  kind: FollowUp,
  random: SeededRandom,
): readonly [ask: string, answer: string] {
  const { plot, hero } = plan;
  if (kind === 'ask') return random.pick(fitting(plan, plot.asks, story));
  if (kind === 'kind')
    return [kindAsked(hero.kind, random), `{hero} is a {quality} {kind}.`.replace('{hero}', hero.name ?? '')];
  const ask = random.pick(ASKED[kind]);
  switch (kind) {
    case 'who':
      return [ask, whoAnswer(plan, story, random)];
    case 'where':
      return [ask, random.pick(['The {kind} lived {place}.', 'It was {place}.', '{hero} lived {place}.'])];
    case 'name':
      return [
        ask,
        hero.name === undefined
          ? random.pick([
              'The story does not say it. It only says "the {kind}".',
              'The {kind} has no name in this story.',
            ])
          : random.pick([
              `The name of the {kind} is ${hero.name}.`,
              `{His} name was ${hero.name}.`,
              `The {kind} is called ${hero.name}.`,
            ]),
      ];
    default: {
      const answers = plot[kind];
      const told = fitting(
        plan,
        answers.map((answer) => ['', answer] as const),
        story,
      );
      return [ask, told.length > 0 ? random.pick(told)[1] : random.pick(answers)];
    }
  }
}

function kindAsked(kind: string, random: SeededRandom): string {
  const isPerson = PEOPLE.has(kind);
  return random.pick(isPerson ? ASKED.kind.slice(1, 3) : ASKED.kind);
}

function whoAnswer({ hero, friend, plot, slots }: StoryPlan, story: string, random: SeededRandom): string {
  const others = [
    ...(plot.cast.includes('friend') ? [introduce(friend)] : []),
    ...(tells(story, slots['elder'] ?? '') ? [slots['elder'] ?? ''] : []),
    ...(plot.alsoThere ?? []),
  ];
  const all = [introduce(hero), ...others];
  const list = all.length === 1 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all.at(-1) ?? ''}`;
  return random.pick([
    `There is ${list}.`,
    `It is about ${list}.`,
    `In the story there is ${list}.`,
    others.length === 1 ? `${introduce(hero)}, and also ${others.join('')}.` : `It is about ${list}.`,
  ]);
}

/** Those that speak only of what this telling has told. */
function fitting(
  { plot, slots }: StoryPlan,
  exchanges: readonly (readonly [string, string])[],
  story: string,
): (readonly [string, string])[] {
  const own = new Set(
    Object.values(plot.slots ?? {}).flatMap((values) =>
      values.flatMap((value) => (typeof value === 'string' ? [] : Object.keys(value))),
    ),
  );
  for (const name of Object.keys(plot.slots ?? {})) own.add(name);
  for (const name of ['fkind', 'color', 'elder', 'food']) own.add(name);
  return exchanges.filter((exchange) =>
    exchange.every((text) =>
      [...text.matchAll(/\{([A-Za-z]+)\}/g)].every(([, slot = '']) => {
        const name = slot.charAt(0).toLowerCase() + slot.slice(1);
        const value = slots[name];
        return value === undefined || !own.has(name) || tells(story, filled(value, slots));
      }),
    ),
  );
}

const filled = (value: string, slots: StoryPlan['slots']): string =>
  value.replace(/\{([a-z]+)\}/g, (whole, name: string) => slots[name] ?? whole);

const tells = (story: string, value: string): boolean =>
  story.toLowerCase().includes(value.replace(/^(?:an?|the) /, '').toLowerCase());
