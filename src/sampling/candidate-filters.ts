import type { Candidates } from './candidates.ts';

/** Filters that never remove the most probable token; each works in place. */

/** Keeps tokens at least `minP` times as probable as the most probable one (Nguyen et al., "Min-p", 2024). */
export function keepMinP(candidates: Candidates, minP: number): void {
  const { tokenIds, weights, size } = candidates;
  let largest = 0;
  for (let i = 0; i < size; i++) largest = Math.max(largest, weights[i] ?? 0);
  const threshold = minP * largest;
  let kept = 0;
  for (let i = 0; i < size; i++) {
    const weight = weights[i] ?? 0;
    if (weight < threshold) continue;
    tokenIds[kept] = tokenIds[i] ?? 0;
    weights[kept] = weight;
    kept++;
  }
  candidates.size = kept;
}

/** Keeps the `topK` most probable tokens (Fan et al., 2018); of equals, those with the lower ids. */
export function keepTopK(candidates: Candidates, topK: number): void {
  if (topK >= candidates.size) return;
  if (candidates.sorted) candidates.size = topK;
  else candidates.keepLargest(topK, Infinity);
}

/**
 * Keeps the nucleus: the smallest set of most probable tokens whose share of what is left reaches `topP`
 * (Holtzman et al., 2019); at least one token.
 */
export function keepTopP(candidates: Candidates, topP: number): void {
  const mass = topP * candidates.totalWeight();
  if (!candidates.sorted) {
    candidates.keepLargest(candidates.size, mass);
    return;
  }
  let kept = 0;
  let sum = 0;
  while (kept < candidates.size && (kept === 0 || sum < mass)) {
    sum += candidates.weights[kept] ?? 0;
    kept++;
  }
  candidates.size = kept;
}
