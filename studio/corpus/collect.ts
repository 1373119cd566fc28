import { answersOf, tellDocument, type CorpusDocument, type ToldDocument } from './document.ts';
import { NearDuplicates } from './near-duplicates.ts';
import { SeededRandom } from './random.ts';
import { complaintOf, STORY_BOUNDS, wordsOf, type Complaint, type TextBounds } from './text-quality.ts';

export interface CollectOptions {
  /** Documents that are told; fewer are left after the filters. */
  readonly count: number;
  readonly seed: number;
  /** Of the documents that are echoes. */
  readonly echoShare: number;
  /** Called from time to time with the number of documents that were told. */
  readonly report: (numTold: number) => void;
}

/** What is left of the documents, and what was found on the way. */
export interface Collection {
  /** In an order that the seed decides. */
  readonly documents: readonly CorpusDocument[];
  readonly numWords: number;
  readonly numStories: number;
  readonly kinds: Readonly<Record<ToldDocument['kind'], number>>;
  /** Documents that were not taken. */
  readonly rejected: Readonly<Partial<Record<Complaint, number>>>;
}

const ANSWER_BOUNDS: TextBounds = { minWords: 1, maxWords: STORY_BOUNDS.maxWords };
const REPORT_EVERY = 10_000;

/** Tells all documents, and leaves out those that have a fault or are like another. */
export function collectDocuments({ count, seed, echoShare, report }: CollectOptions): Collection {
  const near = new NearDuplicates();
  const seen = new Set<string>();
  const documents: CorpusDocument[] = [];
  const kinds = { story: 0, conversation: 0, talk: 0, echo: 0 };
  const rejected: Partial<Record<Complaint, number>> = {};
  let [numWords, numStories] = [0, 0];
  for (let index = 0; index < count; index++) {
    if (index > 0 && index % REPORT_EVERY === 0) report(index);
    const told = tellDocument(seed, index, echoShare);
    const complaint = faultOf(told) ?? likeness(told, near, seen);
    if (complaint !== undefined) {
      rejected[complaint] = (rejected[complaint] ?? 0) + 1;
      continue;
    }
    documents.push(told.document);
    kinds[told.kind]++;
    numWords += wordsOf(textOf(told.document)).length;
    numStories += told.stories.length;
  }
  return { documents: new SeededRandom(seed).shuffle(documents), numWords, numStories, kinds, rejected };
}

function faultOf({ kind, document, stories }: ToldDocument): Complaint | undefined {
  // They say the same again, and nothing else.
  if (kind === 'echo') return undefined;
  const faults = [
    ...stories.map((text) => complaintOf(text, STORY_BOUNDS)),
    ...answersOf(document).map((text) => complaintOf(text, ANSWER_BOUNDS)),
  ];
  return faults.find((fault) => fault !== undefined);
}

/** Short talks come again by chance, as they do among people. */
const MAX_SHORT = 300;

function likeness(
  { document, stories }: ToldDocument,
  near: NearDuplicates,
  seen: Set<string>,
): Complaint | undefined {
  const whole = textOf(document);
  if (whole.length > MAX_SHORT) {
    if (seen.has(whole)) return 'like another';
    seen.add(whole);
  }
  return stories.every((text) => near.add(text)) ? undefined : 'like another';
}

const textOf = (document: CorpusDocument): string =>
  'text' in document ? document.text : document.messages.map(({ content }) => content).join('\n');
