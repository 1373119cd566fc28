import {
  answersOf,
  planDocument,
  writeDocument,
  type CorpusDocument,
  type DocumentPlan,
} from './document.ts';
import { NearDuplicates } from './near-duplicates.ts';
import type { PartLine } from './parts.ts';
import { SeededRandom } from './random.ts';
import { complaintOf, STORY_BOUNDS, wordsOf, type Complaint, type TextBounds } from './text-quality.ts';
import { corpusVocabulary } from './vocabulary.ts';

/** What is left of the documents, and what was found on the way. */
export interface Collection {
  /** In an order that the seed decides. */
  readonly documents: readonly CorpusDocument[];
  readonly numWords: number;
  readonly kinds: Readonly<Record<DocumentPlan['kind'], number>>;
  /** Documents that were not taken. */
  readonly rejected: Readonly<Partial<Record<Complaint, number>>>;
  readonly numStories: number;
  readonly numJudged: number;
  readonly numDetails: number;
  /** Over the judged stories that were taken; null without any. */
  readonly meanBitsPerByte: number | null;
}

const ANSWER_BOUNDS: TextBounds = { minWords: 2, maxWords: STORY_BOUNDS.maxWords };

/** Writes the documents of all lines, and leaves out those that have a fault or are like another. */
export function collectDocuments(lines: readonly PartLine[], seed: number, echoShare: number): Collection {
  const bounds = { ...STORY_BOUNDS, vocabulary: corpusVocabulary() };
  const near = new NearDuplicates();
  const seen = new Set<string>();
  const documents: CorpusDocument[] = [];
  const kinds = { story: 0, conversation: 0, talk: 0, echo: 0 };
  const rejected: Partial<Record<Complaint, number>> = {};
  const bits: number[] = [];
  let [numWords, numStories, numDetails] = [0, 0, 0];
  // By number, so that of two that are alike the same one is taken however the lines came.
  for (const { index, stories } of [...lines].sort((a, b) => a.index - b.index)) {
    const plan = planDocument(seed, index, echoShare);
    const texts = stories.map(({ text }) => text);
    const document = writeDocument(plan, texts);
    const complaint = faultOf(plan, texts, document, bounds) ?? likeness(texts, document, near, seen);
    if (complaint !== undefined) {
      rejected[complaint] = (rejected[complaint] ?? 0) + 1;
      continue;
    }
    documents.push(document);
    kinds[plan.kind]++;
    numWords += wordsOf(textOf(document)).length;
    numStories += stories.length;
    numDetails += stories.filter(({ detail }) => detail !== undefined).length;
    bits.push(...stories.flatMap(({ bitsPerByte }) => bitsPerByte ?? []));
  }
  const sum = bits.reduce((total, one) => total + one, 0);
  return {
    documents: new SeededRandom(seed).shuffle(documents),
    numWords,
    kinds,
    rejected,
    numStories,
    numJudged: bits.length,
    numDetails,
    meanBitsPerByte: bits.length === 0 ? null : Number((sum / bits.length).toFixed(4)),
  };
}

function faultOf(
  { kind }: DocumentPlan,
  texts: readonly string[],
  document: CorpusDocument,
  bounds: TextBounds,
): Complaint | undefined {
  // They say the same again, and nothing else.
  if (kind === 'echo') return undefined;
  for (const text of texts) {
    const complaint = complaintOf(text, bounds);
    if (complaint !== undefined) return complaint;
  }
  for (const text of answersOf(document)) {
    const complaint = complaintOf(text, ANSWER_BOUNDS);
    if (complaint !== undefined) return complaint;
  }
  return undefined;
}

function likeness(
  texts: readonly string[],
  document: CorpusDocument,
  near: NearDuplicates,
  seen: Set<string>,
): Complaint | undefined {
  const whole = textOf(document);
  if (seen.has(whole)) return 'like another';
  seen.add(whole);
  return texts.every((text) => near.add(text)) ? undefined : 'like another';
}

const textOf = (document: CorpusDocument): string =>
  'text' in document ? document.text : document.messages.map(({ content }) => content).join('\n');
