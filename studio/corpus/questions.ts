import { FACTS } from './facts/index.ts';
import type { FactQuestion, QuestionKind } from './facts/fact.ts';
import { askIndirectly } from './phrasing.ts';
import type { SeededRandom } from './random.ts';
import { tellAfterwards, type StoryPlan } from './story.ts';

/** A question about a story that was told, and its answer by what the story says. */
export interface Question {
  readonly kind: QuestionKind;
  readonly id: string;
  readonly ask: string;
  readonly answer: string;
  /** What a right answer has. */
  readonly key: string;
}

const INDIRECT_SHARE = 0.4;

/** A question about a fact, both calling the hero the same. */
export function askFact(
  plan: StoryPlan,
  { id, kind, asks, indirect, answers, key }: FactQuestion,
  random: SeededRandom,
): Question {
  const put = random.chance(INDIRECT_SHARE)
    ? askIndirectly(random.pick(indirect), random)
    : random.pick(asks);
  const [ask, answer, told] = [put, random.pick(answers), key].map((text) =>
    tellAfterwards(plan, text, random),
  );
  return { id, kind, ask: ask ?? '', answer: answer ?? '', key: (told ?? '').toLowerCase() };
}

/** All questions that the facts of the story answer. */
export const factQuestions = (plan: StoryPlan, random: SeededRandom): Question[] =>
  plan.facts.flatMap(({ questions }) => questions.map((question) => askFact(plan, question, random)));

export const NOT_TOLD: readonly string[] = [
  'The story does not say that.',
  'The story does not tell it.',
  'I do not know. The story does not say it.',
];

/** A question that the story has no answer for. */
export function askUntold(plan: StoryPlan, random: SeededRandom): { ask: string; answer: string } {
  const others = FACTS.filter((fact) => !plan.facts.includes(fact) && UNTOLD.has(fact.name));
  const { slots, questions } = random.pick(others);
  const filled = Object.fromEntries(
    Object.entries(slots).flatMap(([name, values]) => {
      const value = random.pick(values);
      return typeof value === 'string' ? [[name, value]] : Object.entries(value);
    }),
  );
  const { asks, indirect } = random.pick(questions);
  const ask = random.chance(INDIRECT_SHARE)
    ? askIndirectly(random.pick(indirect), random)
    : random.pick(asks);
  const other = { ...plan, slots: { ...plan.slots, ...filled } };
  return { ask: tellAfterwards(other, ask, random), answer: random.pick(NOT_TOLD) };
}

/** Facts that no plot tells of by itself. */
const UNTOLD: ReadonlySet<string> = new Set(['wear', 'kin', 'collection', 'nickname']);

export const ENDS_ASKED = {
  begin: [
    'How does the story begin?',
    'How did it begin?',
    'What is the first sentence of the story?',
    'What comes first in the story?',
    'What happened first?',
    'What was the first sentence?',
    'How does it start?',
    'Say the first sentence again.',
    'Say again how it began.',
    'Give me the beginning.',
    'The beginning, please.',
    'What did you say first?',
    'With which words does the story begin?',
    'Could you repeat the first sentence?',
    'Read me the first line again.',
    'What is the opening of the story?',
    'How did you begin the story?',
    'Which sentence comes first?',
    'Quote the first sentence.',
    'What stands at the beginning?',
    'Which words open the story?',
    'Start the story once more, but only the first sentence.',
    'Only the first sentence, please.',
    'Go back to the start. What did it say?',
  ],
  end: [
    'How does the story end?',
    'What happened in the end?',
    'What happened last?',
    'What is the last sentence of the story?',
    'How did it end?',
    'What was the last sentence?',
    'How does it stop?',
    'Say the last sentence again.',
    'Say again how it ended.',
    'Give me the end.',
    'The end again, please.',
    'What did you say last?',
    'With which words does the story end?',
    'Could you repeat the last sentence?',
    'Read me the last line again.',
    'What is the ending of the story?',
    'How did you end the story?',
    'Which sentence comes last?',
    'Quote the last sentence.',
    'What stands at the end?',
    'Which words close the story?',
    'Only the last sentence, please.',
    'What was left to say at the end?',
    'Go to the end. What did it say?',
  ],
} as const;
/** What is asked, as it stands in an indirect frame. */
export const ENDS_ASKED_INDIRECTLY = {
  begin: [
    'how it all began',
    'how it began',
    'how the story opened',
    'what came first',
    'what the first sentence was',
    'the first sentence',
    'the beginning of the story',
    'which words came first',
  ],
  end: [
    'how it all ended',
    'how it ended',
    'how the story closed',
    'what came last',
    'what the last sentence was',
    'the last sentence',
    'the end of the story',
    'which words came last',
  ],
} as const;

