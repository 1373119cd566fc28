/** What is asked about a text. Each answer is one of a few options, of which a model says how probable they are. */
export type Question =
  /** Whether something is true: yes or no, in this order. */
  | { readonly type: 'predicate'; readonly instructions: string; readonly param: string }
  /** Which of the options, which have no order. */
  | ({ readonly type: 'choice' } & QuestionWithOptions)
  /** Which of the levels, the lowest first. */
  | ({ readonly type: 'score' } & QuestionWithOptions);

interface QuestionWithOptions {
  readonly instructions: string;
  readonly options: readonly QuestionOption[];
  /** The request's field, for messages: `questions[2]`. */
  readonly param: string;
}

export interface QuestionOption {
  readonly text: string;
  readonly description?: string | undefined;
}

/** How many options an answer is one of. */
export const numOptions = (question: Question): number =>
  question.type === 'predicate' ? 2 : question.options.length;
