import type { Caller } from '../engine/caller.ts';
import type { Completion, Engine } from '../engine/engine.ts';
import type { TextCaller } from '../chat-template/chat-template.ts';
import { findLabels } from './find-labels.ts';
import { chooseLabels } from './labels.ts';
import type { Question } from './question.ts';
import { renderFrame, type OpenConversation } from './render-frame.ts';
import { startScoring, type ScoringTexts } from './start-scoring.ts';
import { CALL_START, writeQuestion } from './write-question.ts';

/** What a model makes of the options of a question. */
export interface OptionReading {
  /** Of each option, in their order; together they are 1. */
  readonly probabilities: readonly number[];
  /** The most probable option, the first of equals. */
  readonly winner: number;
  /**
   * The probability of the winner's label among all tokens of the vocabulary, as vLLM has it. It is small where the
   * model would rather have written something else than any of the labels.
   */
  readonly confidence: number;
}

/**
 * Reads the options' probabilities from the logprobs of their labels; undefined where each of these has the probability
 * 0, so that none can be preferred.
 */
export function readOptions(logprobs: readonly number[]): OptionReading | undefined {
  const largest = Math.max(...logprobs);
  if (!Number.isFinite(largest)) return undefined;
  const weights = logprobs.map((logprob) => Math.exp(logprob - largest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return {
    probabilities: weights.map((weight) => weight / sum),
    winner: logprobs.indexOf(largest),
    confidence: Math.exp(largest),
  };
}

/** The mean of the options' indices by their probabilities: where on a scale of levels an answer lies. */
export const meanIndex = ({ probabilities }: OptionReading): number =>
  probabilities.reduce((sum, probability, index) => sum + index * probability, 0);

/** Questions about a text or a conversation. */
export interface DecisionRequest {
  readonly conversation: OpenConversation;
  /** The request's field that the conversation is made of. */
  readonly param: string;
  readonly questions: readonly Question[];
  readonly timeoutMs: number;
  readonly cacheSalt: string | undefined;
}

export interface StartedDecision {
  readonly completion: Completion;
  /**
   * What the model makes of each question's options; undefined where it prefers none. Call it once.
   * @throws EngineError what the completion throws
   */
  readonly readings: () => Promise<(OptionReading | undefined)[]>;
}

/**
 * Has a model answer questions without generating: each option has a label that is one token for this model, and an
 * option is as probable as its label is as the next token behind the question.
 *
 * Each question is a prompt of its own, the conversation and behind it this question alone. So an answer depends on
 * nothing else that is asked, and the conversation is computed once for all of them.
 *
 * @throws EngineError as `startScoring`, `renderFrame` and `chooseLabels`
 */
export async function startDecision(
  engine: Engine,
  request: DecisionRequest,
  caller: Caller,
): Promise<StartedDecision> {
  const { questions, param, timeoutMs, cacheSalt } = request;
  const scoring = {
    numPrompts: questions.length,
    write: (textCaller: TextCaller) => writePrompts(engine, request, textCaller),
    headParam: param,
    timeoutMs,
    cacheSalt,
  };
  const scored = await startScoring(engine, scoring, caller);
  return { completion: scored.completion, readings: async () => (await scored.logprobs()).map(readOptions) };
}

async function writePrompts(
  engine: Engine,
  { conversation, param, questions }: DecisionRequest,
  caller: TextCaller,
): Promise<ScoringTexts> {
  const { messages, lastContent } = conversation;
  // A message of its own begins with the question.
  const start = lastContent === '' ? CALL_START.trimStart() : CALL_START;
  const open = { messages, lastContent: lastContent + start };
  const { before, after, isRendered } = await renderFrame(engine, open, param, caller);
  const labels = await findLabels(engine.tokenizer, after, caller);
  const prompts = questions.map((question) => {
    const set = chooseLabels(labels, question);
    const rest = writeQuestion(question, set) + after;
    return { head: 0, rest, tokenIds: set.tokenIds, param: question.param };
  });
  return { heads: [before], prompts, isRendered };
}