const sentencesOf = (story: string): string[] => story.split(/(?<=[.!?]"?)\s+(?=["A-Z])/);
const isPlain = (sentence: string | undefined): sentence is string =>
  sentence !== undefined && !sentence.includes('"') && sentence.split(' ').length >= 4;

/** The first and the last sentence, in the words of the story. */
export function endsOf(story: string, random: SeededRandom): Question[] {
  const sentences = sentencesOf(story);
  const ends = [
    ['begin', sentences[0]],
    ['end', sentences.at(-1)],
  ] as const;
  return ends.flatMap(([id, sentence]): Question[] => {
    // A sentence within what somebody says is not the end of the story.
    if (!isPlain(sentence)) return [];
    const key = sentence.toLowerCase();
    return [{ id, kind: 'first or last', ask: askEnd(id, random), answer: sentence, key }];
  });
}

const askEnd = (id: 'begin' | 'end', random: SeededRandom): string =>
  random.chance(INDIRECT_SHARE)
    ? askIndirectly(random.pick(ENDS_ASKED_INDIRECTLY[id]), random)
    : random.pick(ENDS_ASKED[id]);

/** A sentence with all that is said in it: `"No," said the hen, "not I."` goes on and is none. */
const SAYING = /"([^"]+?)([,.!?])" (?:said|asked|cried|called|whispered) (the [a-z]+|[A-Z][a-z]+)\./g;

export const SAID_ASKED = [
  'What did WHO say?',
  'And what did WHO say?',
  'What were the words of WHO?',
  'What was it that WHO said?',
  'Do you know what WHO said?',
  'Say what WHO said.',
  'I forgot what WHO said.',
  'What did we hear from WHO?',
  'Quote WHO.',
  'And WHO? What were those words?',
] as const;
export const WHO_SAID_ASKED = [
  'Who said, "WORDS"?',
  'Who said "WORDS"?',
  'Who was it that said, "WORDS"?',
  'Whose words are "WORDS"?',
  'Which of them said, "WORDS"?',
  'Do you know who said, "WORDS"?',
  'Say who said "WORDS".',
  'I forgot who said, "WORDS".',
  '"WORDS": who said that?',
  'Who spoke the words "WORDS"?',
] as const;

/** Questions about what was said: of those who spoke once, and of words that were spoken once. */
export function sayingsOf(story: string, random: SeededRandom): Question[] {
  const said = [...story.matchAll(SAYING)].map(([, words = '', sign = '', who = '']) => ({
    words: words + (sign === ',' ? '.' : sign),
    who,
  }));
  return said.flatMap(({ words, who }): Question[] => {
    if (words.length > 90) return [];
    const once = speaksOnce(story, who);
    const only = story.split(words.slice(0, -1)).length === 2;
    const about: Question = {
      id: 'said what',
      kind: 'what did',
      ask: random.pick(SAID_ASKED).replace('WHO', who),
      answer: `${who.charAt(0).toUpperCase()}${who.slice(1)} said, "${words}"`,
      key: words.toLowerCase(),
    };
    const by: Question = {
      id: 'said who',
      kind: 'who',
      ask: random.pick(WHO_SAID_ASKED).replace('WORDS', words.replace(/\.$/, '')),
      answer: random.pick([`It was ${who}.`, `${who.charAt(0).toUpperCase()}${who.slice(1)} said it.`]),
      key: who.toLowerCase(),
    };
    return [...(once ? [about] : []), ...(only ? [by] : [])];
  });
}

function speaksOnce(story: string, who: string): boolean {
  const spoken = new RegExp(
    `(?:said|asked|cried|called|whispered|answered) ${who}|${who} (?:said|asked|cried|called|whispered)`,
    'g',
  );
  return (story.match(spoken) ?? []).length === 1;
}
