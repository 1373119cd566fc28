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

/** Min-p, then top-k, then top-p: the probabilities of what is left. */
export function filtered(
  logits: readonly number[],
  { temperature, minP, topK, topP }: { temperature: number; minP: number; topK: number; topP: number },
): number[] {
  let probabilities = softmax(logits, temperature);
  if (minP > 0) probabilities = renormalise(probabilities, minPSet(probabilities, minP));
  if (topK > 0) probabilities = renormalise(probabilities, topKSet(probabilities, topK));
  return topP < 1 ? renormalise(probabilities, topPSet(probabilities, topP)) : probabilities;
}

/** The token at which the running sum passes a random number: the `numFirst` most probable ones come first, then ids. */
export function pickTopFirst(probabilities: readonly number[], numFirst: number, random: number): number {
  const first = ranking(probabilities).slice(0, numFirst);
  const ids = new Set([...first, ...probabilities.keys()]);
  let sum = 0;
  for (const id of ids) {
    sum += probabilities[id] ?? 0;
    if (sum > random) return id;
  }
  return NaN;
}
