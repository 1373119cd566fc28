import { describe, expect, it } from 'vitest';
import {
  applyFrequencyPenalty,
  applyLogitBias,
  applyPresencePenalty,
  applyRepetitionPenalty,
  maskTokens,
} from '../../../src/sampling/logits-processors.ts';

const logits = (): Float32Array => Float32Array.of(2, -1, 0, 4, -3);

describe('logits processors', () => {
  it('maskTokens forbids the tokens named and no other', () => {
    const row = logits();
    maskTokens(row, [3, 99]);
    expect([...row]).toEqual([2, -1, 0, -Infinity, -3]);
  });

  it('applyLogitBias adds to the tokens named', () => {
    const row = logits();
    applyLogitBias(
      row,
      new Map([
        [0, -100],
        [4, 2.5],
      ]),
    );
    expect([...row]).toEqual([-98, -1, 0, 4, -0.5]);
  });

  it('applyRepetitionPenalty divides positive and multiplies negative logits, once a token', () => {
    const row = logits();
    applyRepetitionPenalty(row, new Set([0, 1, 2]), 2);
    expect([...row]).toEqual([1, -2, 0, 4, -3]);
  });

  it('applyFrequencyPenalty takes the penalty off for each occurrence', () => {
    const row = logits();
    applyFrequencyPenalty(
      row,
      new Map([
        [0, 3],
        [1, 1],
      ]),
      0.5,
    );
    expect([...row]).toEqual([0.5, -1.5, 0, 4, -3]);
  });

  it('applyPresencePenalty takes the penalty off once; a negative one rewards', () => {
    const counts = new Map([[0, 3]]);
    const row = logits();
    applyPresencePenalty(row, counts, 0.5);
    expect(row[0]).toBe(1.5);
    applyPresencePenalty(row, counts, -1);
    expect([...row]).toEqual([2.5, -1, 0, 4, -3]);
  });

  it('leaves a vocabulary it does not reach alone', () => {
    const row = logits();
    const beyond = new Map([[5, 1]]);
    applyLogitBias(row, beyond);
    applyFrequencyPenalty(row, beyond, 1);
    applyPresencePenalty(row, beyond, 1);
    applyRepetitionPenalty(row, [5], 2);
    expect([...row]).toEqual([...logits()]);
  });
});
