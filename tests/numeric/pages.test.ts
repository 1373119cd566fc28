import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SegmentInput } from '../../src/runtime/build-step-batch.ts';
import { type AttentionHeads, qkvDim } from '../../src/runtime/ops.ts';
import { GONE, PAGE_TOKENS, pagesFor } from '../../src/pages.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { attendInSteps, tokensFrom } from '../support/attention.ts';
import { expectSameRow } from '../support/compare.ts';
import { fixturePath } from '../support/fixtures.ts';
import { someRows, type Rows } from '../support/matrix.ts';
import { RUNTIMES_WITH_INT8 } from '../support/runtimes.ts';
import { someTokenIds, StepRunner } from '../support/step-runner.ts';

/** Heads that share keys, over a context of three pages. */
const MODEL = 'tiny-llama/gqa';
const NUM_SEATS = 4;
const NUM_PAGES = 3 * NUM_SEATS;
/** Few: a GPU in software takes seconds to compile the kernels of each. */
const BUCKETS = [1, 2, 64, 160];

/** Of few heads, so that a long sequence is cheap. */
const HEADS = { numHeads: 4, numKvHeads: 2, headDim: 16, scale: 0.25 };

/** Which pages a sequence has, and in what order, is nothing that its numbers depend on. */
describe.each(RUNTIMES_WITH_INT8)('pages of the cache on $label', ({ create, bitExact }) => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await create();
  });
  afterAll(() => runtime.dispose());

  function expectSameRows(
    actual: readonly Float32Array[],
    expected: readonly Float32Array[],
    isExact = bitExact,
  ): void {
    expect(actual.length).toBe(expected.length);
    actual.forEach((row, index) => expectSameRow(row, expected[index] ?? new Float32Array(), isExact));
  }

  describe(`under ${MODEL}`, () => {
    let runner: StepRunner;
    let vocabSize: number;
    beforeAll(async () => {
      runner = await StepRunner.open(runtime, fixturePath(MODEL), { numSeats: NUM_SEATS, buckets: BUCKETS });
      ({ vocabSize } = runner.loaded.config);
      expect(runner.cache.shape.numPages).toBe(NUM_PAGES);
    });

    /** Logits of the tokens from `positionStart` on, computed together: [tokens][vocab]. */
    const compute = (pages: readonly number[], tokenIds: readonly number[], positionStart = 0) =>
      runner.stepOver([{ pages, positionStart, tokenIds: tokenIds.slice(positionStart), logits: 'all' }]);

    it('give the same bits in any order', async () => {
      const tokenIds = someTokenIds(150, vocabSize, 1);
      /** A chunk that ends within a page, one that goes on in the next, and decodes. */
      const inChunks = async (pages: readonly number[]): Promise<Float32Array[]> => {
        const rows = await compute(pages, tokenIds.slice(0, 100));
        rows.push(...(await compute(pages, tokenIds.slice(0, 145), 100)));
        for (let end = 146; end <= tokenIds.length; end++) {
          rows.push(...(await compute(pages, tokenIds.slice(0, end), end - 1)));
        }
        return rows;
      };
      const inOrder = await inChunks([0, 1, 2]);
      const anyPages = fc.uniqueArray(fc.nat(NUM_PAGES - 1), { minLength: 3, maxLength: 3 });
      await fc.assert(
        fc.asyncProperty(anyPages, async (pages) => expectSameRows(await inChunks(pages), inOrder, true)),
        { numRuns: 4, examples: [[[11, 5, 0]]] },
      );
    });

    it.each([1, 2])(
      'give two sequences that share the first %i the bits of each alone',
      async (numShared) => {
        const start = numShared * PAGE_TOKENS;
        const beginning = someTokenIds(start, vocabSize, 2);
        const [first, second] = [3, 4].map((seed) => [...beginning, ...someTokenIds(30, vocabSize, seed)]);
        if (first === undefined || second === undefined) throw new Error('there are two');
        const alone = [await compute([0, 1, 2], first), await compute([0, 1, 2], second)];

        const shared = [7, 3].slice(0, numShared);
        await compute(shared, beginning);
        const sequences = [
          { pages: [...shared, 9], tokenIds: first },
          { pages: [...shared, 4], tokenIds: second },
        ];
        const together: Float32Array[][] = [[], []];
        // A chunk of each in one step, then decodes of both side by side.
        const spans: readonly Span[] = [[start, start + 20], ...range(start + 20, start + 30)];
        for (const [from, to] of spans) {
          const rows = await runner.stepOver(
            sequences.map(({ pages, tokenIds }): SegmentInput => ({
              pages,
              positionStart: from,
              tokenIds: tokenIds.slice(from, to),
              logits: 'all',
            })),
          );
          together.forEach((own, index) =>
            own.push(...rows.slice((index * rows.length) / 2, ((index + 1) * rows.length) / 2)),
          );
        }
        together.forEach((rows, index) => expectSameRows(rows, alone[index]?.slice(start) ?? []));
        // And what they share is as it was.
        const [last] = await runner.stepOver([
          { pages: shared, positionStart: start - 1, tokenIds: beginning.slice(-1), logits: 'last' },
        ]);
        expectSameRow(last ?? new Float32Array(), alone[0]?.[start - 1] ?? new Float32Array(), bitExact);
      },
    );
  });

  const attend = async (
    qkv: Rows,
    given: AttentionHeads,
    steps: readonly (readonly SegmentInput[])[],
    numPages: number,
    numWindowPages?: number,
  ): Promise<Float32Array[][]> => {
    const cache = { numPages, ...(numWindowPages === undefined ? {} : { numWindowPages }) };
    const attended = await attendInSteps(runtime, { qkv, given, steps, ...cache, buckets: BUCKETS });
    return attended.map((rows) => rows.map((row) => Float32Array.from(row)));
  };

  it('give the same bits where they are many, whole or token by token', async () => {
    const given = { ...HEADS, window: undefined };
    const length = 17 * PAGE_TOKENS + 9;
    const numPages = pagesFor(length);
    const qkv = someRows(length, qkvDim(given), 5);
    const pages = Array.from({ length: numPages }, (_, page) => page);
    const [whole = []] = await attend(qkv, given, [[{ pages, ...tokensFrom(0, length) }]], numPages);
    // 5 and 18 have no divisor in common: every page once, neighbours far apart.
    const scattered = pages.map((page) => (5 * page + 3) % numPages);
    const numDecodes = 12;
    const steps = [
      [{ pages: scattered, ...tokensFrom(0, length - numDecodes) }],
      ...range(length - numDecodes, length).map(([token]) => [{ pages: scattered, ...tokensFrom(token, 1) }]),
    ];
    expectSameRows((await attend(qkv, given, steps, numPages)).flat(), whole);
  });

  describe.each([1, PAGE_TOKENS, 70, 130])('before a window of %i', (window) => {
    const given = { ...HEADS, window };
    const pages = [4, 1, 5, 0];
    const numPages = 6;
    const length = 210;
    const qkv = someRows(length, qkvDim(given), 6);
    /** A prompt, a chunk, and decodes before and behind the token from which on a page is out of sight. */
    const spans: readonly Span[] = [[0, 150], [150, 190], ...range(190, length)];
    const segmentOf = ([from, to]: Span, ofSpan: readonly number[]): SegmentInput => ({
      pages: ofSpan,
      ...tokensFrom(from, to - from),
    });
    /** The pages that tokens from `start` on may look at. */
    const inSight = (start: number): number[] =>
      pages.map((page, index) => ((index + 1) * PAGE_TOKENS <= start + 1 - window ? GONE : page));
    const stepsWith = (pagesAt: (start: number) => readonly number[]): SegmentInput[][] =>
      spans.map((span) => [segmentOf(span, pagesAt(span[0]))]);

    let kept: Float32Array[][]; // [steps][rows][heads * headDim]
    beforeAll(async () => {
      const steps = stepsWith(() => pages);
      kept = await attend(qkv, given, steps, numPages);
    });

    it('may be gone: the bits are the same', async () => {
      expect(inSight(length - 1)[0]).toBe(GONE);
      const gone = await attend(qkv, given, stepsWith(inSight), numPages);
      expectSameRows(gone.flat(), kept.flat(), true);
    });

    it('may be gone from a table of the layer itself: the bits are the same', async () => {
      const windowPages = [2, 0, 3, 1];
      const steps = spans.map((span) => {
        const own = inSight(span[0]).map((page, index) => (page === GONE ? GONE : (windowPages[index] ?? 0)));
        return [{ ...segmentOf(span, pages), windowPages: own }];
      });
      const apart = await attend(qkv, given, steps, numPages, windowPages.length);
      expectSameRows(apart.flat(), kept.flat(), true);
    });

    it('may have been given to another sequence, which computes beside', async () => {
      // The other has tokens that the page did not have: a prompt of 40, then decodes in the last steps.
      const otherOf = ([from, to]: Span, page: number): SegmentInput => ({
        ...tokensFrom(100 + from, to - from),
        pages: [page],
        positionStart: from,
      });
      const ofOther: readonly Span[] = [[0, 40], ...range(40, 49)];
      const [alone = []] = await attend(qkv, given, [[otherOf([0, 49], 2)]], numPages);
      const firstStep = spans.length - ofOther.length;
      expect(inSight(spans[firstStep]?.[0] ?? NaN)[0]).toBe(GONE);
      const steps = stepsWith(inSight).map((step, index) => {
        const span = ofOther[index - firstStep];
        return span === undefined ? step : [...step, otherOf(span, pages[0] ?? NaN)];
      });
      const together = await attend(qkv, given, steps, numPages);
      expectSameRows(
        together.flatMap((rows, index) => rows.slice(0, kept[index]?.length)),
        kept.flat(),
      );
      expectSameRows(
        together.flatMap((rows, index) => rows.slice(kept[index]?.length)),
        alone,
      );
    });
  });
});

/** Tokens from one up to another. */
type Span = readonly [from: number, to: number];

/** Spans of one token each. */
const range = (from: number, to: number): Span[] =>
  Array.from({ length: to - from }, (_, i) => [from + i, from + i + 1]);
