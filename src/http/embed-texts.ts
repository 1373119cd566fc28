import { setMaxListeners } from 'node:events';
import type { TokenBudget } from '../access/token-budget.ts';
import type { Engine } from '../engine/engine.ts';
import { EngineError } from '../errors.ts';
import { encodePrompt, truncatePrompt } from './start-completion.ts';

export interface EmbeddingDemand {
  /** Each a text or token ids. */
  texts: readonly (string | readonly number[])[];
  /** Most tokens kept from the end of each text, `fit`: as many as the context holds. */
  truncateTo: number | 'fit' | undefined;
  timeoutMs: number;
  clientId: string;
  budget: Pick<TokenBudget, 'reserve' | 'spend'>;
}

export interface TextEmbedding {
  embedding: Float32Array; // [dim]
  numTokens: number;
}

/**
 * Embeds texts; they share the steps of the engine. Each takes a place in the queue, like a completion.
 *
 * @param gone aborted when nobody waits any more
 * @throws EngineError `context_length_exceeded`, `request_timeout`, or what `reserve` of engine and
 * budget, and `embed` throw
 */
export async function embedTexts(
  engine: Engine,
  { texts, truncateTo, timeoutMs, clientId, budget }: EmbeddingDemand,
  gone: AbortSignal,
): Promise<TextEmbedding[]> {
  const reservation = engine.reserve(texts.length, clientId);
  const abort = new AbortController();
  // One for each text.
  setMaxListeners(0, abort.signal);
  const onGone = (): void => abort.abort();
  gone.addEventListener('abort', onGone, { once: true });
  const timer = setTimeout(() => abort.abort(timeoutError(timeoutMs)), timeoutMs);
  try {
    const { contextLength } = engine.model;
    const prompts = texts.map((text, index) => {
      checkMinLength(engine, text, truncateTo, index);
      const tokenIds = encodePrompt(engine, text, { param: 'input', isRendered: false });
      return truncatePrompt(tokenIds, truncateTo, contextLength).tokenIds;
    });
    prompts.forEach((tokenIds, index) => checkLength(tokenIds.length, contextLength, index));
    await budget.reserve(prompts.reduce((sum, { length }) => sum + length, 0));
    return await Promise.all(
      prompts.map(async (tokenIds) => {
        const embedding = await engine.embed(tokenIds, abort.signal, clientId); // [dim]
        budget.spend(tokenIds.length, 0);
        return { embedding, numTokens: tokenIds.length };
      }),
    );
  } catch (error) {
    // One that failed takes the others with it.
    abort.abort();
    throw error;
  } finally {
    clearTimeout(timer);
    gone.removeEventListener('abort', onGone);
    reservation.release();
  }
}

/** Refuses a text that cannot fit before it is tokenised. */
function checkMinLength(
  engine: Engine,
  text: string | readonly number[],
  truncateTo: EmbeddingDemand['truncateTo'],
  index: number,
): void {
  if (typeof text === 'string' && truncateTo === undefined)
    checkLength(engine.tokenizer.minNumTokens(text), engine.model.contextLength, index);
}

function checkLength(numTokens: number, contextLength: number, index: number): void {
  if (numTokens <= contextLength) return;
  throw new EngineError(
    'context_length_exceeded',
    `text ${index} has at least ${numTokens} tokens, more than the context of ${contextLength}; shorten it, or set ` +
      'truncate_prompt_tokens',
    { param: 'input', details: { numTokens, contextLength } },
  );
}

const timeoutError = (timeoutMs: number): EngineError =>
  new EngineError('request_timeout', `the request took longer than its ${timeoutMs} ms`);
