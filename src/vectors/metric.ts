import type { Metric } from './vector-types.ts';

/**
 * How far a vector is from the one that is searched for: the least is the best. Of the metrics only `cosine` has scores that
 * grow with likeness; Cloudflare's score of `dot-product` is the negative product.
 */
export interface Distance {
  readonly distance: number;
  /** The true distance is no further away than this. */
  readonly maxError: number;
}

/** Of a sum of float64 products, far above what it is off by. */
const SUM_ERROR = 2 ** -40;

/**
 * By the cosine of the angle between the two, which is off by `cosineError` at most.
 * @param norm the length of the vector
 * @param queryNorm that of the one that is searched for
 */
export function distanceByCosine(
  metric: Metric,
  cosine: number,
  { norm, queryNorm, cosineError }: { norm: number; queryNorm: number; cosineError: number },
): Distance {
  if (metric === 'cosine') return { distance: -cosine, maxError: cosineError };
  const scale = norm * queryNorm;
  if (metric === 'dot-product') return { distance: -scale * cosine, maxError: scale * cosineError };
  const squares = norm * norm + queryNorm * queryNorm;
  return {
    distance: squares - 2 * scale * cosine,
    maxError: 2 * scale * cosineError + squares * SUM_ERROR,
  };
}

/** The distance of two vectors from their numbers, in float64: the order of an answer goes by it. */
export function exactDistance(metric: Metric, values: Float32Array, query: Float32Array): number {
  let [product, squares, querySquares, difference] = [0, 0, 0, 0];
  for (let k = 0; k < query.length; k++) {
    const [one, other] = [values[k] ?? 0, query[k] ?? 0];
    product += one * other;
    squares += one * one;
    querySquares += other * other;
    difference += (one - other) * (one - other);
  }
  if (metric === 'euclidean') return difference;
  if (metric === 'dot-product') return -product;
  const norms = Math.sqrt(squares) * Math.sqrt(querySquares);
  // A vector of zeros has no direction.
  return norms === 0 ? 0 : -product / norms;
}

/** As Cloudflare answers it. */
export function scoreOf(metric: Metric, distance: number): number {
  if (metric === 'euclidean') return Math.sqrt(distance);
  if (metric === 'dot-product') return distance;
  // Sums round; and not -0.
  return Math.min(Math.max(0 - distance, -1), 1);
}

export function normOf(values: Float32Array): number {
  let squares = 0;
  for (let k = 0; k < values.length; k++) squares += (values[k] ?? 0) ** 2;
  return Math.sqrt(squares);
}

/** Of length 1; zeros stay zeros. */
export function directionOf(values: Float32Array, norm = normOf(values)): Float32Array {
  return norm === 0 ? new Float32Array(values.length) : values.map((value) => value / norm);
}
