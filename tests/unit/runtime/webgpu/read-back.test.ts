import { describe, expect, it } from 'vitest';
import { TOP_LOGITS } from '../../../../src/runtime/step-batch.ts';
import { planReadBack, rowsFrom } from '../../../../src/runtime/webgpu/read-back.ts';

const TOP_WORDS = 2 * TOP_LOGITS + 1;

describe('what is read back of a step', () => {
  it('is one copy when every row comes whole, and one when every row is its top', () => {
    expect(planReadBack({ numRows: 3, stride: 8, topRows: [] }).copies).toEqual([
      { from: 'result', start: 0, numWords: 24 },
    ]);
    expect(planReadBack({ numRows: 3, stride: 8, topRows: [0, 1, 2] })).toMatchObject({
      copies: [{ from: 'topRows', start: 0, numWords: 3 * TOP_WORDS }],
      numWords: 3 * TOP_WORDS,
    });
  });

  it('leaves out the whole rows of which the top is enough', () => {
    const plan = planReadBack({ numRows: 5, stride: 8, topRows: [1, 4] });
    expect(plan.copies).toEqual([
      { from: 'topRows', start: 0, numWords: 2 * TOP_WORDS },
      { from: 'result', start: 0, numWords: 8 },
      { from: 'result', start: 16, numWords: 16 },
    ]);
    expect(plan.rows).toEqual([
      { start: 2 * TOP_WORDS, isTop: false },
      { start: 0, isTop: true },
      { start: 2 * TOP_WORDS + 8, isTop: false },
      { start: 2 * TOP_WORDS + 16, isTop: false },
      { start: TOP_WORDS, isTop: true },
    ]);
  });

  it('is nothing where no row is wanted', () => {
    expect(planReadBack({ numRows: 0, stride: 8, topRows: [] })).toEqual({
      copies: [],
      numWords: 0,
      rows: [],
    });
  });

  it('drops the padding of a row', () => {
    const words = Float32Array.from({ length: 8 }, (_, i) => i);
    expect(rowsFrom(words, planReadBack({ numRows: 2, stride: 4, topRows: [] }), 3)).toEqual([
      Float32Array.of(0, 1, 2),
      Float32Array.of(4, 5, 6),
    ]);
  });

  it.each([NaN, Infinity, -Infinity])('hands on a largest logit of %d, whatever the sum is', (largest) => {
    const words = new Float32Array(TOP_WORDS).fill(1);
    words[0] = largest;
    const [row] = rowsFrom(words, planReadBack({ numRows: 1, stride: 4, topRows: [0] }), 3);
    expect(row).toMatchObject({ logSumExp: largest });
  });
});
