import type { LabelSet } from './labels.ts';
import type { Question, QuestionOption } from './question.ts';

/**
 * A question as a model reads it, in two parts: `CALL_START` stands behind the text that it is about, and is the same
 * for all questions about it; what `writeQuestion` writes goes on after it.
 *
 * They meet where a space follows a letter and a letter follows it. There the tokenizers of all models known here cut a
 * text anyway, so that the tokens of the two parts are those of the whole, and a text is encoded once for hundreds of
 * questions.
 */
export const CALL_START = '\n\nAnswer';

/** The question, with its options and how to answer. */
export function writeQuestion(question: Question, labels: LabelSet): string {
  return [
    ' the question about the text above.',
    '',
    `Question: ${question.instructions}`,
    ...optionLines(question, labels.labels),
    '',
    replyLine(question, labels.labels),
  ].join('\n');
}

function optionLines(question: Question, labels: readonly string[]): string[] {
  const options = question.type === 'predicate' ? PREDICATE_OPTIONS : question.options;
  // Words say it themselves.
  if (question.type === 'predicate' && isWord(labels)) return [];
  return options.map(({ text, description }, index) =>
    description === undefined || description === ''
      ? `${labels[index]}: ${text}`
      : `${labels[index]}: ${text} (${description})`,
  );
}

const PREDICATE_OPTIONS: readonly QuestionOption[] = [{ text: 'yes' }, { text: 'no' }];

const isWord = ([first = '']: readonly string[]): boolean => first.length > 1;

function replyLine({ type }: Question, labels: readonly string[]): string {
  if (type === 'score')
    return 'The levels go from the lowest to the highest. Reply with the label of one level only.';
  if (type === 'choice') return 'Reply with the label of one option only.';
  const [yes = '', no = ''] = labels;
  return `Reply with ${yes} if it is true and with ${no} if it is not, and with this only.`;
}
