import { expect, it } from 'vitest';
import { formatCost, type FormatPair } from '../../../../bench/harness/format-cost.ts';
import type { LoggedStep } from '../../../../bench/harness/step-log.ts';

const step = (modelMs: number, restMs: number, changes: Partial<LoggedStep> = {}): LoggedStep => ({
  numSequences: 2,
  numRows: 2,
  numTokens: 2,
  durationMs: modelMs + restMs,
  modelMs,
  formatMs: 0,
  ...changes,
});

/** So many steps that the trial counts. */
const turn = (...steps: LoggedStep[]): LoggedStep[] => Array.from({ length: 20 }, () => steps).flat();

it('divides steps with formats by those without, pair by pair', () => {
  // Of the second pair everything takes twice as long: a ratio of all steps together would be another.
  const pairs: FormatPair[] = [
    { without: turn(step(9, 1)), with: turn(step(10, 1.5)) },
    { without: turn(step(18, 2)), with: turn(step(20, 3.4)) },
    { without: turn(step(8, 2)), with: turn(step(8, 1.8)) },
  ];
  const { stepMeanRatio, stepP50Ratio, addedOutside, isMet } = formatCost(pairs, 2);
  expect(stepMeanRatio.median).toBeCloseTo(1.15);
  expect([stepMeanRatio.min, stepMeanRatio.max].map((ratio) => ratio.toFixed(2))).toEqual(['0.98', '1.17']);
  expect(stepP50Ratio.median).toBeCloseTo(1.15);
  expect(addedOutside.median).toBeCloseTo(0.05);
  expect(isMet).toBe(false);
});

it('is held against the goal as a whole step, the model among it', () => {
  const pair = (modelMs: number): FormatPair => ({
    without: turn(step(9, 1)),
    with: turn(step(modelMs, 0.5)),
  });
  expect(formatCost([pair(10.5)], 2).isMet).toBe(true);
  expect(formatCost([pair(10.6)], 2).isMet).toBe(false);
});

it('counts as many steps on both sides, since later ones have longer contexts', () => {
  const pair = { without: turn(step(9, 1)), with: [...turn(step(9, 1)), ...turn(step(30, 1))] };
  const { without, with: formed, stepMeanRatio } = formatCost([pair], 2);
  expect([without.numSteps, formed.numSteps, stepMeanRatio.max]).toEqual([20, 20, 1]);
});

it('counts steps in which every stream decodes, and tells tokens from rows', () => {
  const alone = step(100, 100, { numSequences: 1 });
  const pair: FormatPair = {
    without: turn(alone, step(9, 1)),
    with: turn(
      step(9, 1, { numRows: 3, numTokens: 5, formatMs: 0.1 }),
      alone,
      step(19, 1, { numRows: 5, numTokens: 3, formatMs: 0.3 }),
    ),
  };
  const { without, with: formed, tokensPerSRatio } = formatCost([pair], 2);
  expect(without).toMatchObject({ numSteps: 20, rowsPerStep: 2, tokensPerStep: 2, tokensPerS: 200 });
  expect(formed).toMatchObject({ numSteps: 20, rowsPerStep: 4, tokensPerStep: 4, longestFormatMs: 0.3 });
  expect(formed.stepMs).toMatchObject({ mean: 15, p50: 15 });
  expect(formed.tokensPerS).toBeCloseTo(8 / 0.03);
  expect(formed.formatMsPerToken).toBeCloseTo(0.05);
  expect(tokensPerSRatio.median).toBeCloseTo(8 / 6);
});

it('leaves out pairs in which the streams hardly decode side by side, and throws where all are so', () => {
  const alone = step(1, 1, { numSequences: 1 });
  const whole: FormatPair = { without: turn(step(9, 1)), with: turn(step(9, 1.5)) };
  const ragged: FormatPair = { without: turn(alone), with: turn(step(9, 9)) };
  const cost = formatCost([ragged, whole, ragged], 2);
  expect([cost.numPairs, cost.stepMeanRatio.max, cost.with.numSteps]).toEqual([1, 1.05, 20]);
  expect(() => formatCost([ragged], 2)).toThrow(/is the machine busy/);
});
