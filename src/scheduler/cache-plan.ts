import { EngineError } from '../errors.ts';
import { PAGE_TOKENS, pagesFor } from '../runtime/pages.ts';

export interface CachePlanInput {
  /** Lanes wanted. */
  maxNumSeqs: number;
  /** Tokens a lane must hold; `undefined`: as many as leave lanes enough. */
  maxModelLen: number | undefined;
  /** Tokens that the model can hold. */
  contextLength: number;
  /** Bytes of keys and values for one token in all layers. */
  bytesPerToken: number;
  budgetBytes: number;
}

export interface CachePlan {
  numLanes: number;
  /** Tokens a lane holds. */
  laneLength: number;
}

/** Sequences that shall run at once even where the model could hold far longer ones: batching is what makes it fast. */
const LANES_ENOUGH = 8;
/** Below it, fewer lanes are better than shorter ones. */
const SHORTEST_CUT = 2048;
/** A context that was cut is a multiple of it. */
const CUT_STEP = 256;

/**
 * How many lanes the KV cache gets, and how long they are. A lane holds a whole context, so that a sequence once admitted
 * cannot run out of memory. Where no length is set, the context of a model that was trained for a very long
 * one is cut until eight lanes fit the budget.
 *
 * @throws EngineError `config_invalid` for a length beyond the model's, or when not even one lane fits
 */
export function planCache(input: CachePlanInput): CachePlan {
  const { maxNumSeqs, maxModelLen, contextLength, bytesPerToken, budgetBytes } = input;
  if (maxModelLen !== undefined && maxModelLen > contextLength) {
    throw new EngineError(
      'config_invalid',
      `MAX_MODEL_LEN is ${maxModelLen}, but the model was trained for ${contextLength} tokens: take at most that`,
    );
  }
  const laneLength = maxModelLen ?? defaultLaneLength(input);
  const laneBytes = pagesFor(laneLength) * PAGE_TOKENS * bytesPerToken;
  const numLanes = Math.min(maxNumSeqs, Math.floor(budgetBytes / laneBytes));
  if (numLanes >= 1) return { numLanes, laneLength };
  throw new EngineError(
    'config_invalid',
    `KV_CACHE_MB allows ${budgetBytes} bytes, but one sequence of ${laneLength} tokens needs ${laneBytes}: ` +
      `raise KV_CACHE_MB to at least ${Math.ceil(laneBytes / 2 ** 20)} or lower MAX_MODEL_LEN`,
    { details: { budgetBytes, laneBytes, laneLength } },
  );
}

function defaultLaneLength({
  maxNumSeqs,
  contextLength,
  bytesPerToken,
  budgetBytes,
}: CachePlanInput): number {
  const share = budgetBytes / Math.min(maxNumSeqs, LANES_ENOUGH);
  const fitting = Math.floor(share / bytesPerToken / CUT_STEP) * CUT_STEP;
  return Math.min(contextLength, Math.max(fitting, SHORTEST_CUT));
}
