import { introduce, isPerson } from './cast.ts';
import { askUntold, endsOf, factQuestions, sayingsOf } from './questions.ts';
import type { SeededRandom } from './random.ts';
import { asPeopleWrite } from './phrasing.ts';
import { tellAfterwards, type StoryPlan } from './story.ts';

/** What a person asks after a story, and what is answered from the story's own bindings. */

export interface Exchange {
  readonly user: string;
  readonly assistant: string;
}

/** `fact`, `said` and `ask` can be asked several times, each time of another thing. */
const WEIGHTS = {
  more: 4,
  shorter: 4,
  lesson: 5,
  who: 5,
  where: 5,
  feel: 3,
  ask: 14,
  fact: 14,
  said: 5,
  ends: 9,
  name: 4,
  kind: 3,
  untold: 2,
} as const;
type FollowUp = keyof typeof WEIGHTS;
/** Those that are asked in the same words of each story. */
type Templated = Exclude<FollowUp, 'ask' | 'fact' | 'said' | 'ends' | 'untold'>;
const URN = (Object.keys(WEIGHTS) as FollowUp[]).flatMap((one) =>
  Array.from({ length: WEIGHTS[one] }, () => one),
);

export const ASKED: Readonly<Record<Templated, readonly string[]>> = {
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
    'What was that about?',
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
    'Who is the story about?',
    'Who was it about?',
  ],
  where: [
    'Where was it?',
    'Where did {hero} live?',
    'Where does the {kind} live?',
    'Where did it happen?',
    'Where did the {kind} live?',
    'Where was the {kind} at home?',
  ],
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
    'What was the name of the {kind}?',
    'Does the {kind} have a name?',
  ],
  kind: ['What is {hero}?', 'Who is {hero}?', 'Who was {hero}?', 'What kind of animal was it?'],
};

/** Questions about a story, each once, in the order in which they are asked; fewer if it answers fewer. */
export function followUps(plan: StoryPlan, story: string, count: number, random: SeededRandom): Exchange[] {
  const taken = new Set<string>();
  const exchanges: Exchange[] = [];
  for (const kind of random.shuffle(URN)) {
    if (exchanges.length === count) break;
    const isOnce = kind !== 'fact' && kind !== 'ask' && kind !== 'said' && kind !== 'ends';
    if (isOnce && taken.has(kind)) continue;
    const made = followUp(plan, story, kind, random);
    if (made === undefined || taken.has(made.assistant)) continue;
    taken.add(kind).add(made.assistant);
    exchanges.push({ user: asPeopleWrite(made.user, random), assistant: made.assistant });
  }
  return exchanges;
}

/** @returns undefined if the story does not answer it */
function followUp(
  plan: StoryPlan,
  story: string,
  kind: FollowUp,
  random: SeededRandom,
): Exchange | undefined {
  switch (kind) {
    case 'untold':
      return exchangeOf(askUntold(plan, random));
    case 'fact':
      return oneOf(factQuestions(plan, random), random);
    case 'said':
      return oneOf(sayingsOf(story, random), random);
    case 'ends':
      return oneOf(endsOf(story, random), random);
    default: {
      const templates = templatesOf(plan, story, kind, random);
      // Both call the hero the same.
      return (
        templates &&
        exchangeOf({
          ask: tellAfterwards(plan, templates[0], random),
          answer: tellAfterwards(plan, templates[1], random),
        })
      );
    }
  }
}

interface Asked {
  readonly ask: string;
  readonly answer: string;
}

const exchangeOf = ({ ask, answer }: Asked): Exchange => ({ user: ask, assistant: answer });

const oneOf = (questions: readonly Asked[], random: SeededRandom): Exchange | undefined =>
  questions.length === 0 ? undefined : exchangeOf(random.pick(questions));

type Templates = readonly [ask: string, answer: string];

function templatesOf(
  plan: StoryPlan,
  story: string,
  kind: Templated | 'ask',
  random: SeededRandom,
): Templates | undefined {
  const { plot, hero, slots } = plan;
  if (kind === 'ask') {
    const asks = fitting(plan, plot.asks, story);
    return asks.length === 0 ? undefined : random.pick(asks);
  }
  const ask = random.pick(ASKED[kind]);
  switch (kind) {
    case 'kind':
      if (hero.name === undefined) return undefined;
      return [
        random.pick(isPerson(hero.kind) ? ASKED.kind.slice(1, 3) : ASKED.kind),
        `${hero.name} is a {quality} {kind}.`,
      ];
    case 'who':
      return [ask, whoAnswer(plan, story, random)];
    case 'where':
      if (!tells(story, slots['place'] ?? '')) return undefined;
      return [ask, random.pick(['The {kind} lived {place}.', 'It was {place}.', '{hero} lived {place}.'])];
    case 'name':
      return [ask, nameAnswer(hero.name, random)];
    default: {
      const answers = plot[kind].map((answer) => ['', answer] as const);
      const told = fitting(plan, answers, story);
      return told.length === 0 ? undefined : [ask, random.pick(told)[1]];
    }
  }
}

const nameAnswer = (name: string | undefined, random: SeededRandom): string =>
  name === undefined
    ? random.pick([
        'The story does not say it. It only says "the {kind}".',
        'The {kind} has no name in this story.',
      ])
    : random.pick([
        `The name of the {kind} is ${name}.`,
        `{His} name was ${name}.`,
        `The {kind} is called ${name}.`,
      ]);

function whoAnswer({ hero, friend, plot, slots }: StoryPlan, story: string, random: SeededRandom): string {
  const others = [
    ...(plot.cast.includes('friend') ? [introduce(friend)] : []),
    ...(tells(story, slots['elder'] ?? '') ? [slots['elder'] ?? ''] : []),
    ...(plot.alsoThere ?? []),
  ];
  const all = [introduce(hero), ...others];
  const list = all.length === 1 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all.at(-1) ?? ''}`;
  return random.pick([`There is ${list}.`, `It is about ${list}.`, `In the story there is ${list}.`]);
}

/** Those that speak only of what this telling has told. */
function fitting({ plot, slots }: StoryPlan, exchanges: readonly Templates[], story: string): Templates[] {
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
        // A round that this story does not have.
        if (/^[a-z]+[A-F]$/.test(name) && slots[name] === undefined) return false;
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
