import { EngineError } from '../errors.ts';

export interface CachePlanInput {
  /** Lanes wanted. */
  maxNumSeqs: number;
  /** Tokens a lane must hold. */
  laneLength: number;
  /** Bytes of keys and values for one token in all layers. */
  bytesPerToken: number;
  budgetBytes: number;
}

/**
 * How many lanes the KV cache gets: as many as wanted, or as many as fit the budget. A lane holds a whole context, so
 * that a sequence once admitted cannot run out of memory.
 *
 * @throws EngineError `config_invalid` when not even one lane fits
 */
export function planNumLanes({ maxNumSeqs, laneLength, bytesPerToken, budgetBytes }: CachePlanInput): number {
  const laneBytes = laneLength * bytesPerToken;
  const numLanes = Math.min(maxNumSeqs, Math.floor(budgetBytes / laneBytes));
  if (numLanes >= 1) return numLanes;
  throw new EngineError(
    'config_invalid',
    `KV_CACHE_MB allows ${budgetBytes} bytes, but one sequence of ${laneLength} tokens needs ${laneBytes}: ` +
      `raise KV_CACHE_MB to at least ${Math.ceil(laneBytes / 2 ** 20)} or lower MAX_MODEL_LEN`,
    { details: { budgetBytes, laneBytes, laneLength } },
  );
}
