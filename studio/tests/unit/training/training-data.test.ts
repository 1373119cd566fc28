import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitBook, titleOf } from '../../../training/corpus.ts';
import { textsOf } from '../../../training/documents.ts';
import { windowsOf } from '../../../training/held-out.ts';
import { normals, permutation } from '../../../training/random.ts';
import { TrainingWindows } from '../../../training/training-windows.ts';

describe('the corpus', () => {
  it('holds out the end of a book, from a white space on', () => {
    const text = 'word '.repeat(100);
    const { training, heldOut } = splitBook('Words', text, 0.05);
    expect([...training, ...heldOut].flatMap(textsOf).join('')).toBe(text);
    expect(training[0]).toHaveLength(479);
    expect(heldOut[0]).toMatch(/^ word/);
  });

  it('holds out nothing where no white space follows', () => {
    expect(splitBook('One word', 'x'.repeat(50), 0.05)).toMatchObject({ heldOut: [''] });
  });

  it('reads a title out of a file name', () => {
    expect(titleOf('/books/the-wind-in-the-willows.txt')).toBe('The Wind in the Willows');
  });
});

describe('training windows', () => {
  const seqLen = 8;
  const tokens = Int32Array.from({ length: 100 }, (_, i) => i);

  it('read every window of an epoch once, targets one token further on', () => {
    const windows = new TrainingWindows(tokens, seqLen, 3);
    expect(windows.windowsPerEpoch).toBe(11);
    const { ids, targets } = windows.batch(0, 11);
    expect(targets).toEqual(ids.map((id) => id + 1));
    const starts = [...ids].filter((_, i) => i % seqLen === 0).sort((a, b) => a - b);
    starts.forEach((start, i) => expect(start).toBe((starts[0] ?? 0) + i * seqLen));
    expect(windows.batch(1, 11).ids).not.toEqual(ids);
  });

  it('depend on seed and step alone', () => {
    const straight = new TrainingWindows(tokens, seqLen, 3);
    const expected = Array.from({ length: 20 }, (_, step) => straight.batch(step, 2).ids);
    const jumping = new TrainingWindows(tokens, seqLen, 3);
    for (const step of [19, 0, 7, 12]) expect(jumping.batch(step, 2).ids).toEqual(expected[step]);
    expect(new TrainingWindows(tokens, seqLen, 4).batch(0, 2).ids).not.toEqual(expected[0]);
  });

  it('need a stream of two windows', () => {
    expect(() => new TrainingWindows(tokens.subarray(0, 15), seqLen, 3)).toThrow(/15 tokens/);
  });
});

describe('held-out windows', () => {
  it('count every token but the first once, with the context that the stride leaves', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 16 }), (length, stride) => {
        const counted: number[] = [];
        for (const { start, firstCounted } of windowsOf(new Int32Array(length), 16, stride)) {
          if (start > 0) expect(firstCounted).toBe(16 - stride);
          for (let row = firstCounted; row < Math.min(16, length - 1 - start); row++)
            counted.push(start + row + 1);
        }
        expect(counted).toEqual(Array.from({ length: length - 1 }, (_, i) => i + 1));
      }),
    );
  });
});

describe('random numbers', () => {
  it('are normal, and the same for the same seed', () => {
    const values = normals(20_000, 5);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    const beyondTwo = values.filter((value) => Math.abs(value) > 2).length / values.length;
    // Three standard errors: 0.021, 0.030 and 0.0044.
    expect(Math.abs(mean)).toBeLessThan(0.021);
    expect(Math.abs(variance - 1)).toBeLessThan(0.03);
    expect(Math.abs(beyondTwo - 0.0455)).toBeLessThan(0.0044);
    expect(normals(20_000, 5)).toEqual(values);
  });

  it('make permutations', () => {
    const order = permutation(50, 7);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(permutation(50, 8)).not.toEqual(order);
  });
});
