import { describe, expect, it } from 'vitest';
import { BLOCK_LENGTH, planAttention } from '../../../../src/runtime/tensorflow/attention-plan.ts';
import { parseCudaDevice } from '../../../../src/runtime/tensorflow/tensorflow-runtime.ts';
import { buildStepBatch } from '../../../../src/runtime/build-step-batch.ts';

const SHAPE = { numLayers: 1, numKvHeads: 2, headDim: 8, numLanes: 4, laneLength: 3 * BLOCK_LENGTH };

const segment = (lane: number, positionStart: number, numTokens: number) => ({
  lane,
  positionStart,
  tokenIds: new Array<number>(numTokens).fill(7),
  logits: 'last' as const,
});

describe('planning attention over blocks', () => {
  it('lets decodes of all lanes attend at once, as far as the longest reaches', () => {
    const { decodes, chunks } = planAttention(
      buildStepBatch([segment(3, 5, 1), segment(1, BLOCK_LENGTH, 1)]),
      SHAPE,
    );
    expect(chunks).toEqual([]);
    expect(decodes).toEqual({
      laneStart: 1,
      numLanes: 3,
      rowOfLane: Int32Array.of(1, 0, 0),
      positions: Int32Array.of(BLOCK_LENGTH, 5, 5),
      numBlocks: 2,
    });
  });

  it('gives each chunk a part of its own, and each row its place among the results', () => {
    const { decodes, chunks, resultOfRow } = planAttention(
      buildStepBatch([segment(2, 10, 3), segment(0, 4, 1), segment(1, 0, 2)], [8]),
      SHAPE,
    );
    expect(decodes?.numLanes).toBe(1);
    expect(chunks.map(({ lane, rowStart, numBlocks }) => ({ lane, rowStart, numBlocks }))).toEqual([
      { lane: 2, rowStart: 0, numBlocks: 1 },
      { lane: 1, rowStart: 4, numBlocks: 1 },
    ]);
    expect([...(chunks[0]?.positions ?? [])]).toEqual([10, 11, 12]);
    // The decode's result is the first, the chunks follow in order; padding takes the first.
    expect([...resultOfRow]).toEqual([1, 2, 3, 0, 4, 5, 0, 0]);
  });

  it('writes each head of a row to a place of its own, in the block of its position', () => {
    const position = BLOCK_LENGTH + 3;
    const { cacheRows } = planAttention(buildStepBatch([segment(2, position, 1)], [4]), SHAPE);
    // [blocks, lanes, heads, BLOCK_LENGTH]: block 1, lane 2, heads 0 and 1, offset 3.
    const firstHead = (4 + 2) * 2;
    expect([...cacheRows]).toEqual([firstHead * BLOCK_LENGTH + 3, (firstHead + 1) * BLOCK_LENGTH + 3]);
  });

  it.each([
    { lane: 4, positionStart: 0, numTokens: 1 },
    { lane: 0, positionStart: 3 * BLOCK_LENGTH - 1, numTokens: 2 },
  ])('refuses what does not fit: $numTokens rows from $positionStart in lane $lane', (s) => {
    const batch = buildStepBatch([segment(s.lane, s.positionStart, s.numTokens)]);
    expect(() => planAttention(batch, SHAPE)).toThrow(`fits lane ${s.lane}`);
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
