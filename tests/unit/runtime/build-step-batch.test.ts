import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildStepBatch, roundUpToBucket } from '../../../src/runtime/build-step-batch.ts';
import { GONE } from '../../../src/pages.ts';

const BUCKETS = [1, 2, 4, 8, 16];

describe('roundUpToBucket', () => {
  it.each([
    [1, 1],
    [3, 4],
    [16, 16],
    [17, 32],
    [33, 48],
  ])('rounds %i up to %i', (count, expected) => {
    expect(roundUpToBucket(count, BUCKETS)).toBe(expected);
  });

  it('leaves a count as it is without buckets', () => {
    expect(roundUpToBucket(7, [])).toBe(7);
  });
});

describe('buildStepBatch', () => {
  it('lays a decode, a whole prompt and an inner chunk side by side', () => {
    const batch = buildStepBatch(
      [
        { pages: [GONE, 5], positionStart: 69, tokenIds: [70], logits: 'last', topIsEnough: true },
        { pages: [2], positionStart: 0, tokenIds: [10, 11, 12], logits: 'all', temperature: 0.7 },
        { pages: [0, 3], positionStart: 4, tokenIds: [20, 21], logits: 'none' },
      ],
      BUCKETS,
    );
    expect(batch).toEqual({
      numRows: 6,
      tokenIds: Int32Array.of(70, 10, 11, 12, 20, 21, 0, 0),
      positions: Int32Array.of(69, 0, 1, 2, 4, 5, 0, 0),
      segments: [
        { pages: Int32Array.of(GONE, 5), rowStart: 0, numRows: 1, positionStart: 69 },
        { pages: Int32Array.of(2), rowStart: 1, numRows: 3, positionStart: 0 },
        { pages: Int32Array.of(0, 3), rowStart: 4, numRows: 2, positionStart: 4 },
      ],
      numLogitRows: 4,
      logitRows: Int32Array.of(0, 1, 2, 3),
      topRows: [true, false, false, false],
      temperatures: [0, 0.7, 0.7, 0.7],
    });
  });

  it('keeps one padded logit row when nobody wants logits, since a runtime always returns some', () => {
    const batch = buildStepBatch(
      [{ pages: [0], positionStart: 0, tokenIds: [1, 2], logits: 'none' }],
      BUCKETS,
    );
    expect(batch.numLogitRows).toBe(0);
    expect(batch.logitRows).toEqual(Int32Array.of(0));
  });

  it('refuses a step without tokens', () => {
    expect(() => buildStepBatch([])).toThrow(/at least one token/);
    expect(() => buildStepBatch([{ pages: [0], positionStart: 0, tokenIds: [], logits: 'last' }])).toThrow(
      /at least one/,
    );
  });

  it('gives back every token, position and page of any mix of segments, and pads the rest', () => {
    const segment = fc.record({
      pages: fc.array(fc.integer({ min: GONE, max: 31 }), { minLength: 1, maxLength: 17 }),
      positionStart: fc.nat(1000),
      tokenIds: fc.array(fc.nat(50_000), { minLength: 1, maxLength: 9 }),
      logits: fc.constantFrom('none' as const, 'last' as const, 'all' as const),
    });
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 6 }), (inputs) => {
        const batch = buildStepBatch(inputs, BUCKETS);
        const wanted: number[] = [];
        inputs.forEach((input, index) => {
          const segmentOf = batch.segments[index];
          const { rowStart, numRows } = segmentOf ?? { rowStart: -1, numRows: -1 };
          expect([...batch.tokenIds.subarray(rowStart, rowStart + numRows)]).toEqual(input.tokenIds);
          expect(batch.positions[rowStart + numRows - 1]).toBe(input.positionStart + numRows - 1);
          expect(segmentOf?.pages).toEqual(Int32Array.from(input.pages));
          if (input.logits === 'last') wanted.push(rowStart + numRows - 1);
          if (input.logits === 'all') wanted.push(...input.tokenIds.map((_, offset) => rowStart + offset));
        });
        expect([...batch.logitRows.subarray(0, batch.numLogitRows)]).toEqual(wanted);
        const padding = [
          ...batch.tokenIds.subarray(batch.numRows),
          ...batch.positions.subarray(batch.numRows),
        ];
        expect(padding.every((number) => number === 0)).toBe(true);
        expect(batch.tokenIds.length).toBe(roundUpToBucket(batch.numRows, BUCKETS));
      }),
    );
  });
});
