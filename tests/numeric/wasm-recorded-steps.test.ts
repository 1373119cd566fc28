import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildStepBatch, type SegmentInput } from '../../src/runtime/build-step-batch.ts';
import { createCpuRuntime } from '../../src/runtime/cpu/start.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { createWasmRuntime } from '../../src/runtime/wasm/wasm-runtime.ts';
import { expectClose } from '../support/compare.ts';
import { someTokenIds, StepRunner } from '../support/step-runner.ts';

/** Of logits up to 15. Both sum in float32, each in its own order. */
const TOLERANCE = 2e-5;
const MODELS = ['tiny-gpt2', 'tiny-llama/gqa', 'tiny-qwen3/head-dim-16', 'tiny-gemma3/pattern-6'];

/** Chunks of prompts, decodes and both together: numbers of rows that come again, shrink and grow. */
function someSteps(vocabSize: number): SegmentInput[][] {
  const segment = (lane: number, positionStart: number, length: number, logits: SegmentInput['logits']) => ({
    lane,
    positionStart,
    tokenIds: someTokenIds(length, vocabSize, lane + 5 * positionStart),
    logits,
  });
  return [
    [segment(2, 0, 1, 'last')],
    [segment(0, 0, 5, 'none')],
    [segment(0, 5, 3, 'last'), segment(2, 1, 1, 'last')],
    [segment(1, 0, 9, 'all'), segment(0, 8, 1, 'last'), segment(2, 2, 1, 'last')],
    [segment(2, 3, 1, 'last')],
    [segment(0, 9, 1, 'last'), segment(1, 9, 1, 'last'), segment(2, 4, 1, 'last')],
    [segment(3, 0, 12, 'last'), segment(0, 10, 3, 'all')],
    [segment(2, 5, 1, 'last')],
  ];
}

/** The logits of the same steps by stock operations of tfjs, which run alone: tfjs has one backend at a time. */
async function stepsByReference(model: string): Promise<Float32Array[][]> {
  const runtime = await createCpuRuntime();
  const runner = await StepRunner.load(runtime, model, 4);
  const logits: Float32Array[][] = [];
  for (const inputs of someSteps(runner.loaded.config.vocabSize)) logits.push(await runner.step(inputs));
  await runtime.dispose();
  return logits; // [steps][logitRows][vocab]
}

/** A step's logits, each of its tokens computed in a step of its own: [logitRows][vocab]. */
async function stepByTokens(runner: StepRunner, inputs: readonly SegmentInput[]): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  for (const { lane, positionStart, tokenIds, logits } of inputs) {
    for (const [index, tokenId] of Array.from(tokenIds).entries()) {
      const isWanted = logits === 'all' || (logits === 'last' && index === tokenIds.length - 1);
      const token = { lane, positionStart: positionStart + index, tokenIds: [tokenId] };
      rows.push(...(await runner.step([{ ...token, logits: isWanted ? 'last' : 'none' }])));
    }
  }
  return rows;
}

const references = new Map<string, Float32Array[][]>();
beforeAll(async () => {
  for (const model of MODELS) references.set(model, await stepsByReference(model));
});

describe.each([1, 2, 3])('a recorded step on %i threads', (numThreads) => {
  let recorded: Runtime;
  let single: Runtime;
  beforeAll(async () => {
    recorded = await createWasmRuntime({ numThreads, weights: 'f32' });
    single = await createWasmRuntime({ numThreads: 1, weights: 'f32' });
  });
  afterAll(async () => {
    await recorded.dispose();
    await single.dispose();
  });

  it.each(MODELS)('has the logits of the reference: %s', async (model) => {
    const runner = await StepRunner.load(recorded, model, 4);
    const steps = someSteps(runner.loaded.config.vocabSize);
    for (const [index, inputs] of steps.entries()) {
      const logits = await runner.step(inputs); // [logitRows][vocab]
      const expected = references.get(model)?.[index] ?? [];
      expect(logits.length).toBe(expected.length);
      logits.forEach((row, r) => expectClose(row, expected[r] ?? [], TOLERANCE));
    }
  });

  it.each(MODELS)('has the bits of one token after the other on one thread: %s', async (model) => {
    const together = await StepRunner.load(recorded, model, 4);
    const apart = await StepRunner.load(single, model, 4);
    for (const inputs of someSteps(together.loaded.config.vocabSize)) {
      expect(await together.step(inputs)).toEqual(await stepByTokens(apart, inputs));
    }
  });

  it('holds for one cache and one forward pass: others get recordings of their own', async () => {
    const first = await StepRunner.load(recorded, 'tiny-gpt2', 2);
    const second = await StepRunner.load(recorded, 'tiny-gpt2', 3);
    const prompt = someTokenIds(6, first.loaded.config.vocabSize, 1);
    const other = someTokenIds(6, first.loaded.config.vocabSize, 2);
    const [alone] = await first.step([{ lane: 1, positionStart: 0, tokenIds: prompt, logits: 'last' }]);
    await second.step([{ lane: 1, positionStart: 0, tokenIds: other, logits: 'last' }]);
    await first.step([{ lane: 1, positionStart: 0, tokenIds: prompt.slice(0, 5), logits: 'none' }]);
    await second.step([{ lane: 1, positionStart: 0, tokenIds: other.slice(0, 5), logits: 'none' }]);
    const [last] = await first.step([
      { lane: 1, positionStart: 5, tokenIds: prompt.slice(5), logits: 'last' },
    ]);
    expect(last).toEqual(alone);
  });

  it('writes nowhere else after a larger one that could not be recorded made it move', async () => {
    const runtime = await createWasmRuntime({ numThreads, weights: 'f32' });
    const first = await StepRunner.load(runtime, 'tiny-gpt2', 2);
    const { vocabSize } = first.loaded.config;
    const small: SegmentInput[] = [
      { lane: 0, positionStart: 0, tokenIds: someTokenIds(9, vocabSize, 1), logits: 'all' },
    ];
    const expected = await first.step(small);
    const foreign = { name: 'of no runtime', shape: [4, 32] };
    const table = runtime.createParameter('table', [2, 32], new Float32Array(2 * 32));
    const large = buildStepBatch([
      { lane: 0, positionStart: 0, tokenIds: new Array<number>(100).fill(1), logits: 'all' },
    ]);
    const failing = runtime.runStep(large, first.cache, (ops) =>
      ops.linear(ops.gelu(ops.embed(table, undefined)), foreign, undefined),
    );
    await expect(failing).rejects.toThrow();
    // What the arena left is taken by others.
    const tables = Array.from({ length: 40 }, (_, i) =>
      runtime.createParameter(`${i}`, [2, 32], new Float32Array(64).fill(i + 1)),
    );
    expect(await first.step(small)).toEqual(expected);
    for (const [i, taken] of tables.entries()) {
      const one = buildStepBatch([{ lane: 0, positionStart: 0, tokenIds: [1], logits: 'all' }]);
      const [row] = await runtime.runStep(one, first.cache, (ops) => ops.embed(taken, undefined));
      expect(row).toEqual(new Float32Array(32).fill(i + 1));
    }
    await runtime.dispose();
  });
});
