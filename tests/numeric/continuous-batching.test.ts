import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { expectSameRow } from '../support/compare.ts';
import type { SeatSegment } from '../support/seats.ts';
import { RUNTIMES_WITH_INT8 } from '../support/runtimes.ts';
import { someTokenIds, StepRunner } from '../support/step-runner.ts';

const NUM_SEATS = 4;

/** A sequence that enters at some step, computes its tokens in chunks of these sizes, and leaves its seat. */
const plan = fc.record({
  firstStep: fc.nat(6),
  chunks: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }),
  seed: fc.nat(1000),
});

describe.each(RUNTIMES_WITH_INT8)(
  'sequences that join and leave between steps on $label',
  ({ create, bitExact }) => {
    let runtime: Runtime;
    let runner: StepRunner;
    beforeAll(async () => {
      runtime = await create();
      runner = await StepRunner.load(runtime, 'gpt2-variants/untied-f32-head-dim-6', NUM_SEATS + 1);
    });
    afterAll(() => runtime.dispose());

    it('each get the logits that they get alone, whoever computes beside them and whoever had the seat before', async () => {
      const { vocabSize, contextLength } = runner.loaded.config;
      await fc.assert(
        fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 8 }), async (plans) => {
          const waiting = plans.map(({ firstStep, chunks, seed }) => {
            const length = Math.min(
              contextLength,
              chunks.reduce((sum, chunk) => sum + chunk, 0),
            );
            return {
              firstStep,
              chunks: [...chunks],
              tokenIds: someTokenIds(length, vocabSize, seed),
              numComputed: 0,
            };
          });
          const running = new Map<number, (typeof waiting)[number]>();
          for (let step = 0; waiting.length + running.size > 0; step++) {
            for (let seat = 0; seat < NUM_SEATS; seat++) {
              const next = waiting.findIndex(({ firstStep }) => firstStep <= step);
              const [sequence] = running.has(seat) || next < 0 ? [] : waiting.splice(next, 1);
              if (sequence !== undefined) running.set(seat, sequence);
            }
            const inputs = [...running].map(([seat, sequence]): SeatSegment => {
              const { numComputed, tokenIds } = sequence;
              const tokens = tokenIds.slice(numComputed, numComputed + (sequence.chunks.shift() ?? 1));
              return { seat, positionStart: numComputed, tokenIds: tokens, logits: 'last' };
            });
            const logits = inputs.length > 0 ? await runner.step(inputs) : [];
            for (const [index, { seat, positionStart, tokenIds }] of inputs.entries()) {
              const sequence = running.get(seat);
              if (sequence === undefined) continue;
              sequence.numComputed = positionStart + tokenIds.length;
              const alone = await runner.lastOf(sequence.tokenIds.slice(0, sequence.numComputed), NUM_SEATS);
              expectSameRow(logits[index] ?? new Float32Array(), alone, bitExact);
              if (sequence.numComputed === sequence.tokenIds.length) running.delete(seat);
            }
          }
        }),
        { numRuns: 30 },
      );
    });
  },
);
