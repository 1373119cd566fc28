/** Milliseconds over all observations of a run. */
export interface LatencySummary {
  mean: number;
  p50: number;
  p95: number;
  p99: number;
}

/** `undefined` when nothing was observed: gaps between tokens when each request has one token. */
export function summarise(values: readonly number[]): LatencySummary | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  return {
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    p50: percentileOfSorted(sorted, 50),
    p95: percentileOfSorted(sorted, 95),
    p99: percentileOfSorted(sorted, 99),
  };
}

export function median(values: readonly number[]): number {
  return percentileOfSorted(
    values.toSorted((a, b) => a - b),
    50,
  );
}

/** Interpolated linearly between neighbours, as numpy.percentile does; `sorted` rises and is not empty. */
function percentileOfSorted(sorted: readonly number[], percent: number): number {
  const place = (percent / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? NaN;
  const above = sorted[Math.ceil(place)] ?? NaN;
  return below + (above - below) * (place - Math.floor(place));
}
