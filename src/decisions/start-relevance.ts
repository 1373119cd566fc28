import type { Caller } from '../engine/caller.ts';
import type { Completion, Engine } from '../engine/engine.ts';
import { invalidField } from '../errors.ts';
import type { TextCaller } from '../chat-template/chat-template.ts';
import { findLabels } from './find-labels.ts';
import { chooseLabels } from './labels.ts';
import { readOptions } from './start-decision.ts';
import { renderFrame } from './render-frame.ts';
import { startScoring, type ScoringTexts } from './start-scoring.ts';
import { CALL_START, writeQuestion } from './write-question.ts';
import { randomUUID } from 'node:crypto';

/** What a model that was trained to compare a query and a document reads around the two. */
interface PairFrame {
  readonly before: string;
  readonly between: string;
  readonly after: string;
}

/** As published with Qwen3-Reranker (arXiv:2506.05176, and its model card). */
const QWEN3: PairFrame = {
  before:
    '<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct ' +
    'provided. Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n' +
    '<Instruct>: Given a web search query, retrieve relevant passages that answer the query\n<Query>: ',
  between: '\n<Document>: ',
  after: '<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n',
};

/** A role that a template looks for, in quotation marks of either kind. */
const namesRole = (template: string, role: string): boolean => new RegExp(`(['"])${role}\\1`).test(template);

/**
 * How a model wants a query and a document written; undefined of a model that was not trained to compare them. Such a
 * model is known by its chat template, if that reads messages of the roles `query` and `document` (as vLLM and Sentence
 * Transformers write them), or by its id, if that names Qwen3-Reranker.
 *
 * @throws EngineError what the template throws
 */
async function pairFrameOf(
  { model, tokenizer: { chatTemplate } }: Engine,
  caller: TextCaller,
): Promise<PairFrame | undefined> {
  const template = chatTemplate?.template ?? '';
  if (chatTemplate !== undefined && namesRole(template, 'query') && namesRole(template, 'document')) {
    const [query, document] = [randomUUID(), randomUUID()];
    const messages = [
      { role: 'query', content: query },
      { role: 'document', content: document },
    ];
    const [before, rest = ''] = (await chatTemplate.render({ messages }, caller)).split(query);
    const [between, after] = rest.split(document);
    if (before !== undefined && between !== undefined && after !== undefined)
      return { before, between, after };
  }
  return model.architecture === 'qwen3' && /qwen3[-_.]?reranker/i.test(model.id) ? QWEN3 : undefined;
}

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
