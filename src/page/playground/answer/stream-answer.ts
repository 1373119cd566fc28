import { readEvents } from '../../service/read-events.ts';
import { request, requestJson } from '../../service/request.ts';
import type { ChatEvent, CompletionEvent, TokenCount } from '../../service/wire.ts';
import { ofChat, ofCompletion, type AnswerPiece } from './answer-pieces.ts';
import { toRequest, type Question } from './question.ts';

const NUM_ALTERNATIVES = 5;

/**
 * Asks, and yields the answer as it comes.
 *
 * @throws ServiceError; the browser's `AbortError` where the signal ended it
 */
export async function* streamAnswer(question: Question, signal: AbortSignal): AsyncGenerator<AnswerPiece> {
  const { path, body } = toRequest(question);
  const streamed = { ...body, stream: true, stream_options: { every_token: true } };
  if (question.kind === 'chat') {
    const asked = { ...streamed, logprobs: true, top_logprobs: NUM_ALTERNATIVES };
    const response = await request(path, { body: asked, signal });
    for await (const event of readEvents<ChatEvent>(response)) yield ofChat(event);
    return;
  }
  const room = body['max_tokens'] === undefined ? { max_tokens: await roomAfter(body, signal) } : {};
  const asked = { ...streamed, ...room, logprobs: NUM_ALTERNATIVES };
  const response = await request(path, { body: asked, signal });
  for await (const event of readEvents<CompletionEvent>(response)) yield ofCompletion(event);
}

/** As many as the service gives to the answer of a chat. A model without an end of its own would go on for hours. */
const MAX_TOKENS = 1024;

/** As many tokens as there is room for: without `max_tokens`, `v1/completions` ends after 16, as at OpenAI. */
async function roomAfter({ model, prompt }: Record<string, unknown>, signal: AbortSignal): Promise<number> {
  const body = { model, prompt };
  const { count, max_model_len: length } = await requestJson<TokenCount>('tokenize', { body, signal });
  return Math.max(1, Math.min(length - count, MAX_TOKENS));
}
