/** The definitions, written the slow and obvious way: sorts, whole arrays, no state. */

export function softmax(logits: readonly number[], temperature = 1): number[] {
  const scaled = logits.map((logit) => logit / temperature);
  const largest = Math.max(...scaled);
  const weights = scaled.map((logit) => Math.exp(logit - largest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** Token ids from the most to the least probable, the lower id first on ties. */
export function ranking(probabilities: readonly number[]): number[] {
  return probabilities
    .map((_, id) => id)
    .sort((a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0) || a - b);
}

export function renormalise(probabilities: readonly number[], keep: ReadonlySet<number>): number[] {
  const kept = probabilities.map((p, id) => (keep.has(id) ? p : 0));
  const total = kept.reduce((sum, p) => sum + p, 0);
  return kept.map((p) => p / total);
}

export function topKSet(probabilities: readonly number[], k: number): Set<number> {
  return new Set(ranking(probabilities).slice(0, k));
}

export function topPSet(probabilities: readonly number[], p: number): Set<number> {
  const kept = new Set<number>();
  let sum = 0;
  for (const id of ranking(probabilities)) {
    if (kept.size > 0 && sum >= p) break;
    kept.add(id);
    sum += probabilities[id] ?? 0;
  }
  return kept;
}

export function minPSet(probabilities: readonly number[], minP: number): Set<number> {
  const threshold = minP * Math.max(...probabilities);
  return new Set(probabilities.flatMap((p, id) => (p >= threshold ? [id] : [])));
}
