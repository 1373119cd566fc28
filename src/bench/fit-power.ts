/** A power law fitted to timings: time = offset + constant * length ^ exponent. */
export interface PowerFit {
  /** Absent when there are too few lengths, or their times follow no such law. */
  exponent?: number;
  /** The part of each time that does not depend on the length. */
  offsetMs?: number;
  /** Share of the variance of the times that the fit explains. */
  r2?: number;
  numPoints: number;
}

type Point = readonly [length: number, time: number];

/** One more than the numbers that are fitted. */
const MIN_POINTS = 4;
const MIN_EXPONENT = 0.05;
const MAX_EXPONENT = 4;
const EXPONENT_STEP = 0.001;

/**
 * Least squares on the times themselves. On their logarithms the shortest lengths, whose times are mostly noise and
 * sometimes negative differences, would weigh as much as the longest.
 */
export function fitPower(points: readonly Point[]): PowerFit {
  const numPoints = points.length;
  if (numPoints < MIN_POINTS) return { numPoints };
  const longest = Math.max(...points.map(([length]) => length));
  let best: LineFit & { exponent: number } = { exponent: 0, offset: 0, slope: 0, residual: Infinity };
  for (let exponent = MIN_EXPONENT; exponent <= MAX_EXPONENT; exponent += EXPONENT_STEP) {
    // Lengths relative to the longest: no power overflows.
    const line = fitLine(points.map(([length, time]) => [(length / longest) ** exponent, time]));
    if (line.residual < best.residual) best = { exponent, ...line };
  }
  // At the edge of the search the best exponent is somewhere else: the times follow no such law.
  const isInside = best.exponent > MIN_EXPONENT && best.exponent < MAX_EXPONENT - EXPONENT_STEP;
  if (best.slope <= 0 || !isInside) return { numPoints };
  const { residual } = fitLine(points.map(([, time]) => [0, time]));
  return { exponent: best.exponent, offsetMs: best.offset, r2: 1 - best.residual / residual, numPoints };
}

interface LineFit {
  offset: number;
  slope: number;
  residual: number;
}

/** Ordinary least squares; level where all `x` are the same. */
function fitLine(points: readonly Point[]): LineFit {
  const meanX = sumOf(points, ([x]) => x) / points.length;
  const meanY = sumOf(points, ([, y]) => y) / points.length;
  const spread = sumOf(points, ([x]) => (x - meanX) ** 2);
  const slope = spread === 0 ? 0 : sumOf(points, ([x, y]) => (x - meanX) * (y - meanY)) / spread;
  const offset = meanY - slope * meanX;
  return { offset, slope, residual: sumOf(points, ([x, y]) => (y - offset - slope * x) ** 2) };
}

function sumOf(points: readonly Point[], term: (point: Point) => number): number {
  return points.reduce((sum, point) => sum + term(point), 0);
}
