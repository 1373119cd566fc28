import { SWEEP_SPLIT } from './benchmark-params.ts';

/** A power law fitted to timings: time = offset + constant * length ^ exponent. */
interface PowerFit {
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

/** Timings at one context length over all repeats. */
export interface SweepTimings {
  /** Tokens of the prompt. */
  contextTokens: number;
  /** From sending one prompt of that length to its first token; the fastest, since disturbances only add. */
  prefillMs: number;
  /** The same number of tokens dealt to 4 prompts, until all have their first token; the fastest. */
  splitPrefillMs: number;
  /**
   * What the split saves: the difference of the two in each repeat, of all repeats the median. One follows the other
   * at once, so that a machine that slows down slows both.
   */
  splitGainMs: number;
  /** Mean number of tokens in the cache during the steps of `stepMs`. */
  stepContextTokens: number;
  /**
   * A cached step of one row: the mean gap between tokens of one sequence after that prefill, of all repeats the
   * median. A busy thread may see several tokens at once, hence neither single gaps nor the fastest repeat.
   */
  stepMs: number;
}

export interface SweepPoint extends SweepTimings {
  /** Estimated part of attention scores in `prefillMs`; negative where noise is larger. */
  attentionMs: number;
}

export interface SweepFit extends PowerFit {
  /** What the algorithm has in the limit of long contexts. */
  theory: number;
  /** What was fitted, in words. */
  method: string;
}

export interface SweepFits {
  points: readonly SweepPoint[];
  /** All of prefill: near 1 while the dense layers weigh most. */
  prefill: SweepFit;
  /** What attention adds to prefill. */
  prefillAttention: SweepFit;
  /** What the context adds to a cached step. */
  cachedStep: SweepFit;
}

/**
 * Tells apart what grows with the context.
 *
 * Dense layers cost the same for T tokens in one prompt and in 4 prompts of T/4, but attention scores T^2 / 2 pairs
 * in the one case and a quarter of that in the other. The difference is therefore 3/4 of attention's part, measured
 * rather than assumed. The offsets of the fits take up what does not depend on the context: the sampling of three
 * more prompts, the dense layers of a cached step.
 */
export function fitSweep(timings: readonly SweepTimings[]): SweepFits {
  const points = timings.map((timing) => ({
    ...timing,
    attentionMs: (timing.splitGainMs * SWEEP_SPLIT) / (SWEEP_SPLIT - 1),
  }));
  const fit = (length: 'contextTokens' | 'stepContextTokens', time: keyof SweepPoint): PowerFit =>
    fitPower(points.map((point) => [point[length], point[time]]));
  return {
    points,
    prefill: {
      ...fit('contextTokens', 'prefillMs'),
      theory: 2,
      method: 'least squares of prefill_ms = offset_ms + c * context_tokens ^ exponent',
    },
    prefillAttention: {
      ...fit('contextTokens', 'attentionMs'),
      theory: 2,
      method:
        'least squares of attention_ms = offset_ms + c * context_tokens ^ exponent, with attention_ms = ' +
        'split_gain_ms * 4 / 3',
    },
    cachedStep: {
      ...fit('stepContextTokens', 'stepMs'),
      theory: 1,
      method: 'least squares of step_ms = offset_ms + c * step_context_tokens ^ exponent',
    },
  };
}
