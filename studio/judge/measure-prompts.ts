import { PLOTS } from '../corpus/plots/index.ts';
import { QUESTION_KINDS, type QuestionKind } from '../corpus/facts/fact.ts';
import { FACTS } from '../corpus/facts/index.ts';
import { askFact, endsOf, type Question } from '../corpus/questions.ts';
import { SeededRandom } from '../corpus/random.ts';
import { joinBeats, planStory, tellAfterwards, tellStory, type StoryPlan } from '../corpus/story.ts';
import { nounSlots } from '../corpus/subjects.ts';
import { chooseHero } from '../corpus/cast.ts';
import { correct } from '../corpus/render.ts';
import type { NounClass } from '../corpus/word-lists.ts';
import { answersBy, isPlainAnswer, isSensible, namesAll, SMALL_TALK } from './measures.ts';
import { TEST_SET } from './test-set.ts';

/** A conversation that the model goes on with, and what is right to say. */
export interface MeasuredPrompt {
  /** The row of the table that it counts for. */
  readonly measure: string;
  /** From the person's first words on, in turns. */
  readonly turns: readonly string[];
  readonly isRight: (answer: string) => boolean;
}

const NUM_SUBJECTS = 40;
const NUM_PAIRS = 30;
const NUM_EACH_QUESTION = 5;
const THINGS: readonly NounClass[] = ['thing', 'thing', 'big', 'place', 'stuff', 'idea'];

interface Asked {
  readonly text: string;
  readonly wanted: readonly string[];
}

/** 200 prompts; the same ones of the same generator and test set, for each model. */
export function measuredPrompts(): MeasuredPrompt[] {
  const random = new SeededRandom(20261128);
  return [
    ...Array.from({ length: NUM_SUBJECTS }, (_, i) => aboutOne(i, random)),
    ...Array.from({ length: NUM_PAIRS }, (_, i) => aboutTwo(i, random)),
    ...QUESTION_KINDS.flatMap((kind) =>
      Array.from({ length: NUM_EACH_QUESTION }, () => aboutStory(kind, random)),
    ),
    ...TEST_SET.odd.map((ask) => ({ measure: 'plain answer', turns: [ask], isRight: isPlainAnswer })),
    ...SMALL_TALK.flatMap((kind) =>
      TEST_SET.smallTalk[kind].map((ask) => ({
        measure: 'small talk',
        turns: [ask],
        isRight: (answer: string) => isSensible(kind, answer),
      })),
    ),
  ];
}

function aboutOne(index: number, random: SeededRandom): MeasuredPrompt {
  const { text, wanted } = index % 2 === 0 ? someone(random) : something(random);
  const ask = random.pick(TEST_SET.stories).replace('{subject}', text);
  return { measure: 'names what was asked for', turns: [ask], isRight: (story) => namesAll(story, wanted) };
}

function aboutTwo(index: number, random: SeededRandom): MeasuredPrompt {
  const first = index % 3 === 2 ? something(random) : someone(random);
  let second = index % 3 === 0 ? someone(random) : something(random);
  while (second.wanted[0] === first.wanted[0]) second = something(random);
  const ask = random.pick(TEST_SET.pairs).replace('{subject}', first.text).replace('{other}', second.text);
  const wanted = [...first.wanted, ...second.wanted];
  return { measure: 'names both', turns: [ask], isRight: (story) => namesAll(story, wanted) };
}

/** `a grumpy walrus named Imogen`, with more or less of it. */
function someone(random: SeededRandom): Asked {
  const { kind, quality, name } = chooseHero(random, { isWide: true, words: TEST_SET.words });
  const before = random.chance(0.4) ? `${quality} ` : '';
  const isNamed = name !== undefined && TEST_NAMES.has(name) && random.chance(0.3);
  const text = `a ${before}${kind}${isNamed ? ` named ${name}` : ''}`;
  return { text: withArticle(text), wanted: isNamed ? [kind, name] : [kind] };
}

const TEST_NAMES = new Set(Object.values(TEST_SET.words.names).flat());

function something(random: SeededRandom): Asked {
  const { x = '', aX = '' } = nounSlots(random, 'x', [random.pick(THINGS)], true, TEST_SET.words);
  return { text: withArticle(aX), wanted: [x] };
}

/** `a` or `an`, by what follows; the text does not begin a sentence. */
const withArticle = (text: string): string => correct(`x ${text}`).slice(2);

const QUESTIONS = FACTS.flatMap((fact) => fact.questions.map((question) => ({ fact, question })));

/** A story of the machine's plots with words of the test set, and a question about it after none, one or two others. */
function aboutStory(kind: QuestionKind, random: SeededRandom): MeasuredPrompt {
  for (;;) {
    const { fact, question } = random.pick(
      QUESTIONS.filter((one) => one.question.kind === kind || kind === 'first or last'),
    );
    const others = random.shuffle(FACTS.filter((one) => one !== fact)).slice(0, 1);
    const plan = planStory(random, random.pick(PLOTS), {
      words: TEST_SET.words,
      facts: [fact, ...others],
      asked: ['hero'],
    });
    const story = joinBeats(tellStory(plan, random), random);
    const asked = kind === 'first or last' ? endsOf(story, random)[0] : askFact(plan, question, random);
    if (asked === undefined) continue;
    const before = others.flatMap(({ questions }) => questions.map((one) => askFact(plan, one, random)));
    const earlier = random.shuffle(before).slice(0, random.below(3));
    const request = random.pick(TEST_SET.stories).replace('{subject}', withArticle(`a ${plan.hero.kind}`));
    return {
      measure: `question: ${kind}`,
      turns: [
        request,
        story,
        ...earlier.flatMap((one) => [inTestWords(plan, one, random), one.answer]),
        inTestWords(plan, asked, random),
      ],
      isRight: (answer) => answersBy(answer, asked.key),
    };
  }
}

/** The question in a phrasing of the test set. */
function inTestWords(plan: StoryPlan, { id }: Question, random: SeededRandom): string {
  return tellAfterwards(plan, random.pick(TEST_SET.questions[id] ?? []), random);
}
