import { assertInvariant } from '../errors.ts';
import { BLOCK_SIZE, commonLength, PrefixIndex, type PrefixMatch } from './prefix-index.ts';
import type { Sequence } from './sequence.ts';

/**
 * Which lanes of the KV cache are free, in the order in which they are given away. Every lane holds a sequence of full
 * length, so a sequence that has a lane can never run out of memory. Invariant: free lanes and lanes in use make up
 * all lanes.
 */
export class LanePool {
  readonly numLanes: number;
  /** Lanes that hold nothing, the lowest first, so that a lightly loaded cache stays compact. */
  readonly #empty: number[];
  /** Lanes that keep what they hold for a client that may come back, the least recently used first. */
  readonly #kept: number[] = [];
  readonly #used = new Set<number>();

  constructor(numLanes: number) {
    this.numLanes = numLanes;
    this.#empty = Array.from({ length: numLanes }, (_, lane) => lane);
  }

  get numFree(): number {
    return this.#empty.length + this.#kept.length;
  }

  /** The free lanes, the one to give away first in front. */
  get freeLanes(): readonly number[] {
    return [...this.#empty, ...this.#kept];
  }

  allocate(lane: number): void {
    const list = this.#empty.includes(lane) ? this.#empty : this.#kept;
    const [removed] = list.splice(list.indexOf(lane), 1);
    assertInvariant(removed === lane, `lane ${lane} is given away while it is free`);
    this.#used.add(lane);
  }

  free(lane: number, isEmpty: boolean): void {
    assertInvariant(this.#used.delete(lane), `lane ${lane} is freed once, by the sequence that holds it`);
    if (!isEmpty) {
      this.#kept.push(lane);
      return;
    }
    const index = this.#empty.findIndex((other) => other > lane);
    this.#empty.splice(index === -1 ? this.#empty.length : index, 0, lane);
  }
}

/** Keys and values to copy before a step: the first tokens of one lane to another. */
export interface LaneCopy {
  from: number;
  to: number;
  numTokens: number;
}

export interface LaneCacheOptions {
  numLanes: number;
  /** Off: a lane forgets what it held as soon as it is free. */
  prefixCache: boolean;
}

/**
 * Gives lanes to sequences, and with them what was computed before: a lane that becomes free keeps its tokens, and a
 * sequence that begins as they do goes on behind them.
 *
 * The longest beginning wins. It is had in the one of two ways that loses fewer tokens of a lane:
 *   - its lane is taken over, when it is free; what it holds beyond the beginning is lost. A conversation's next turn
 *     loses nothing so;
 *   - it is copied into the lane that is first to be given away, whose own tokens are lost: an empty one, then the
 *     least recently used. Prompts that share instructions live side by side so.
 *
 * Bookkeeping alone: who is told to copy must do so before the step that it is told with.
 */
export class LaneCache {
  readonly #pool: LanePool;
  readonly #index: PrefixIndex;
  readonly #prefixCache: boolean;

  constructor({ numLanes, prefixCache }: LaneCacheOptions) {
    this.#pool = new LanePool(numLanes);
    this.#index = new PrefixIndex(numLanes);
    this.#prefixCache = prefixCache;
  }

  get numLanes(): number {
    return this.#pool.numLanes;
  }

  get numFreeLanes(): number {
    return this.#pool.numFree;
  }

  /** What the cache holds of a sequence that is to start; `undefined` when the cache is off for it. */
  find(sequence: Sequence): PrefixMatch | undefined {
    if (!this.#prefixCache || !sequence.readsCache) return undefined;
    return this.#index.find(sequence.tokenIds, numReusable(sequence), sequence.cacheSalt);
  }

  /** True when one of `others` is about to compute what the sequence would else compute a second time. */
  isWorthWaiting(sequence: Sequence, match: PrefixMatch | undefined, others: readonly Sequence[]): boolean {
    if (match === undefined) return false;
    const numWanted = match.numTokens + BLOCK_SIZE;
    return others.some(
      ({ tokenIds, cacheSalt, numComputedTokens }) =>
        numComputedTokens < tokenIds.length - 1 &&
        cacheSalt === sequence.cacheSalt &&
        commonLength(tokenIds, sequence.tokenIds, numReusable(sequence)) >= numWanted,
    );
  }

  /** Gives a sequence a lane with as much of it as is there. At least one lane is free. */
  allocate(sequence: Sequence, match: PrefixMatch | undefined): LaneCopy | undefined {
    const { lane, numTokens, from } = this.#choose(match);
    this.#pool.allocate(lane);
    if (lane !== from) this.#index.reset(lane, sequence.cacheSalt);
    this.#index.update(lane, sequence.tokenIds, numTokens);
    sequence.lane = lane;
    sequence.numComputedTokens = numTokens;
    // What is found once it was evicted is its own.
    if (sequence.numPreemptions === 0) sequence.numCachedTokens = match && numTokens;
    return from === undefined || from === lane ? undefined : { from, to: lane, numTokens };
  }

  #choose(match: PrefixMatch | undefined): { lane: number; numTokens: number; from: number | undefined } {
    const { freeLanes } = this.#pool;
    const [evicted] = freeLanes;
    assertInvariant(evicted !== undefined, 'a lane is allocated while one is free');
    const { numTokens = 0, lanes = [] } = match ?? {};
    const numHeld = (lane: number): number => this.#index.numTokens(lane);
    // A stable sort: of those that lose alike, the least recently used comes first.
    const [taken] = freeLanes
      .filter((lane) => lanes.includes(lane))
      .sort((one, other) => numHeld(one) - numHeld(other));
    if (taken !== undefined && numHeld(taken) - numTokens <= numHeld(evicted)) {
      return { lane: taken, numTokens, from: taken };
    }
    return { lane: evicted, numTokens, from: lanes[0] };
  }

  /** Takes note of what was computed of a sequence, or undone. */
  record({ lane, tokenIds, numComputedTokens }: Sequence): void {
    assertInvariant(lane !== undefined, 'a sequence that runs has a lane');
    if (this.#prefixCache) this.#index.update(lane, tokenIds, numComputedTokens);
  }

  /** Forgets what the lane holds: it may be anything. */
  forget(lane: number): void {
    this.#index.reset(lane);
  }

  /** The sequence needs its lane no more; what it computed stays there. */
  free(lane: number): void {
    this.#pool.free(lane, this.#index.numTokens(lane) === 0);
  }

  /** A lane to write anything into; `undefined` when every lane is in use. */
  tryAllocateBlank(): number | undefined {
    const [lane] = this.#pool.freeLanes;
    if (lane === undefined) return undefined;
    this.#pool.allocate(lane);
    this.#index.reset(lane);
    return lane;
  }
}

/** The last token is always computed: its logits are what comes next. */
const numReusable = ({ tokenIds }: Sequence): number => tokenIds.length - 1;
