import type { WeighedRow } from '../runtime/step-batch.ts';
import { indexOfId } from './allowed-tokens.ts';
import type { Candidates } from './candidates.ts';
import { exponential, stepsOf } from './exponential.ts';
import type { SamplerState } from './sampling-params.ts';
import { randomAt } from './seeded-random.ts';

/** The random number of a sequence's next token, in [0, 1). */
export const randomOf = ({ seed, stream, numSampled }: SamplerState): number =>
  randomAt(seed, stream, numSampled);

/**
 * Picks of all tokens of a row: the most probable ones first, then the others in the order of ids. Most of the time the
 * row is not looked at.
 */
export function pickFromAll(
  { row, tokenIds, logits, totalWeight }: WeighedRow,
  temperature: number,
  random: number,
): number {
  const target = random * totalWeight;
  const scale = stepsOf(temperature);
  const [largest = -Infinity] = logits;
  let sum = 0;
  for (const [rank, tokenId] of tokenIds.entries()) {
    sum += exponential(((logits[rank] ?? -Infinity) - largest) * scale);
    if (sum > target) return tokenId;
  }
  const least = logits.at(-1) ?? -Infinity;
  for (let tokenId = 0; tokenId < row.length; tokenId++) {
    const logit = row[tokenId] ?? -Infinity;
    if (logit > least || (logit === least && tokenIds.includes(tokenId))) continue;
    sum += exponential((logit - largest) * scale);
    if (sum > target) return tokenId;
  }
  // Rounding may leave the sum just short of the target.
  return tokenIds[0] ?? 0;
}

/** The candidate at which the running sum of weights passes `random` (in [0, 1)) of the whole. */
export function pick(candidates: Candidates, random: number): number {
  const { tokenIds, weights, size } = candidates;
  const index = indexBeyond(candidates, random * candidates.totalWeight);
  // Rounding may leave the sum just short of the target.
  const last = index ?? weights.subarray(0, size).findLastIndex((weight) => weight > 0);
  return tokenIds[Math.max(last, 0)] ?? 0;
}

/**
 * The same of candidates in the order of ids, where the sum runs through those of `top` first. Candidates are of no use
 * afterwards.
 */
export function pickTopFirst(candidates: Candidates, top: Int32Array, random: number): number {
  const { tokenIds, weights, size } = candidates;
  const target = random * candidates.totalWeight;
  let sum = 0;
  for (const tokenId of top) {
    const index = indexOfId(tokenIds.subarray(0, size), tokenId);
    if (index < 0) continue;
    sum += weights[index] ?? 0;
    if (sum > target) return tokenId;
    // It counts once.
    weights[index] = 0;
  }
  const index = indexBeyond(candidates, target - sum);
  return (index === undefined ? top[0] : tokenIds[index]) ?? 0;
}

/** Where the running sum of weights passes the target; undefined: nowhere. */
export function indexBeyond({ weights, size }: Candidates, target: number): number | undefined {
  let sum = 0;
  for (let i = 0; i < size; i++) {
    sum += weights[i] ?? 0;
    if (sum > target) return i;
  }
  return undefined;
}
