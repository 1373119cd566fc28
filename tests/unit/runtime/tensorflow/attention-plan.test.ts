import { describe, expect, it } from 'vitest';
import { planAttention } from '../../../../src/runtime/tensorflow/attention-plan.ts';
import { parseCudaDevice } from '../../../../src/runtime/tensorflow/tensorflow-runtime.ts';
import { buildStepBatch, type SegmentInput } from '../../../../src/runtime/build-step-batch.ts';
import { GONE, PAGE_TOKENS } from '../../../../src/pages.ts';

const SHAPE = { numLayers: 1, numKvHeads: 2, headDim: 8, numPages: 12, maxStepPages: 12 };

const segment = (pages: readonly number[], positionStart: number, numTokens: number): SegmentInput => ({
  pages,
  positionStart,
  tokenIds: new Array<number>(numTokens).fill(7),
  logits: 'last',
});

describe('planning attention over pages', () => {
  it('lets decodes of all sequences attend at once, as far as the longest reaches', () => {
    const { decodes, chunks } = planAttention(
      buildStepBatch([segment([8, 2], 5, 1), segment([1, 4], PAGE_TOKENS, 1)]),
      SHAPE,
    );
    expect(chunks).toEqual([]);
    expect(decodes).toEqual({
      rows: Int32Array.of(0, 1),
      positions: Int32Array.of(5, PAGE_TOKENS),
      // The first has no token in the second block: a page of its own stands there, where all is masked.
      pages: [Int32Array.of(8, 1), Int32Array.of(8, 4)],
    });
  });

  it('has no decodes where there are none', () => {
    expect(planAttention(buildStepBatch([segment([3], 0, 2)]), SHAPE).decodes).toBeUndefined();
  });

  it('gives each chunk a part of its own, and each row its place among the results', () => {
    const { decodes, chunks, resultOfRow } = planAttention(
      buildStepBatch([segment([2], 10, 3), segment([0], 4, 1), segment([1], 0, 2)], [8]),
      SHAPE,
    );
    expect(decodes).toEqual({
      rows: Int32Array.of(3),
      positions: Int32Array.of(4),
      pages: [Int32Array.of(0)],
    });
    expect(chunks).toEqual([
      { rowStart: 0, numRows: 3, positions: Int32Array.of(10, 11, 12), pages: [Int32Array.of(2)] },
      { rowStart: 4, numRows: 2, positions: Int32Array.of(0, 1), pages: [Int32Array.of(1)] },
    ]);
    // The decode's result is the first, the chunks follow in order; padding takes the first.
    expect([...resultOfRow]).toEqual([1, 2, 3, 0, 4, 5, 0, 0]);
  });

  it('gives a chunk the pages that it sees, in the order of its tokens, and none beyond', () => {
    const { chunks } = planAttention(buildStepBatch([segment([9, 3, 7, 5], 2 * PAGE_TOKENS - 1, 2)]), SHAPE);
    expect(chunks[0]?.pages).toEqual([Int32Array.of(9), Int32Array.of(3), Int32Array.of(7)]);
  });

  it('names the last page in place of one that is gone', () => {
    const { decodes, chunks } = planAttention(
      buildStepBatch([
        segment([GONE, 3, 7], 2 * PAGE_TOKENS, 1),
        segment([4], 0, 1),
        segment([GONE, 6], PAGE_TOKENS + 5, 2),
      ]),
      SHAPE,
    );
    expect(decodes?.pages).toEqual([Int32Array.of(7, 4), Int32Array.of(3, 4), Int32Array.of(7, 4)]);
    expect(chunks[0]?.pages).toEqual([Int32Array.of(6), Int32Array.of(6)]);
  });

  it('writes each head of a row to a place of its own, in the page of its position', () => {
    const position = PAGE_TOKENS + 3;
    const { cacheRows } = planAttention(buildStepBatch([segment([11, 6], position, 1)], [4]), SHAPE);
    // [pages, heads, PAGE_TOKENS]: page 6, heads 0 and 1, offset 3.
    const firstHead = 6 * 2;
    expect([...cacheRows]).toEqual([firstHead * PAGE_TOKENS + 3, (firstHead + 1) * PAGE_TOKENS + 3]);
  });

  it('writes the rows of a chunk to two pages where it crosses from one to the next', () => {
    const { cacheRows } = planAttention(buildStepBatch([segment([11, 6], PAGE_TOKENS - 1, 2)]), SHAPE);
    const last = PAGE_TOKENS - 1;
    expect([...cacheRows]).toEqual([
      22 * PAGE_TOKENS + last,
      23 * PAGE_TOKENS + last,
      12 * PAGE_TOKENS,
      13 * PAGE_TOKENS,
    ]);
  });

  it.each([
    { what: 'a page beyond the cache', pages: [12], positionStart: 0, numTokens: 1 },
    { what: 'a position beyond its pages', pages: [0], positionStart: PAGE_TOKENS - 1, numTokens: 2 },
  ])('refuses what does not fit: $what', ({ pages, positionStart, numTokens }) => {
    const batch = buildStepBatch([segment(pages, positionStart, numTokens)]);
    expect(() => planAttention(batch, SHAPE)).toThrow(`fits its ${pages.length} pages`);
  });
});

describe('what TensorFlow runs on', () => {
  it("is read off NVIDIA's own tool", () => {
    expect(parseCudaDevice('NVIDIA H100 80GB HBM3, 81559')).toEqual({
      name: 'NVIDIA H100 80GB HBM3',
      memoryBytes: 81559 * 2 ** 20,
    });
    expect(parseCudaDevice('NVIDIA GB10, [N/A]')).toEqual({ name: 'NVIDIA GB10' });
  });
});
