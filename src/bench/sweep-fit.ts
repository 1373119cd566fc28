import { SWEEP_SPLIT } from './benchmark-params.ts';
import { fitPower } from './fit-power.ts';
import type { PowerFit } from './fit-power.ts';

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
