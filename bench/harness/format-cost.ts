import { summarise, type LatencySummary } from '../../src/bench/latency-summary.ts';
import { assertInvariant } from '../../src/errors.ts';
import { spreadOf, type Spread } from './judge-peers.ts';
import type { LoggedStep } from './step-log.ts';

/** A step may take so much longer for the formats of its texts. */
export const MOST_COST = 0.1;

/** The same streams, with formats and without, one after the other. */
export interface FormatPair {
  without: readonly LoggedStep[];
  with: readonly LoggedStep[];
}

/** Of steps in which every stream decodes. */
export interface StepFigures {
  numSteps: number;
  rowsPerStep: number;
  tokensPerStep: number;
  tokensPerS: number;
  stepMs: LatencySummary;
  /** Outside of the model: scheduling, drawing, formats. */
  restMs: LatencySummary;
  formatMs: LatencySummary;
  longestFormatMs: number;
  formatMsPerToken: number;
}

/** With formats divided by without, pair by pair. */
export interface FormatCost {
  without: StepFigures;
  with: StepFigures;
  stepP50Ratio: Spread;
  stepMeanRatio: Spread;
  tokensPerSRatio: Spread;
  /** What a step takes longer outside of the model, by a step without formats. */
  cost: Spread;
  isMet: boolean;
}

/**
 * What formats cost. A step with formats also computes the rows of tokens without alternative, which take no step of
 * their own: so whole steps are not alike, and the cost is what is added outside of the model.
 *
 * @param numStreams of each turn; steps in which fewer run do not count
 */
export function formatCost(pairs: readonly FormatPair[], numStreams: number): FormatCost {
  const full = pairs.map((pair) => ({
    without: pair.without.filter(({ numSequences }) => numSequences === numStreams),
    with: pair.with.filter(({ numSequences }) => numSequences === numStreams),
  }));
  const rounds = full.map((pair) => ({ without: figuresOf(pair.without), with: figuresOf(pair.with) }));
  const ratio = (value: (figures: StepFigures) => number): Spread =>
    spread(rounds.map((round) => value(round.with) / value(round.without)));
  const cost = spread(
    rounds.map((round) => (round.with.restMs.mean - round.without.restMs.mean) / round.without.stepMs.mean),
  );
  return {
    without: figuresOf(full.flatMap((pair) => pair.without)),
    with: figuresOf(full.flatMap((pair) => pair.with)),
    stepP50Ratio: ratio(({ stepMs }) => stepMs.p50),
    stepMeanRatio: ratio(({ stepMs }) => stepMs.mean),
    tokensPerSRatio: ratio(({ tokensPerS }) => tokensPerS),
    cost,
    isMet: cost.median <= MOST_COST,
  };
}

function figuresOf(steps: readonly LoggedStep[]): StepFigures {
  const sum = (value: (step: LoggedStep) => number): number =>
    steps.reduce((total, step) => total + value(step), 0);
  const numTokens = sum((step) => step.numTokens);
  return {
    numSteps: steps.length,
    rowsPerStep: sum((step) => step.numRows) / steps.length,
    tokensPerStep: numTokens / steps.length,
    tokensPerS: (1000 * numTokens) / sum((step) => step.durationMs),
    stepMs: summary(steps.map((step) => step.durationMs)),
    restMs: summary(steps.map((step) => step.durationMs - step.modelMs)),
    formatMs: summary(steps.map((step) => step.formatMs)),
    longestFormatMs: Math.max(...steps.map((step) => step.formatMs)),
    formatMsPerToken: sum((step) => step.formatMs) / numTokens,
  };
}

function summary(values: readonly number[]): LatencySummary {
  const found = summarise(values);
  assertInvariant(found !== undefined, 'a turn has steps in which every stream decodes');
  return found;
}

function spread(values: readonly number[]): Spread {
  const found = spreadOf(values);
  assertInvariant(found !== undefined, 'there is at least one pair');
  return found;
}
