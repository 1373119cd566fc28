import { readEvents } from '../service/read-events.ts';
import { request } from '../service/request.ts';
import type { ChatEvent, CompletionEvent, TokenAlternative } from '../service/wire.ts';
import { toRequest, type Question } from './question.ts';

/** A token of an answer, and what else could have stood there, the most probable first. */
export interface DrawnToken {
  text: string;
  /** From 0 to 1; undefined where the service did not say. */
  probability: number | undefined;
  alternatives: readonly { text: string; probability: number }[];
}

/** What an event of a stream brings. */
export interface AnswerPiece {
  requestId: string;
  tokens: readonly DrawnToken[];
  /** `stop`, `length`; null until the last. */
  finishReason: string | null;
}

const NUM_ALTERNATIVES = 5;

/**
 * Asks, and yields the answer as it comes.
 *
 * @throws ServiceError; the browser's `AbortError` where the signal ended it
 */
export async function* streamAnswer(question: Question, signal: AbortSignal): AsyncGenerator<AnswerPiece> {
  const { path, body } = toRequest(question);
  const logprobs =
    question.kind === 'chat'
      ? { logprobs: true, top_logprobs: NUM_ALTERNATIVES }
      : { logprobs: NUM_ALTERNATIVES };
  const streamed = { ...body, ...logprobs, stream: true, stream_options: { every_token: true } };
  const response = await request(path, { body: streamed, signal });
  if (question.kind === 'chat') {
    for await (const event of readEvents<ChatEvent>(response)) yield ofChat(event);
  } else {
    for await (const event of readEvents<CompletionEvent>(response)) yield ofCompletion(event);
  }
}

export function ofChat({ id, choices }: ChatEvent): AnswerPiece {
  const [choice] = choices;
  const tokens = (choice?.logprobs?.content ?? []).map(({ token, logprob, top_logprobs: top }) =>
    toToken(token, logprob, top),
  );
  return { requestId: id, tokens, finishReason: choice?.finish_reason ?? null };
}

export function ofCompletion({ id, choices }: CompletionEvent): AnswerPiece {
  const [choice] = choices;
  const { tokens = [], token_logprobs: logprobs = [], top_logprobs: tops = [] } = choice?.logprobs ?? {};
  return {
    requestId: id,
    tokens: tokens.map((token, i) => {
      const top = Object.entries(tops?.[i] ?? {}).map(([text, logprob]) => ({ token: text, logprob }));
      return toToken(token, logprobs[i] ?? undefined, top);
    }),
    finishReason: choice?.finish_reason ?? null,
  };
}

function toToken(text: string, logprob: number | undefined, top: readonly TokenAlternative[]): DrawnToken {
  return {
    text,
    probability: logprob === undefined ? undefined : Math.exp(logprob),
    alternatives: top
      .map((one) => ({ text: one.token, probability: Math.exp(one.logprob) }))
      .toSorted((a, b) => b.probability - a.probability),
  };
}
