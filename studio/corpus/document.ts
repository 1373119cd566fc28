import { followUps, type Exchange } from './follow-ups.ts';
import { echo } from './echo.ts';
import { PLOTS } from './plots/index.ts';
import { isInRounds, type Plot } from './plots/plot.ts';
import { SeededRandom } from './random.ts';
import { askForAnother, askForStory } from './requests.ts';
import { aside, greet, sayGoodbye, talk, thank } from './small-talk.ts';
import { joinBeats, planStory, tellStory, type StoryPlan } from './story.ts';

export interface ChatMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

/** A line of documents.jsonl. */
export type CorpusDocument = { readonly text: string } | { readonly messages: readonly ChatMessage[] };

export interface ToldDocument {
  readonly kind: 'story' | 'conversation' | 'talk' | 'echo';
  readonly document: CorpusDocument;
  /** None in a talk and an echo; up to three in a conversation. */
  readonly stories: readonly string[];
}

const STORY_SHARE = 0.1;
const TALK_SHARE = 0.2;
/** Of the documents, unless another share is asked for. */
export const ECHO_SHARE = 0.2;
/** Of conversations by the number of their stories, 1 to 3. */
const STORY_COUNTS = [1, 1, 1, 1, 1, 2, 2, 2, 3, 3] as const;
/** Stories in rounds are drawn more often: they are the simplest, and a small model learns from them to look back. */
const ROUNDS_WEIGHT = 4;
/** Stories that are open to any noun teach to name what was asked for. */
const OPEN_WEIGHT = 4;
/** Stories of two friends are those that can be asked for by two persons. */
const PAIR_WEIGHT = 2;
const MAX_FOLLOW_UPS = 7;
/** Words of a conversation, so that a context of 1,024 tokens holds it; it ends before the exchange that goes beyond. */
const MAX_WORDS = 700;
const ASIDE_SHARE = 0.08;
const GREETING_SHARE = 0.12;
const ENDING_SHARE = 0.2;

const weightOf = (plot: Plot): number =>
  plot.x !== undefined
    ? OPEN_WEIGHT
    : isInRounds(plot)
      ? ROUNDS_WEIGHT
      : plot.cast.includes('friend')
        ? PAIR_WEIGHT
        : 1;
const URN = PLOTS.flatMap((plot) => Array.from({ length: weightOf(plot) }, () => plot));

/**
 * The document of a number; the same number, seed and share give the same one.
 *
 * @param echoShare of the documents that are echoes; the others keep their shares among themselves
 */
export function tellDocument(seed: number, index: number, echoShare = ECHO_SHARE): ToldDocument {
  const random = new SeededRandom(Math.imul(seed, 0x01000193) ^ index);
  if (random.chance(echoShare)) return { kind: 'echo', document: inTurns(echo(random)), stories: [] };
  const way = random.next();
  if (way < TALK_SHARE) return { kind: 'talk', document: inTurns(talk(random)), stories: [] };
  // Not the same plot twice in a conversation.
  const numStories = way < TALK_SHARE + STORY_SHARE ? 1 : random.pick(STORY_COUNTS);
  const plots = [...new Set(random.shuffle(URN))].slice(0, numStories);
  const told = plots.map((plot) => {
    const plan = planStory(random, plot);
    return { plan, text: joinBeats(tellStory(plan, random), random) };
  });
  const [first] = told;
  if (way < TALK_SHARE + STORY_SHARE && first !== undefined)
    return { kind: 'story', document: { text: first.text }, stories: [first.text] };
  const document = inTurns(converse(told, random));
  const answers = new Set(answersOf(document));
  return {
    kind: 'conversation',
    document,
    stories: told.flatMap(({ text }) => (answers.has(text) ? [text] : [])),
  };
}

/** Exchanges around the stories, at most as many as the context has room for. */
function converse(told: readonly { plan: StoryPlan; text: string }[], random: SeededRandom): Exchange[] {
  const exchanges = told.flatMap(({ plan, text }, i): Exchange[] => {
    const user = (i === 0 ? askForStory : askForAnother)(plan, random);
    const questions = followUps(plan, text, random.below(MAX_FOLLOW_UPS + 1), random);
    return [
      { user, assistant: text },
      ...questions.flatMap((one) => (random.chance(ASIDE_SHARE) ? [aside(random), one] : [one])),
    ];
  });
  const before = random.chance(GREETING_SHARE) ? [greet(random)] : [];
  const after = random.chance(ENDING_SHARE) ? [random.chance(0.6) ? thank(random) : sayGoodbye(random)] : [];
  return withinWords([...before, ...exchanges, ...after]);
}

function withinWords(exchanges: readonly Exchange[]): Exchange[] {
  let numWords = 0;
  const end = exchanges.findIndex(({ user, assistant }) => {
    numWords += user.split(' ').length + assistant.split(' ').length;
    return numWords > MAX_WORDS;
  });
  return end < 0 ? [...exchanges] : exchanges.slice(0, end);
}

const inTurns = (exchanges: readonly Exchange[]): CorpusDocument => ({
  messages: exchanges.flatMap(({ user, assistant }): ChatMessage[] => [
    { role: 'user', content: user },
    { role: 'assistant', content: assistant },
  ]),
});

/** All text of a document that the model is to write. */
export const answersOf = (document: CorpusDocument): string[] =>
  'text' in document
    ? [document.text]
    : document.messages.filter(({ role }) => role === 'assistant').map(({ content }) => content);
