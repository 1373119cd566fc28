import type { TextCaller } from '../chat-template/chat-template.ts';
import type { ServedTokenizer } from '../text/served-tokenizer.ts';
import { encodeParts } from './render-frame.ts';
import type { Labels, LabelSet } from './labels.ts';

const WORDS = [
  ['Yes', 'No'],
  ['yes', 'no'],
];
const ALPHABETS = ['ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz', '123456789'].map((letters) =>
  Array.from(letters),
);
/** What may stand in front of a label. */
const SPACES = ['', ' '];
const SPELLINGS = [...WORDS, ...ALPHABETS].flat().flatMap((label) => SPACES.map((space) => space + label));
/** How questions end: a label is looked for behind it, and behind what a prompt goes on with. */
const BEFORE = 'only.';

interface FoundLabels {
  readonly after: string;
  readonly labels: Labels;
}

/** What was found last of a model, which ends its prompts in one way or in a few. */
const found = new WeakMap<ServedTokenizer, FoundLabels>();

/**
 * The labels that are one token each where a model's answer begins. Each is encoded in its place: the tokens of what
 * stands before it must stay as they are.
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
  const prefix = BEFORE + after;
  const texts = [prefix, ...SPELLINGS.map((spelling) => prefix + spelling)];
  const [prefixIds = [], ...encoded] = await encodeParts(tokenizer, texts, { position: 'start' }, caller);
  const tokenOf = new Map(SPELLINGS.map((spelling, index) => [spelling, oneMore(prefixIds, encoded[index])]));
  const endsInWord = !/\s$/.test(after) && !tokenizer.specialTokenIds.has(prefixIds.at(-1) ?? -1);
  const spaces = endsInWord ? SPACES.toReversed() : SPACES;
  const setOf = (labels: readonly string[], space: string): LabelSet =>
    usableLabels(
      labels,
      labels.map((label) => tokenOf.get(space + label)),
    );
  const words = spaces.flatMap((space) => WORDS.map((labels) => setOf(labels, space)));
  const labels = {
    words: words.filter(({ tokenIds: { length } }) => length === 2),
    alphabets: ALPHABETS.flatMap((letters) => spaces.map((space) => setOf(letters, space))),
  };
  found.set(tokenizer, { after, labels });
  return labels;
}

/** The token that a text has behind those of its beginning; undefined where it is not one, or changes them. */
function oneMore(beginning: readonly number[], whole: readonly number[] = []): number | undefined {
  const isOneMore =
    whole.length === beginning.length + 1 && beginning.every((id, index) => whole[index] === id);
  return isOneMore ? whole.at(-1) : undefined;
}

/** The labels up to the first without a token of its own. */
function usableLabels(labels: readonly string[], tokens: readonly (number | undefined)[]): LabelSet {
  const tokenIds: number[] = [];
  for (const token of tokens) {
    if (token === undefined || tokenIds.includes(token)) break;
    tokenIds.push(token);
  }
  return { labels: labels.slice(0, tokenIds.length), tokenIds };
}
