import { summarise, type LatencySummary } from '../../src/bench/latency-summary.ts';
import { assertInvariant, EngineError } from '../../src/errors.ts';
import { spreadOf, type Spread } from './judge-peers.ts';
import type { LoggedStep } from './step-log.ts';

/** A step may take so much longer for the formats of its texts. */
export const MOST_COST = 0.1;

/** Steps that a trial must have in which every stream decodes; on a busy machine the first may end as the last begins. */
const LEAST_STEPS = 20;

/** Streams that ran twice, one after the other: with formats and without. */
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
  /** Pairs that count: both trials had steps enough. */
  numPairs: number;
  without: StepFigures;
  with: StepFigures;
  stepP50Ratio: Spread;
  stepMeanRatio: Spread;
  tokensPerSRatio: Spread;
  /** What a mean step takes longer outside of the model, by a mean step without formats. */
  addedOutside: Spread;
  /** By the mean of a whole step. */
  isMet: boolean;
}

/**
 * What formats cost a step. Of each pair as many steps count on one side as on the other, from the first in which every
 * stream decodes: later ones have longer contexts.
 *
 * @param numStreams of each trial; steps in which fewer run do not count
 * @throws EngineError `conflict` when no pair counts
 */
export function formatCost(pairs: readonly FormatPair[], numStreams: number): FormatCost {
  const full = pairs
    .map((pair) => sideBySide(pair, numStreams))
    .filter((pair) => pair.with.length >= LEAST_STEPS);
  if (full.length === 0) {
    const complaint = `in no pair of trials did ${numStreams} streams decode side by side for ${LEAST_STEPS} steps`;
    throw new EngineError('conflict', `${complaint}: is the machine busy?`);
  }
  const rounds = full.map((pair) => ({ without: figuresOf(pair.without), with: figuresOf(pair.with) }));
  const ratio = (value: (figures: StepFigures) => number): Spread =>
    spread(rounds.map((round) => value(round.with) / value(round.without)));
  const stepMeanRatio = ratio(({ stepMs }) => stepMs.mean);
  return {
    numPairs: full.length,
    without: figuresOf(full.flatMap((pair) => pair.without)),
    with: figuresOf(full.flatMap((pair) => pair.with)),
    stepP50Ratio: ratio(({ stepMs }) => stepMs.p50),
    stepMeanRatio,
    tokensPerSRatio: ratio(({ tokensPerS }) => tokensPerS),
    addedOutside: spread(
      rounds.map((round) => (round.with.restMs.mean - round.without.restMs.mean) / round.without.stepMs.mean),
    ),
    isMet: stepMeanRatio.median <= 1 + MOST_COST,
  };
}

function sideBySide(pair: FormatPair, numStreams: number): FormatPair {
  const isFull = ({ numSequences }: LoggedStep): boolean => numSequences === numStreams;
  const [without, formed] = [pair.without.filter(isFull), pair.with.filter(isFull)];
  const numSteps = Math.min(without.length, formed.length);
  return { without: without.slice(0, numSteps), with: formed.slice(0, numSteps) };
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
  assertInvariant(found !== undefined, 'a trial that counts has steps');
  return found;
}

function spread(values: readonly number[]): Spread {
  const found = spreadOf(values);
  assertInvariant(found !== undefined, 'there is at least one pair');
  return found;
}
