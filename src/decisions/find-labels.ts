import type { TextCaller } from '../text/chat-template.ts';
import type { ServedTokenizer } from '../text/served-tokenizer.ts';
import { encodeParts } from './encode-parts.ts';
import type { Labels, LabelSet } from './labels.ts';

const WORDS = [
  ['Yes', 'No'],
  ['yes', 'no'],
];
const ALPHABETS = ['ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz', '123456789'].map((letters) =>
  Array.from(letters),
);
/** How the questions end, so that the answer's place is the same. */
const BEFORE = 'only.';

interface FoundLabels {
  /** What stands between a question and its answer. */
  readonly after: string;
  readonly labels: Labels;
}

/** What was found last; a model ends its prompts in one way, or in a few. */
const found = new WeakMap<ServedTokenizer, FoundLabels>();

/**
 * The labels that are one token each where a model's answer begins. Each is encoded in its place: behind what stands
 * there in a prompt, whose own tokens must stay as they are.
 *
 * An answer begins with a space where the prompt ends in a word, as `Answer:` does, and without one where it ends in
 * white space or in a special token, as most chat templates do. The other spelling comes second.
 *
 * @param after what stands between a question and its answer
 * @throws EngineError what the tokenizer throws
 */
export async function findLabels(
  tokenizer: ServedTokenizer,
  after: string,
  caller: TextCaller,
): Promise<Labels> {
  const known = found.get(tokenizer);
  if (known?.after === after) return known.labels;
  const place = BEFORE + after;
  const spellings = ['', ' '];
  const candidates = spellings.flatMap((space) =>
    [...WORDS, ...ALPHABETS].map((labels) => ({ space, labels, isWord: WORDS.includes(labels) })),
  );
  const texts = candidates.flatMap(({ space, labels }) => labels.map((label) => place + space + label));
  const [ofPlace = [], ...encoded] = await encodeParts(
    tokenizer,
    [place, ...texts],
    { place: 'start' },
    caller,
  );
  const nextIds = encoded.values();
  const sets = candidates.map(({ space, labels, isWord }) => ({
    space,
    isWord,
    ...usableLabels(labels, takeNext(nextIds, labels.length), ofPlace),
  }));
  const endsInWord = !/\s$/.test(after) && !tokenizer.specialTokenIds.has(ofPlace.at(-1) ?? -1);
  const inOrder = sets.toSorted((one, other) => rank(one.space, endsInWord) - rank(other.space, endsInWord));
  const labels = {
    words: inOrder.filter(({ isWord, labels: { length } }) => isWord && length === 2),
    alphabets: inOrder.filter(({ isWord }) => !isWord),
  };
  found.set(tokenizer, { after, labels });
  return labels;
}

const rank = (space: string, endsInWord: boolean): number => ((space === ' ') === endsInWord ? 0 : 1);

function takeNext<T>(values: Iterator<T>, count: number): T[] {
  const taken: T[] = [];
  for (let next = values.next(); !next.done; next = values.next())
    if (taken.push(next.value) === count) break;
  return taken;
}

/** The labels up to the first that is not one token more than the place, or the same token as one before. */
function usableLabels(
  labels: readonly string[],
  encoded: readonly (readonly number[])[],
  ofPlace: readonly number[],
): LabelSet {
  const tokenIds: number[] = [];
  for (const ids of encoded) {
    const tokenId = ids.at(-1);
    const isOneMore = ids.length === ofPlace.length + 1 && ofPlace.every((id, index) => ids[index] === id);
    if (tokenId === undefined || !isOneMore || tokenIds.includes(tokenId)) break;
    tokenIds.push(tokenId);
  }
  return { labels: labels.slice(0, tokenIds.length), tokenIds };
}
