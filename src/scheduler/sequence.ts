import type { PageHolder } from './pages/page-holder.ts';

/** One generation inside the engine: a prompt that grows token by token in pages of the KV cache. */
export interface Sequence {
  readonly id: number;
  readonly numPromptTokens: number;
  /** Prompt and generated tokens. */
  readonly tokenIds: number[];
  /** Tokens whose keys and values are in the cache; the rest are still to be computed. */
  numComputedTokens: number;
  /** Its place among those that run, while it does. */
  seat: number | undefined;
  /** Its pages of the cache, while it runs. */
  holder: PageHolder | undefined;
  readonly maxTokens: number;
  /** Whom it is computed for; clients have equal shares. */
  readonly clientId: string;
  /** Of its client's sequences that wait, the lowest starts first. */
  readonly priority: number;
  /** Whether it may go on behind tokens that were computed before; false while every row's logits are wanted. */
  readsCache: boolean;
  /** Sequences share keys and values only with those of the same salt. */
  readonly cacheSalt: string | undefined;
  /** Tokens found in the cache when it started; `undefined` where the cache was not asked. */
  numCachedTokens: number | undefined;
  /** Tokens that it had when it started, or went on. */
  numTokensAtStart: number;
  /** Times it was stopped for another before its end. */
  numPreemptions: number;
  /** Tokens that were computed before it was stopped: computing one of them once more is no progress. */
  numTokensLost: number;
  /** Knows how its text must go on; undefined: as it likes. */
  readonly guide: DraftGuide | undefined;
  /** What was thrown for this sequence alone, see `containFault`. */
  fault: SequenceFault | undefined;
}

export interface SequenceFault {
  readonly thrown: unknown;
}

/** What drafts of a sequence are made by, and held against, where its text must have a form. */
export interface DraftGuide {
  /** Tokens of the text that must come next; empty where there is a choice. */
  forcedTokens(): readonly number[];
  /** How many of some tokens may follow, one after the other. */
  numAllowed(tokenIds: readonly number[]): number;
  /** Milliseconds that it has worked since it was last asked. */
  takeWorkMs(): number;
}

/** How a sequence takes part in the prefix cache. */
export interface CacheUse {
  readsCache: boolean;
  cacheSalt: string | undefined;
}

/** Tokens generated so far. */
export const numGeneratedTokens = (sequence: Sequence): number =>
  sequence.tokenIds.length - sequence.numPromptTokens;

export function createSequence(
  id: number,
  promptTokenIds: readonly number[],
  maxTokens: number,
  { readsCache, cacheSalt }: CacheUse = { readsCache: true, cacheSalt: undefined },
  clientId = '',
  guide?: DraftGuide,
  priority = 0,
): Sequence {
  return {
    id,
    numPromptTokens: promptTokenIds.length,
    tokenIds: [...promptTokenIds],
    numComputedTokens: 0,
    seat: undefined,
    holder: undefined,
    maxTokens,
    clientId,
    priority,
    readsCache,
    cacheSalt,
    numCachedTokens: undefined,
    numTokensAtStart: 0,
    numPreemptions: 0,
    numTokensLost: 0,
    guide,
    fault: undefined,
  };
}

/**
 * Does a part of a step's work that is for one sequence: its draft, its draw, its next forced tokens. What the part throws
 * becomes the fault of the sequence, with which EngineCore ends it after the step; for all other sequences the step goes
 * on. After a fault, no further part is done for the sequence.
 * @returns undefined where there is a fault
 */
export function containFault<Result>(sequence: Sequence, work: () => Result): Result | undefined {
  if (sequence.fault !== undefined) return undefined;
  try {
    return work();
  } catch (thrown) {
    sequence.fault = { thrown };
    return undefined;
  }
}
