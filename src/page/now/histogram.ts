import type { Sample } from './parse-metrics.ts';

/** A histogram of Prometheus: how many observations were at most so much, by that bound; the last one is infinite. */
export type Buckets = readonly (readonly [bound: number, count: number])[];

/** Of a histogram without labels of its own; empty where there is none. */
export function bucketsOf(samples: readonly Sample[], name: string): Buckets {
  return samples
    .filter((sample) => sample.name === `${name}_bucket`)
    .map(({ labels, value }) => [labels['le'] === '+Inf' ? Infinity : Number(labels['le']), value] as const)
    .toSorted(([one], [other]) => one - other);
}

/**
 * A quantile of what was observed between two readings, as Prometheus' `histogram_quantile` has it: evenly spread within
 * a bucket, and the last finite bound for what is beyond. Undefined where nothing was observed.
 */
export function quantileBetween(before: Buckets, after: Buckets, quantile: number): number | undefined {
  const counts = after.map(([, count], i) => count - (before[i]?.[1] ?? 0));
  const total = counts.at(-1) ?? 0;
  if (total <= 0) return undefined;
  const rank = quantile * total;
  const index = counts.findIndex((count) => count >= rank);
  const [upper = 0] = after[index] ?? [];
  const [lower = 0] = after[index - 1] ?? [];
  if (upper === Infinity) return lower;
  const below = counts[index - 1] ?? 0;
  return lower + ((upper - lower) * (rank - below)) / ((counts[index] ?? 0) - below);
}
