import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PAGE_TOKENS } from '../../src/pages.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { expectSameRow } from '../support/compare.ts';
import type { SeatSegment } from '../support/seats.ts';
import { RUNTIMES, RUNTIMES_WITH_INT8 } from '../support/runtimes.ts';
import { someTokenIds, StepRunner } from '../support/step-runner.ts';

const MODELS = ['tiny-gpt2', 'gpt2-variants/untied-f32-head-dim-6', 'gpt2-variants/untied-f16-head-dim-7'];
const CASES = RUNTIMES_WITH_INT8.flatMap((runtime) => MODELS.map((model) => ({ ...runtime, model })));

/**
 * What a sequence's logits may depend on: its own tokens up to each position, and nothing else. Bit for bit where
 * the runtime promises it.
 */
describe.each(CASES)('$model on $label', ({ create, model, bitExact }) => {
  let runtime: Runtime;
  let runner: StepRunner;
  let context: number;
  let vocabSize: number;
  beforeAll(async () => {
    runtime = await create();
    runner = await StepRunner.load(runtime, model, 8);
    ({ contextLength: context, vocabSize } = runner.loaded.config);
  });
  afterAll(() => runtime.dispose());

  const sequence = (length: number, seed: number) => someTokenIds(length, vocabSize, seed);
  const prefill = (seat: number, tokenIds: number[], logits: SeatSegment['logits'] = 'all'): SeatSegment => ({
    seat,
    positionStart: 0,
    tokenIds,
    logits,
  });
  function expectSameRows(actual: readonly Float32Array[], expected: readonly Float32Array[]): void {
    expect(actual.length).toBe(expected.length);
    actual.forEach((row, index) => expectSameRow(row, expected[index] ?? new Float32Array(), bitExact));
  }

  it('decodes over the cache to what the full forward gives at every position', async () => {
    const tokenIds = sequence(context, 1);
    const whole = await runner.whole(tokenIds); // [tokens][vocab]
    const decoded: Float32Array[] = []; // [tokens][vocab]
    for (const [position, tokenId] of tokenIds.entries()) {
      decoded.push(
        ...(await runner.step([{ seat: 5, positionStart: position, tokenIds: [tokenId], logits: 'last' }])),
      );
    }
    expectSameRows(decoded, whole);
  });

  it.each([1, 3, 8, 11])('prefills in chunks of %i to what one chunk gives', async (chunkLength) => {
    const tokenIds = sequence(context - 1, 2);
    const chunked: Float32Array[] = [];
    for (let start = 0; start < tokenIds.length; start += chunkLength) {
      const chunk = tokenIds.slice(start, start + chunkLength);
      chunked.push(
        ...(await runner.step([{ seat: 2, positionStart: start, tokenIds: chunk, logits: 'all' }])),
      );
    }
    expectSameRows(chunked, await runner.whole(tokenIds));
  });

  it('gives each row of a ragged padded batch what it gets alone, lengths 1 and the full context included', async () => {
    const sequences = [1, context, 6, 2, Math.floor(context / 2)].map((length, seed) =>
      sequence(length, seed),
    );
    const together = await runner.step(sequences.map((tokenIds, index) => prefill(7 - index, tokenIds)));
    const alone: Float32Array[] = [];
    for (const tokenIds of sequences) alone.push(...(await runner.whole(tokenIds)));
    expectSameRows(together, alone);
  });

  it('mixes decodes and prefill chunks in one step without one touching the other', async () => {
    const [first, second, third] = [sequence(9, 3), sequence(12, 4), sequence(5, 5)];
    await runner.step([prefill(6, first.slice(0, 8), 'none'), prefill(1, second.slice(0, 4), 'none')]);
    const mixed = await runner.step([
      { seat: 6, positionStart: 8, tokenIds: first.slice(8), logits: 'last' },
      { seat: 1, positionStart: 4, tokenIds: second.slice(4), logits: 'last' },
      prefill(3, third, 'last'),
    ]);
    const alone = [await runner.lastOf(first), await runner.lastOf(second), await runner.lastOf(third)];
    expectSameRows(mixed, alone);
  });

  it('gives duplicates in a batch identical rows', async () => {
    const tokenIds = sequence(6, 6);
    const rows = await runner.step([prefill(0, tokenIds), prefill(1, tokenIds)]); // [2 * 6][vocab]
    expect(rows.slice(6)).toEqual(rows.slice(0, 6));
  });

  it('never lets a later token change an earlier one', async () => {
    const tokenIds = sequence(context, 7);
    const otherEnd = [...tokenIds.slice(0, 10), ...sequence(context - 10, 8)];
    const whole = await runner.whole(tokenIds); // [tokens][vocab]
    expect((await runner.whole(otherEnd)).slice(0, 10)).toEqual(whole.slice(0, 10));
    expectSameRows(await runner.whole(tokenIds.slice(0, 10)), whole.slice(0, 10));
  });

  it('lets padding change nothing: one bucket or another, or none', async () => {
    const inputs = [prefill(0, sequence(3, 9)), prefill(4, sequence(2, 10), 'last')];
    const unpadded = await runner.step(inputs, []);
    expectSameRows(await runner.step(inputs, [8]), unpadded);
    expectSameRows(await runner.step(inputs, [64]), unpadded);
  });

  it('lets padding write no cache', async () => {
    const tokenIds = sequence(4, 11);
    const expected = await runner.lastOf(tokenIds, 0);
    await runner.step([prefill(0, tokenIds.slice(0, 3), 'none')]);
    await runner.step([prefill(7, sequence(1, 12))], [16]);
    const [row = new Float32Array()] = await runner.step([
      { seat: 0, positionStart: 3, tokenIds: tokenIds.slice(3), logits: 'last' },
    ]);
    expectSameRow(row, expected, bitExact);
  });

  it('forgets what a seat held before', async () => {
    const tokenIds = sequence(5, 13);
    await runner.whole(sequence(context, 14), 2);
    expectSameRows(await runner.whole(tokenIds, 2), await runner.whole(tokenIds, 6));
  });

  it('keeps no tensor after a step', async () => {
    await runner.step([prefill(0, sequence(7, 15))]);
    const before = runtime.memory();
    for (let position = 7; position < 20; position++) {
      await runner.step([{ seat: 0, positionStart: position, tokenIds: [1], logits: 'last' }]);
    }
    expect(runtime.memory()).toEqual(before);
  });
});

describe.each(RUNTIMES)('a runtime: $label', ({ create, label }) => {
  it('frees every tensor when disposed of', async () => {
    const first = await create();
    const baseline = first.memory();
    const runner = await StepRunner.load(first, 'tiny-gpt2');
    await runner.whole([1, 2, 3]);
    expect(first.memory().numTensors).toBeGreaterThan(baseline.numTensors);
    await first.dispose();
    const second = await create();
    expect(second.memory()).toEqual(baseline);
    await second.dispose();
  });

  it('says what it is', async () => {
    const runtime = await create();
    expect(label.startsWith(runtime.name)).toBe(true);
    expect(runtime.numThreads).toBeGreaterThanOrEqual(1);
    expect(runtime.description).toMatch(/tfjs/);
    await runtime.dispose();
  });

  it('counts 73,728 bytes of cache a token at the shape of GPT-2 small', async () => {
    const runtime = await create();
    const cache = runtime.createKvCache({
      numLayers: 12,
      numKvHeads: 12,
      headDim: 64,
      numPages: 3,
      maxStepPages: 3,
    });
    expect(cache.numBytes).toBe(73_728 * 3 * PAGE_TOKENS);
    cache.dispose();
    await runtime.dispose();
  });
});
