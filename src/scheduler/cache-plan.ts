import { EngineError } from '../errors.ts';
import { PAGE_TOKENS, pagesFor } from '../pages.ts';

export interface CachePlanInput {
  /** Sequences that may run at once. */
  readonly maxNumSeqs: number;
  /** Tokens a sequence must be able to have; `undefined`: as many as the model can hold and the cache has. */
  readonly maxModelLen: number | undefined;
  /** Tokens that the model can hold. */
  readonly contextLength: number;
  /** Bytes of keys and values of a page's tokens in all layers. */
  readonly bytesPerPage: number;
  readonly budgetBytes: number;
}

export interface CachePlan {
  readonly numPages: number;
  /** Longest prompt and completion together, in tokens. */
  readonly maxModelLen: number;
}

/**
 * How many pages the KV cache gets, and how long a sequence may become: as long as the model can hold, where one such
 * sequence has room. There are no more pages than sequences could fill.
 *
 * @throws EngineError `config_invalid` for a length beyond the model's, or where not even one sequence has room
 */
export function planCache(input: CachePlanInput): CachePlan {
  const { maxNumSeqs, maxModelLen: asked, contextLength, bytesPerPage, budgetBytes } = input;
  if (asked !== undefined && asked > contextLength) {
    throw new EngineError(
      'config_invalid',
      `MAX_MODEL_LEN is ${asked}, but the model was trained for ${contextLength} tokens: take at most that`,
    );
  }
  const affordable = Math.floor(budgetBytes / bytesPerPage);
  const maxModelLen = asked ?? Math.min(contextLength, Math.max(affordable, 1) * PAGE_TOKENS);
  const needed = pagesFor(maxModelLen);
  if (affordable >= needed) return { numPages: Math.min(affordable, maxNumSeqs * needed), maxModelLen };
  const neededBytes = needed * bytesPerPage;
  throw new EngineError(
    'config_invalid',
    `KV_CACHE_MB allows ${budgetBytes} bytes, but one sequence of ${maxModelLen} tokens needs ${neededBytes}: ` +
      `raise KV_CACHE_MB to at least ${Math.ceil(neededBytes / 2 ** 20)} or lower MAX_MODEL_LEN`,
    { details: { budgetBytes, neededBytes, maxModelLen } },
  );
}
