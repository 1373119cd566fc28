import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModelRunner, stepCost } from '../../src/engine/worker/model-runner.ts';
import { buildStepBatch } from '../../src/runtime/build-step-batch.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import type { ScheduledSequence } from '../../src/scheduler/step-builder.ts';
import { createSequence } from '../../src/scheduler/sequence.ts';
import { expectClose } from '../support/compare.ts';
import { inSeat } from '../support/seats.ts';
import { computesPadding, RUNTIMES } from '../support/runtimes.ts';
import { someTokenIds, StepRunner, wholeRow } from '../support/step-runner.ts';

describe.each(RUNTIMES)('the model runner on $label', (variant) => {
  let runtime: Runtime;
  let reference: StepRunner;
  let runner: ModelRunner;
  beforeAll(async () => {
    runtime = await variant.create();
    reference = await StepRunner.load(runtime, 'tiny-gpt2');
    runner = new ModelRunner(reference.loaded.model, runtime, reference.cache);
  });
  afterAll(() => runtime.dispose());

  function scheduled(
    id: number,
    seat: number,
    tokenIds: readonly number[],
    numTokens: number,
  ): ScheduledSequence {
    const sequence = createSequence(id, tokenIds, 10);
    sequence.holder = {
      pages: [...inSeat(seat, reference.seatLength).pages],
      windowPages: [],
      nodes: [],
      salt: undefined,
      owner: '',
    };
    return {
      sequence,
      numScheduledTokens: numTokens,
      draftTokenIds: [],
      completesTokens: numTokens === tokenIds.length,
    };
  }

  it('hands each sequence its own logits: none for a chunk, the last of a prompt, or all where they are wanted', async () => {
    const prompts = [9, 6, 4].map((length, seed) =>
      someTokenIds(length, reference.loaded.config.vocabSize, seed),
    );
    const [chunk = [], scored = [], last = []] = prompts;
    const scoredLogits = await reference.whole(scored, 7);
    const lastLogits = await reference.whole(last, 7);
    const sequences = [scheduled(1, 0, chunk, 5), scheduled(2, 1, scored, 6), scheduled(3, 2, last, 4)];
    const step = { sequences, started: [], freshPages: [], freshWindowPages: [], copies: [] };
    const { logits, cost } = await runner.run(step, (id) => ({
      everyRow: id === 2,
      topIsEnough: false,
      temperature: 0,
    }));
    expect(logits.map((rows) => rows.length)).toEqual([0, 6, 1]);
    expectClose(
      logits[1]?.flatMap((row) => [...wholeRow(row)]) ?? [],
      scoredLogits.flatMap((row) => [...row]),
      1e-4,
    );
    expectClose(wholeRow(logits[2]?.[0]), lastLogits[3] ?? [], 1e-4);
    expect(cost).toMatchObject({ numRows: 15, numPaddedRows: computesPadding(variant) ? 1 : 0 });
  });
});

describe('stepCost', () => {
  const batchOf = (lengths: readonly number[]) =>
    buildStepBatch(
      lengths.map((length, seat) => ({
        ...inSeat(seat, length),
        positionStart: 0,
        tokenIds: new Int32Array(length),
        logits: 'last' as const,
      })),
    );
  const costOf = (lengths: readonly number[]) => {
    const batch = batchOf(lengths);
    return stepCost(batch, batch.numRows);
  };

  it('counts as padding what the runtime computed beyond the tokens', () => {
    expect(stepCost(batchOf([3, 2]), 5)).toMatchObject({ numRows: 5, numPaddedRows: 0 });
    expect(stepCost(batchOf([3, 2]), 8)).toMatchObject({ numRows: 5, numPaddedRows: 3 });
  });

  it('tells what a rectangle of prompts of 6, 6, 6 and 512 tokens would score: 1,048,576 pairs', () => {
    const cost = costOf([6, 6, 6, 512]);
    expect(cost.numRectangularScores).toBe(1_048_576);
    // 3 * 6^2 + 512^2 = 262,252 useful pairs with the masked half; the causal half is what is computed.
    expect(2 * cost.numScores - cost.numRows).toBe(262_252);
  });

  it('pays for the cache in a decode: one score a key', () => {
    const batch = buildStepBatch([{ ...inSeat(0, 101), positionStart: 100, tokenIds: [1], logits: 'last' }]);
    expect(stepCost(batch, 1)).toMatchObject({ numScores: 101, numRectangularScores: 101 });
  });

  it('grows fourfold with twice the prompt, but for the diagonal', () => {
    const square = (length: number) => 2 * costOf([length]).numScores - length;
    expect(square(64)).toBe(4 * square(32));
  });
});
