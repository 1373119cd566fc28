import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pagesFor } from '../../src/pages.ts';
import { pagesOfSeat } from '../support/seats.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { expectSameRow } from '../support/compare.ts';
import { RUNTIMES_WITH_INT8 } from '../support/runtimes.ts';
import { someTokenIds, StepRunner } from '../support/step-runner.ts';

const NUM_SEATS = 4;
const ALONE = NUM_SEATS;

describe.each(RUNTIMES_WITH_INT8)('copies from page to page on $label', ({ create, bitExact }) => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await create();
  });
  afterAll(() => runtime.dispose());

  /** Copies the pages that the first tokens of a seat take. */
  function copy({ cache, seatLength }: StepRunner, from: number, to: number, numTokens: number): void {
    const targets = pagesOfSeat(to, seatLength); // [pages]
    for (const [i, source] of pagesOfSeat(from, seatLength).subarray(0, pagesFor(numTokens)).entries()) {
      runtime.copyPage(cache, source, targets[i] ?? NaN);
    }
  }

  const seat = fc.nat(NUM_SEATS - 1);

  it.each([
    { model: 'gpt2-variants/untied-f32-head-dim-6', pagesEach: 1, numRuns: 6 },
    { model: 'tiny-gpt2', pagesEach: 2, numRuns: 2 },
  ])(
    'let a sequence go on behind what another computed, and leave all other seats as they are: $model',
    async ({ model, pagesEach, numRuns }) => {
      const runner = await StepRunner.load(runtime, model, NUM_SEATS + 1);
      const { vocabSize, contextLength } = runner.loaded.config;
      expect(pagesFor(contextLength)).toBe(pagesEach);
      const any = fc.record({ from: seat, to: seat, length: fc.nat(contextLength), seed: fc.nat(1000) });
      await fc.assert(
        fc.asyncProperty(fc.array(any, { minLength: 1, maxLength: 8, size: 'max' }), async (copies) => {
          const held = Array.from({ length: NUM_SEATS }, (_, i) =>
            someTokenIds(contextLength - 4 * i, vocabSize, i),
          );
          for (const [i, tokenIds] of held.entries()) await runner.whole(tokenIds, i);
          for (const { from, to, length, seed } of copies) {
            const numTokens = Math.min(length, held[from]?.length ?? 0, contextLength - 1);
            if (from === to || numTokens === 0) continue;
            copy(runner, from, to, numTokens);
            held[to] = held[from]?.slice(0, numTokens) ?? [];
            const [next = 0] = someTokenIds(1, vocabSize, seed);
            held[to].push(next);
            const [logits] = await runner.step([
              { seat: to, positionStart: numTokens, tokenIds: [next], logits: 'last' },
            ]);
            expectSameRow(logits ?? new Float32Array(), await runner.lastOf(held[to], ALONE), bitExact);
          }
          // Every seat still holds what it should: its last token computed anew sees all before it.
          for (const [i, tokenIds] of held.entries()) {
            const [logits] = await runner.step([
              { seat: i, positionStart: tokenIds.length - 1, tokenIds: tokenIds.slice(-1), logits: 'last' },
            ]);
            expectSameRow(logits ?? new Float32Array(), await runner.lastOf(tokenIds, ALONE), bitExact);
          }
        }),
        { numRuns },
      );
      runner.cache.dispose();
    },
  );

  it('keep no tensors', async () => {
    const runner = await StepRunner.load(runtime, 'gpt2-variants/untied-f32-head-dim-6', NUM_SEATS);
    await runner.whole(someTokenIds(9, runner.loaded.config.vocabSize, 1), 0);
    runtime.copyPage(runner.cache, 0, 1);
    const before = runtime.memory();
    for (let i = 0; i < 5; i++) runtime.copyPage(runner.cache, i % 2, 2 + (i % 2));
    expect(runtime.memory()).toEqual(before);
  });
});
