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

it('is what a step takes longer outside of the model, by a step without formats, pair by pair', () => {
  // Of the second pair everything takes twice as long: a ratio of all steps together would be another.
  const pairs: FormatPair[] = [
    { without: [step(9, 1), step(9, 1)], with: [step(10, 1.5), step(14, 1.5)] },
    { without: [step(18, 2)], with: [step(30, 3.4)] },
    { without: [step(8, 2)], with: [step(8, 1.8)] },
  ];
  const { cost, isMet, stepMeanRatio } = formatCost(pairs, 2);
  expect(cost.median).toBeCloseTo(0.05);
  expect(cost.min).toBeCloseTo(-0.02);
  expect(cost.max).toBeCloseTo(0.07);
  expect(isMet).toBe(true);
  expect(stepMeanRatio.median).toBeCloseTo(1.35);
});

it('is missed above a tenth', () => {
  const pair = (restMs: number): FormatPair => ({ without: [step(9, 1)], with: [step(9, restMs)] });
  expect(formatCost([pair(2)], 2).isMet).toBe(true);
  expect(formatCost([pair(2.01)], 2).isMet).toBe(false);
});

it('counts steps in which every stream decodes, and tells tokens from rows', () => {
  const alone = step(100, 100, { numSequences: 1 });
  const pair: FormatPair = {
    without: [alone, step(9, 1)],
    with: [
      step(9, 1, { numRows: 3, numTokens: 5, formatMs: 0.1 }),
      step(19, 1, { numRows: 5, numTokens: 3, formatMs: 0.3 }),
      alone,
    ],
  };
  const { without, with: formed, tokensPerSRatio } = formatCost([pair], 2);
  expect(without).toMatchObject({ numSteps: 1, rowsPerStep: 2, tokensPerStep: 2, tokensPerS: 200 });
  expect(formed).toMatchObject({ numSteps: 2, rowsPerStep: 4, tokensPerStep: 4, longestFormatMs: 0.3 });
  expect(formed.stepMs).toMatchObject({ mean: 15, p50: 15 });
  expect(formed.tokensPerS).toBeCloseTo(8 / 0.03);
  expect(formed.formatMsPerToken).toBeCloseTo(0.05);
  expect(tokensPerSRatio.median).toBeCloseTo(8 / 6);
});

it('is of no value where the streams never decode side by side', () => {
  const alone = step(1, 1, { numSequences: 1 });
  expect(() => formatCost([{ without: [alone], with: [alone] }], 2)).toThrow(/every stream decodes/);
});
