import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildStepBatch } from '../../../../src/runtime/build-step-batch.ts';
import { GONE } from '../../../../src/pages.ts';
import { bookHeads } from '../../../../src/runtime/ops.ts';
import { attentionKernel, attentionTileRows } from '../../../../src/runtime/webgpu/kernels/attention.ts';
import { checkBatch } from '../../../../src/runtime/step/step-tables.ts';
import { stepBufferWords, writeStepBuffer } from '../../../../src/runtime/webgpu/step-plan.ts';

const CACHE = { numLayers: 1, numKvHeads: 1, headDim: 4, numPages: 6, maxStepPages: 5 };
const TABLES = { tokens: 10, positions: 16 };

describe('the step buffer', () => {
  it('has counts, rows, logit rows, tiles, top rows and pages, each where the header says', () => {
    const batch = buildStepBatch(
      [
        { pages: [4, 2], positionStart: 69, tokenIds: [7], logits: 'last' },
        { pages: [1], positionStart: 0, tokenIds: [3, 4], logits: 'all' },
      ],
      [4],
    );
    const bucket = { step: 4, logit: 4, tileRows: 1 };
    const words = new Uint32Array(stepBufferWords(bucket, CACHE));
    const numWords = writeStepBuffer(words, batch, bucket, [0, 2]);
    const element = (index: number) => [...words.subarray(4 * index, 4 * index + 4)];
    expect(element(0)).toEqual([3, 3, 3, 2]);
    const [logitStart = 0, tileStart = 0, topStart = 0, pagesStart = 0] = element(1);
    expect(element(2)[0]).toBe(3);
    expect([3, 4, 5].map(element)).toEqual([
      [7, 69, 2, 0],
      [3, 0, 1, 0],
      [4, 1, 1, 0],
    ]);
    expect([0, 1, 2].map((row) => element(logitStart + row)[0])).toEqual([0, 1, 2]);
    expect([0, 1, 2].map((tile) => element(tileStart + tile))).toEqual([
      [0, 1, 0, 69],
      [1, 1, 2, 0],
      [2, 1, 2, 1],
    ]);
    expect([0, 1].map((row) => element(topStart + row)[0])).toEqual([0, 2]);
    expect(element(pagesStart)).toEqual([4, 2, 1, 0]);
    expect(numWords).toBe(4 * pagesStart + 3);
    expect(words.length).toBe(4 * (pagesStart + 2));
  });

  it('has the pages of windows behind all others', () => {
    const cache = { ...CACHE, windowed: { layers: new Set([0]), numPages: 4 } };
    const batch = buildStepBatch([
      { pages: [4, 2], windowPages: [GONE, 3], positionStart: 69, tokenIds: [7], logits: 'last' },
      { pages: [1], windowPages: [0], positionStart: 0, tokenIds: [3], logits: 'last' },
    ]);
    checkBatch(batch, cache, { tokens: 10, positions: 70 });
    const bucket = { step: 2, logit: 2, tileRows: 1 };
    const words = new Uint32Array(stepBufferWords(bucket, cache));
    const numWords = writeStepBuffer(words, batch, bucket, []);
    const pagesStart = 4 * (words[7] ?? 0);
    expect([...words.subarray(12, 20)]).toEqual([7, 69, 2, 3, 3, 0, 1, 0]);
    expect([...new Int32Array(words.buffer).subarray(pagesStart, numWords)]).toEqual([4, 2, 1, GONE, 3, 0]);
  });

  it.each([
    { what: 'none', windowPages: undefined },
    { what: 'too few', windowPages: [0] },
    { what: 'one beyond the cache', windowPages: [0, 2] },
    { what: 'one gone that is written to', windowPages: [0, GONE] },
  ])('is not written where windows have pages, for $what', ({ windowPages }) => {
    const cache = { ...CACHE, windowed: { layers: new Set([0]), numPages: 2 } };
    const batch = buildStepBatch([
      { pages: [4, 2], windowPages, positionStart: 64, tokenIds: [7], logits: 'last' },
    ]);
    expect(() => checkBatch(batch, cache, { tokens: 10, positions: 70 })).toThrow(/fits its 2 pages/);
  });

  it('cuts a prefill into tiles of four rows', () => {
    const batch = buildStepBatch(
      [{ pages: [0], positionStart: 3, tokenIds: Array(11).fill(1), logits: 'last' }],
      [32],
    );
    const bucket = { step: 32, logit: 32, tileRows: 4 };
    const words = new Uint32Array(stepBufferWords(bucket, CACHE));
    writeStepBuffer(words, batch, bucket, []);
    expect(words[2]).toBe(3);
    const tileStart = 4 * (words[5] ?? 0);
    expect([...words.subarray(tileStart, tileStart + 12)]).toEqual([0, 4, 0, 3, 4, 4, 0, 7, 8, 3, 0, 11]);
  });

  it.each([
    {
      what: 'a token beyond the table',
      pages: [0],
      positionStart: 0,
      tokenIds: [10],
      message: /token 10 is one of 10/,
    },
    { what: 'a negative token', pages: [0], positionStart: 0, tokenIds: [-1], message: /token -1/ },
    {
      what: 'a page beyond the cache',
      pages: [6],
      positionStart: 0,
      tokenIds: [1],
      message: /fits its 1 pages/,
    },
    {
      what: 'a page below those gone',
      pages: [GONE - 1],
      positionStart: 0,
      tokenIds: [1],
      message: /fits its 1/,
    },
    {
      what: 'a position beyond its pages',
      pages: [0, 1],
      positionStart: 127,
      tokenIds: [1, 1],
      message: /2 rows from position 127 fits its 2 pages/,
    },
    {
      what: 'a position beyond the table',
      pages: [0],
      positionStart: 15,
      tokenIds: [1, 1],
      message: /position 16/,
    },
    {
      what: 'more pages than a step may name',
      pages: [0, 1, 2, 3, 4, 5],
      positionStart: 0,
      tokenIds: [1],
      message: /names 5 pages at most/,
    },
  ])('is not written for $what', ({ message, ...segment }) => {
    const batch = buildStepBatch([{ ...segment, logits: 'last' }]);
    expect(() => checkBatch(batch, CACHE, TABLES)).toThrow(message);
  });
});

describe('the rows that attention takes at once', () => {
  it.each([
    { what: 'decodes', lengths: Array<number>(64).fill(1), tileRows: 1 },
    { what: 'a prefill', lengths: [64], tileRows: 4 },
    { what: 'a short prefill', lengths: [16], tileRows: 1 },
    { what: 'decodes beside a long prefill', lengths: [...Array<number>(8).fill(1), 120], tileRows: 4 },
    { what: 'decodes beside a short one', lengths: [...Array<number>(24).fill(1), 8], tileRows: 1 },
    { what: 'many short prompts', lengths: Array<number>(20).fill(3), tileRows: 4 },
  ])('are $tileRows of $what', ({ lengths, tileRows }) => {
    expect(attentionTileRows(lengths)).toBe(tileRows);
  });

  it('never make more tiles than the kernel has workgroups for', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 }), (lengths) => {
        const tileRows = attentionTileRows(lengths);
        const numTiles = lengths.reduce((sum, length) => sum + Math.ceil(length / tileRows), 0);
        const paddedRows = lengths.reduce((sum, length) => sum + length, 0);
        const { workgroups } = attentionKernel({
          heads: bookHeads(1, 4),
          queryCols: 4,
          paddedRows,
          tileRows,
          table: 'pages',
        });
        expect(numTiles).toBeLessThanOrEqual(workgroups[0]);
      }),
    );
  });
});
