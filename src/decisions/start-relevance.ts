import type { Caller } from '../engine/caller.ts';
import type { Completion, Engine } from '../engine/engine.ts';
import { invalidField } from '../errors.ts';
import type { TextCaller } from '../chat-template/chat-template.ts';
import { findLabels } from './find-labels.ts';
import { chooseLabels } from './labels.ts';
import { pairFrameOf, type PairFrame } from './pair-frame.ts';
import { readOptions } from './read-options.ts';
import { renderFrame } from './render-frame.ts';
import { startScoring, type ScoringTexts } from './start-scoring.ts';
import { CALL_START, writeQuestion } from './write-question.ts';

/** Queries and documents, and which of them are compared. */
export interface RelevanceRequest {
  readonly queries: readonly string[];
  /** The request's field that the queries are. */
  readonly queryParam: string;
  readonly pairs: readonly RelevancePair[];
  readonly timeoutMs: number;
  readonly cacheSalt: string | undefined;
}

export interface RelevancePair {
  /** Which of the queries. */
  readonly query: number;
  readonly document: string;
  /** The request's field that the document is. */
  readonly param: string;
}

/**
 * How relevance is found: `reranker`, a model that was trained to answer yes or no about a query and a document, by the
 * prompt that it was trained with; `question`, any other, by a question like those of a decision.
 */
export type RelevanceMethod = 'reranker' | 'question';

export interface StartedRelevance {
  readonly completion: Completion;
  readonly method: RelevanceMethod;
  /**
   * The probability of yes against no, of each pair; 0 where the model gives neither any. Call it once.
   * @throws EngineError what the completion throws
   */
  readonly scores: () => Promise<number[]>;
}

interface RelevanceTexts {
  readonly method: RelevanceMethod;
  readonly texts: ScoringTexts;
}

/**
 * Has a model say how relevant documents are to queries, from the next token behind each pair. Documents of one query
 * share what it takes to compute that.
 *
 * A cross-encoder, which has a score for an output in place of tokens, is none of the models that are served.
 *
 * @throws EngineError as `startScoring` and `renderFrame`
 */
export async function startRelevance(
  engine: Engine,
  request: RelevanceRequest,
  caller: Caller,
): Promise<StartedRelevance> {
  const { pairs, queryParam, timeoutMs, cacheSalt } = request;
  let method: RelevanceMethod = 'question';
  const write = async (textCaller: TextCaller): Promise<ScoringTexts> => {
    const written = await writePairs(engine, request, textCaller);
    method = written.method;
    return written.texts;
  };
  const scoring = { numPrompts: pairs.length, write, headParam: queryParam, timeoutMs, cacheSalt };
  const scored = await startScoring(engine, scoring, caller);
  const scores = async (): Promise<number[]> =>
    (await scored.logprobs()).map((logprobs) => readOptions(logprobs)?.probabilities[0] ?? 0);
  return { completion: scored.completion, method, scores };
}

async function writePairs(
  engine: Engine,
  request: RelevanceRequest,
  caller: TextCaller,
): Promise<RelevanceTexts> {
  const frame = await pairFrameOf(engine, caller);
  return frame === undefined
    ? { method: 'question', texts: await asQuestions(engine, request, caller) }
    : { method: 'reranker', texts: await asPairs(engine, frame, request, caller) };
}

async function asPairs(
  { tokenizer }: Engine,
  { before, between, after }: PairFrame,
  { queries, pairs }: RelevanceRequest,
  caller: TextCaller,
): Promise<ScoringTexts> {
  const { words } = await findLabels(tokenizer, after, caller);
  const answers = words.find(({ labels: [yes] }) => yes === 'yes');
  if (answers === undefined) {
    throw invalidField(
      'model',
      'cannot compare texts: yes and no are not one token each where its answer begins',
    );
  }
  // A tokenizer cuts behind a line break, so that the tokens of the two parts are those of the whole.
  const cut = between.lastIndexOf('\n') + 1;
  return {
    heads: queries.map((query) => before + query + between.slice(0, cut)),
    prompts: pairs.map(({ query, document, param }) => ({
      head: query,
      rest: between.slice(cut) + document + after,
      tokenIds: answers.tokenIds,
      param,
    })),
    isRendered: true,
  };
}

async function asQuestions(
  engine: Engine,
  { queries, queryParam, pairs }: RelevanceRequest,
  caller: TextCaller,
): Promise<ScoringTexts> {
  const open = { messages: [], lastContent: '' };
  const { before, after, isRendered } = await renderFrame(engine, open, queryParam, caller);
  const labels = await findLabels(engine.tokenizer, after, caller);
  const prompts = pairs.map(({ query, document, param }) => {
    const instructions = `Is this document relevant to the query above?\n\nDocument: ${document}`;
    const question = { type: 'predicate', instructions, param } as const;
    const set = chooseLabels(labels, question);
    return { head: query, rest: writeQuestion(question, set) + after, tokenIds: set.tokenIds, param };
  });
  return { heads: queries.map((query) => `${before}Query: ${query}${CALL_START}`), prompts, isRendered };
}
