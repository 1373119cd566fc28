import { chooseFollowUps, followUp, type Exchange } from './follow-ups.ts';
import { echo } from './echo.ts';
import { PLOTS } from './plots/index.ts';
import { isInRounds } from './plots/plot.ts';
import { SeededRandom } from './random.ts';
import { askForAnother, askForStory } from './requests.ts';
import { greet, sayGoodbye, talk, thank } from './small-talk.ts';
import { planStory, type StoryPlan } from './story.ts';

export interface ChatMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

/** A line of documents.jsonl. */
export type CorpusDocument = { readonly text: string } | { readonly messages: readonly ChatMessage[] };

/** What a document will be, before its stories are told. */
export interface DocumentPlan {
  readonly index: number;
  readonly kind: 'story' | 'conversation' | 'talk' | 'echo';
  /** None in a talk and an echo; two where another story is asked for. */
  readonly stories: readonly StoryPlan[];
  /** Of the words around the stories. */
  readonly seed: number;
}

const STORY_SHARE = 0.3;
const TALK_SHARE = 0.05;
/** Of the documents, unless another share is asked for. */
export const ECHO_SHARE = 0.2;
const ANOTHER_SHARE = 0.15;
/** Stories in rounds are drawn more often: they are the simplest, and a small model learns from them to look back. */
const ROUNDS_WEIGHT = 4;
const URN = PLOTS.flatMap((plot) => Array.from({ length: isInRounds(plot) ? ROUNDS_WEIGHT : 1 }, () => plot));
const MAX_FOLLOW_UPS = 3;

/**
 * The plan of a number; the same number, seed and share give the same plan.
 * @param echoShare of the documents that are echoes; the others keep their shares among themselves
 */
export function planDocument(seed: number, index: number, echoShare = ECHO_SHARE): DocumentPlan {
  const random = new SeededRandom(Math.imul(seed, 0x01000193) ^ index);
  const kind = random.chance(echoShare) ? 'echo' : kindOf(random.next());
  const hasStory = kind === 'story' || kind === 'conversation';
  const numStories = !hasStory ? 0 : kind === 'conversation' && random.chance(ANOTHER_SHARE) ? 2 : 1;
  // Not the same plot twice in a conversation.
  const plots = [...new Set(random.shuffle(URN))].slice(0, numStories);
  const stories = plots.map((plot) => planStory(random, plot));
  return { index, kind, stories, seed: random.seed() };
}

/** @param way from 0, below 1 */
function kindOf(way: number): DocumentPlan['kind'] {
  if (way < STORY_SHARE) return 'story';
  return way < STORY_SHARE + TALK_SHARE ? 'talk' : 'conversation';
}

/** @param texts of the plan's stories, in their order */
export function writeDocument(plan: DocumentPlan, texts: readonly string[]): CorpusDocument {
  const random = new SeededRandom(plan.seed);
  if (plan.kind === 'story') return { text: texts.join('\n\n') };
  const exchanges = exchangesOf(plan, texts, random);
  return {
    messages: exchanges.flatMap(({ user, assistant }) => [
      { role: 'user', content: user },
      { role: 'assistant', content: assistant },
    ]),
  };
}

function exchangesOf(plan: DocumentPlan, texts: readonly string[], random: SeededRandom): Exchange[] {
  if (plan.kind === 'echo') return echo(random);
  return plan.kind === 'talk' ? talk(random) : converse(plan, texts, random);
}

/** One to five exchanges around the stories. */
function converse({ stories }: DocumentPlan, texts: readonly string[], random: SeededRandom): Exchange[] {
  const told = stories.flatMap((story, i): Exchange[] => {
    const text = texts[i];
    if (text === undefined) return [];
    const user = (i === 0 ? askForStory : askForAnother)(story, random);
    const numFollowUps = stories.length > 1 ? random.below(2) : random.below(MAX_FOLLOW_UPS + 1);
    const followUps = chooseFollowUps(story, text, numFollowUps, random);
    return [{ user, assistant: text }, ...followUps.map((one) => followUp(story, text, one, random))];
  });
  const room = 5 - told.length;
  const before = room > 0 && random.chance(0.1) ? [greet(random)] : [];
  const after =
    room > 1 && random.chance(0.15) ? [random.chance(0.7) ? thank(random) : sayGoodbye(random)] : [];
  return [...before, ...told, ...after];
}

/** All text of a document that the model is to write. */
export const answersOf = (document: CorpusDocument): string[] =>
  'text' in document
    ? [document.text]
    : document.messages.filter(({ role }) => role === 'assistant').map(({ content }) => content);
