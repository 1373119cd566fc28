import { setMaxListeners } from 'node:events';
import type { TextCaller } from '../../../chat-template/chat-template.ts';
import type { Engine, Reservation } from '../../engine.ts';
import type { TokenAllowance } from '../../caller.ts';
import { checkTextLength } from '../../check-input.ts';
import { encodePrompts, minNumTokens, type Prompt } from './encode-prompts.ts';
import { withinDeadline } from '../queue/waits.ts';

export interface EmbeddingRequest {
  texts: readonly Prompt[];
  /** Most tokens kept from the end of each text, `fit`: as many as the context holds. */
  truncateTo: number | 'fit' | undefined;
  timeoutMs: number;
  clientId: string;
  budget: TokenAllowance;
}

export interface TextEmbedding {
  embedding: Float32Array; // [dim]
  numTokens: number;
}

/**
 * Embeds texts; they share the steps of the engine. Each takes a place in the queue, and their tokens theirs, like a
 * completion.
 *
 * @param gone aborted when the client has left
 * @throws EngineError `context_length_exceeded`, `request_timeout`, or what `reserve` of engine and budget,
 * `encodePrompts` and `embed` throw
 */
export function embedTexts(
  engine: Engine,
  request: EmbeddingRequest,
  gone: AbortSignal,
): Promise<TextEmbedding[]> {
  const { clientId, timeoutMs } = request;
  const reservation = engine.reserve(request.texts.length, clientId);
  return withinDeadline({ clientId, gone, timeoutMs }, (textCaller) =>
    embedReserved(engine, request, reservation, textCaller),
  ).finally(() => reservation.release());
}

async function embedReserved(
  engine: Engine,
  { texts, truncateTo, budget }: EmbeddingRequest,
  reservation: Reservation,
  textCaller: TextCaller,
): Promise<TextEmbedding[]> {
  const { clientId, signal } = textCaller;
  // One for each text.
  setMaxListeners(0, signal);
  const checkLength = (numTokens: number, index: number): void =>
    checkTextLength(numTokens, engine.model, 'input', `text ${index}`);
  const numKept = truncateTo === 'fit' ? engine.model.contextLength : truncateTo;
  if (numKept === undefined) texts.forEach((text, index) => checkLength(minNumTokens(engine, text), index));
  const encoded = { prompts: texts, n: 1, numKept, param: 'input' };
  const prompts = await encodePrompts(engine, encoded, reservation, textCaller);
  prompts.forEach(({ tokenIds }, index) => checkLength(tokenIds.length, index));
  const numTokens = prompts.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
  reservation.takeTokens(numTokens, 'input');
  await budget.reserve(numTokens);
  return Promise.all(
    prompts.map(async ({ tokenIds }) => {
      const embedding = await engine.embed(tokenIds, signal, clientId); // [dim]
      budget.spend(tokenIds.length, 0);
      return { embedding, numTokens: tokenIds.length };
    }),
  );
}
