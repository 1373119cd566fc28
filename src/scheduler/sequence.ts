/** One generation inside the engine: a prompt that grows token by token in a lane of the KV cache. */
export interface Sequence {
  readonly id: number;
  readonly numPromptTokens: number;
  /** Prompt and generated tokens. */
  readonly tokenIds: number[];
  /** Tokens whose keys and values are in the cache; the rest are still to be computed. */
  numComputedTokens: number;
  /** The cache lane, while the sequence runs. */
  lane: number | undefined;
  readonly maxTokens: number;
}

/** Tokens generated so far. */
export const numGeneratedTokens = (sequence: Sequence): number =>
  sequence.tokenIds.length - sequence.numPromptTokens;

export function createSequence(id: number, promptTokenIds: readonly number[], maxTokens: number): Sequence {
  return {
    id,
    numPromptTokens: promptTokenIds.length,
    tokenIds: [...promptTokenIds],
    numComputedTokens: 0,
    lane: undefined,
    maxTokens,
  };
}
