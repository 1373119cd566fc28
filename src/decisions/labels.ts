import { invalidField } from '../errors.ts';
import { numOptions, type Question } from './question.ts';

/** Labels of options, as a question writes them, and the token that each is as the answer. */
export interface LabelSet {
  readonly labels: readonly string[];
  readonly tokenIds: readonly number[];
}

/** What a model can answer by, in its place: the sets that are there, the best first. */
export interface Labels {
  /** Yes and no, in this order. */
  readonly words: readonly LabelSet[];
  /** The longest beginning of each alphabet of which each label is a token of its own. */
  readonly alphabets: readonly LabelSet[];
}

/**
 * The labels of a question's options. They depend on the question and the model alone, so that its answer is the same
 * whatever else is asked.
 * @throws EngineError `invalid_request` for more options than the model has labels for
 */
export function chooseLabels({ words, alphabets }: Labels, question: Question): LabelSet {
  const [word] = words;
  if (question.type === 'predicate' && word !== undefined) return word;
  const numWanted = numOptions(question);
  const set = alphabets.find(({ labels }) => labels.length >= numWanted);
  if (set !== undefined) return firstOf(set, numWanted);
  const longest = alphabets.reduce<readonly string[]>(
    (best, { labels }) => (labels.length > best.length ? labels : best),
    [],
  );
  const field = question.type === 'score' ? 'levels' : 'choices';
  if (longest.length < 2) {
    throw invalidField(
      question.param,
      'cannot be answered by this model: neither letters nor digits are one token each where its answer begins',
    );
  }
  throw invalidField(
    `${question.param}.${field}`,
    `has ${numWanted} entries; this model can tell ${longest.length} apart, by the labels ${longest.at(0)} to ` +
      `${longest.at(-1)}, which are one token each`,
  );
}

function firstOf({ labels, tokenIds }: LabelSet, count: number): LabelSet {
  return { labels: labels.slice(0, count), tokenIds: tokenIds.slice(0, count) };
}
