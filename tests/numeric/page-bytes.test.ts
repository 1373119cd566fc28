import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pagesFor } from '../../src/pages.ts';
import { type KvCache, type PageBytes, pageBytesOf, type Runtime } from '../../src/runtime/runtime.ts';
import { expectSameRow } from '../support/compare.ts';
import { pagesOfSeat } from '../support/seats.ts';
import { RUNTIMES_WITH_INT8 } from '../support/runtimes.ts';
import { someTokenIds, StepRunner } from '../support/step-runner.ts';

const NUM_SEATS = 4;

describe.each(RUNTIMES_WITH_INT8)('the bytes of pages on $label', ({ create, bitExact }) => {
  let runtime: Runtime;
  let pageBytes: PageBytes | undefined;
  beforeAll(async () => {
    runtime = await create();
    ({ pageBytes } = runtime);
  });
  afterAll(() => runtime.dispose());

  function bytesOf(cache: KvCache, page: number): Uint8Array {
    const bytes = new Uint8Array(pageBytesOf(cache));
    pageBytes?.readPage(cache, page, bytes);
    return bytes;
  }

  it('are had from every runtime whose kernels are in C++, and from the reference', () => {
    const isAbsent = ['webgpu', 'tensorflow', 'tensorflow-gpu'].includes(runtime.name);
    expect(pageBytes === undefined).toBe(isAbsent);
  });

  it('are all that a sequence needs to go on elsewhere, with the same bits, and touch no other page', async () => {
    if (pageBytes === undefined) return;
    const { writePage } = pageBytes;
    const runner = await StepRunner.load(runtime, 'tiny-gpt2', NUM_SEATS);
    const { vocabSize, contextLength } = runner.loaded.config;
    const any = fc.record({
      from: fc.nat(NUM_SEATS - 1),
      to: fc.nat(NUM_SEATS - 1),
      length: fc.integer({ min: 1, max: contextLength - 1 }),
      seed: fc.nat(1000),
    });
    await fc.assert(
      fc.asyncProperty(any, async ({ from, to, length, seed }) => {
        const texts = Array.from({ length: NUM_SEATS }, (_, seat) =>
          someTokenIds(contextLength, vocabSize, seed + seat),
        );
        const expected: Float32Array[] = [];
        for (const [seat, tokenIds] of texts.entries()) expected.push(await runner.lastOf(tokenIds, seat));
        const numPages = pagesFor(length);
        const sources = pagesOfSeat(from, runner.seatLength).subarray(0, numPages); // [pages]
        const kept = [...sources].map((page) => bytesOf(runner.cache, page));
        // Something else lies in the pages meanwhile.
        await runner.whole(someTokenIds(contextLength, vocabSize, seed + 77), to);
        const targets = pagesOfSeat(to, runner.seatLength); // [pages]
        for (const [i, bytes] of kept.entries()) writePage(runner.cache, targets[i] ?? NaN, bytes);
        expect(bytesOf(runner.cache, targets[0] ?? NaN)).toEqual(kept[0]);
        const ofFrom = texts[from] ?? [];
        const next = ofFrom.slice(length, length + 1);
        const [logits] = await runner.step([
          { seat: to, positionStart: length, tokenIds: next, logits: 'last' },
        ]);
        const alone = await runner.lastOf(ofFrom.slice(0, length + 1), to);
        expectSameRow(logits ?? new Float32Array(), alone, bitExact);
        for (const [seat, tokenIds] of texts.entries()) {
          if (seat === to) continue;
          const [row] = await runner.step([
            { seat, positionStart: tokenIds.length - 1, tokenIds: tokenIds.slice(-1), logits: 'last' },
          ]);
          expectSameRow(row ?? new Float32Array(), expected[seat] ?? new Float32Array(), bitExact);
        }
      }),
      { numRuns: 5 },
    );
    runner.cache.dispose();
  });

  it('are refused where they are not those of a page', async () => {
    if (pageBytes === undefined || runtime.name === 'cpu') return;
    const { readPage, writePage } = pageBytes;
    const runner = await StepRunner.load(runtime, 'tiny-gpt2', 1);
    const { numPages } = runner.cache.shape;
    const bytes = bytesOf(runner.cache, 0);
    for (const page of [-1, numPages])
      expect(() => writePage(runner.cache, page, bytes)).toThrow('a page lies');
    expect(() => readPage(runner.cache, numPages, bytes)).toThrow('a page lies');
    expect(() => writePage(runner.cache, 0, bytes.subarray(1))).toThrow('a page lies');
    runner.cache.dispose();
  });
});
