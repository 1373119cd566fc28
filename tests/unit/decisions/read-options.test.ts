import { describe, expect, it } from 'vitest';
import { meanIndex, readOptions } from '../../../src/decisions/start-decision.ts';

describe('readOptions', () => {
  it('normalizes over the options, and leaves the confidence as it is in the vocabulary', () => {
    const reading = readOptions([Math.log(0.1), Math.log(0.3)]);
    expect(reading?.probabilities[0]).toBeCloseTo(0.25, 12);
    expect(reading?.probabilities[1]).toBeCloseTo(0.75, 12);
    expect(reading?.winner).toBe(1);
    expect(reading?.confidence).toBeCloseTo(0.3, 12);
  });

  it('reads logprobs that are as small as they get', () => {
    const reading = readOptions([-2000, -2000 + Math.log(3)]);
    expect(reading?.probabilities[1]).toBeCloseTo(0.75, 10);
    expect(reading?.confidence).toBe(0);
  });

  it('gives an option that is impossible the probability 0, and the first of equals the win', () => {
    expect(readOptions([-Infinity, -1, -1])).toMatchObject({ probabilities: [0, 0.5, 0.5], winner: 1 });
  });

  it('prefers none where each is impossible', () => {
    expect(readOptions([-Infinity, -Infinity])).toBeUndefined();
  });
});

describe('meanIndex', () => {
  it('is the mean of the indices by their probabilities', () => {
    const reading = { probabilities: [0.5, 0.25, 0.25], winner: 0, confidence: 1 };
    expect(meanIndex(reading)).toBe(0.75);
  });
});
