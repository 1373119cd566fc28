import { assertInvariant } from '../errors.ts';

/** Tokens that are looked up together: a beginning shorter than that is not worth looking for. */
export const BLOCK_SIZE = 16;

/** Tokens whose keys and values lie in a lane, and under whose salt. */
interface LaneContent {
  salt: string | undefined;
  readonly tokenIds: number[];
  /** One for each whole block: the hash of all tokens up to its end, and of the salt. */
  readonly blockHashes: number[];
}

/** The longest beginning of a prompt that is in the cache. */
export interface PrefixMatch {
  /** 0 when not even its first block is. */
  numTokens: number;
  /** Every lane that holds it. */
  lanes: readonly number[];
}

const NO_MATCH: PrefixMatch = { numTokens: 0, lanes: [] };

/**
 * What the lanes of the KV cache hold, found by how it begins. Blocks are hashed in a chain, as in vLLM's prefix
 * cache: a block's hash covers everything before it, so the deepest block that is known leads to the lanes that hold
 * the longest beginning. Tokens are then compared one by one, so that two that share a hash are never taken for each
 * other, and so that a match may end within a block.
 *
 *   prompt   [ block 0 ][ block 1 ][ block 2 ]..
 *   hashes     h(salt,0)  h(.., 1)   h(.., 2)      ->  lanes that hold everything up to there
 *
 * It knows nothing of who uses a lane.
 */
export class PrefixIndex {
  readonly #contents: LaneContent[];
  readonly #lanesByHash = new Map<number, Set<number>>();

  constructor(numLanes: number) {
    this.#contents = Array.from({ length: numLanes }, () => ({
      salt: undefined,
      tokenIds: [],
      blockHashes: [],
    }));
  }

  /** Tokens that a lane holds. */
  numTokens(lane: number): number {
    return this.#contentOf(lane).tokenIds.length;
  }

  /** The lane holds nothing, and what it comes to hold is for those who send this salt. */
  reset(lane: number, salt?: string): void {
    this.update(lane, [], 0);
    this.#contentOf(lane).salt = salt;
  }

  /** The lane holds the first `numTokens` of these tokens; it held a beginning of them, or more of them. */
  update(lane: number, tokenIds: readonly number[], numTokens: number): void {
    const { tokenIds: held, blockHashes, salt } = this.#contentOf(lane);
    held.splice(numTokens);
    for (const tokenId of tokenIds.slice(held.length, numTokens)) held.push(tokenId);
    const numBlocks = Math.floor(held.length / BLOCK_SIZE);
    for (const hash of blockHashes.splice(numBlocks)) this.#forget(hash, lane);
    while (blockHashes.length < numBlocks) {
      const hash = hashBlock(blockHashes.at(-1) ?? hashSalt(salt), held, blockHashes.length * BLOCK_SIZE);
      blockHashes.push(hash);
      this.#remember(hash, lane);
    }
  }

  /** The longest beginning of the first `maxTokens` tokens that lanes hold under this salt. */
  find(tokenIds: readonly number[], maxTokens: number, salt?: string): PrefixMatch {
    let lanes: ReadonlySet<number> | undefined;
    let hash = hashSalt(salt);
    for (let end = BLOCK_SIZE; end <= maxTokens; end += BLOCK_SIZE) {
      hash = hashBlock(hash, tokenIds, end - BLOCK_SIZE);
      const deeper = this.#lanesByHash.get(hash);
      if (deeper === undefined) break;
      lanes = deeper;
    }
    const matches = [...(lanes ?? [])]
      .filter((lane) => this.#contentOf(lane).salt === salt)
      .map((lane) => ({ lane, length: commonLength(this.#contentOf(lane).tokenIds, tokenIds, maxTokens) }));
    const numTokens = Math.max(0, ...matches.map(({ length }) => length));
    if (numTokens < BLOCK_SIZE) return NO_MATCH;
    return { numTokens, lanes: matches.filter(({ length }) => length === numTokens).map(({ lane }) => lane) };
  }

  #contentOf(lane: number): LaneContent {
    const content = this.#contents[lane];
    assertInvariant(content !== undefined, `the cache has a lane ${lane}`);
    return content;
  }

  #remember(hash: number, lane: number): void {
    const lanes = this.#lanesByHash.get(hash);
    if (lanes === undefined) this.#lanesByHash.set(hash, new Set([lane]));
    else lanes.add(lane);
  }

  #forget(hash: number, lane: number): void {
    const lanes = this.#lanesByHash.get(hash);
    lanes?.delete(lane);
    if (lanes?.size === 0) this.#lanesByHash.delete(hash);
  }
}

/** How many tokens two lists begin with alike, at most `limit`. */
export function commonLength(one: readonly number[], other: readonly number[], limit: number): number {
  const end = Math.min(one.length, other.length, limit);
  let length = 0;
  while (length < end && one[length] === other[length]) length++;
  return length;
}

/** 32 bits are enough, since every match is compared token by token. */
function hashBlock(parent: number, tokenIds: readonly number[], start: number): number {
  let hash = parent;
  for (let i = start; i < start + BLOCK_SIZE; i++) hash = mix(hash, tokenIds[i] ?? 0);
  return hash;
}

function hashSalt(salt: string | undefined): number {
  let hash = 0;
  for (let i = 0; i < (salt?.length ?? 0); i++) hash = mix(hash, salt?.charCodeAt(i) ?? 0);
  return hash;
}

/** The round of MurmurHash3 (x86, 32 bits). */
function mix(hash: number, value: number): number {
  const scrambled = Math.imul(rotate(Math.imul(value, 0xcc9e2d51), 15), 0x1b873593);
  return (Math.imul(rotate(hash ^ scrambled, 13), 5) + 0xe6546b64) | 0;
}

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));
