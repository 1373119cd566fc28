import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildStepBatch } from '../../src/runtime/build-step-batch.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { createWasmRuntime } from '../../src/runtime/wasm/wasm-runtime.ts';
import { someTokenIds, StepRunner } from '../support/step-runner.ts';

const GIB = 1024 ** 3;
const unavailable: unknown = expect.objectContaining({ code: 'backend_unavailable' });

/** Bytes of keys and values for each lane: 1 MiB. */
const laneOfOneMib = { numLayers: 2, numKvHeads: 4, headDim: 16, laneLength: 1024 };

describe('memory of the wasm runtime', () => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await createWasmRuntime({ numThreads: 2, weights: 'f32' });
  });
  afterAll(() => runtime.dispose());

  it('says what it is', () => {
    expect(runtime).toMatchObject({ name: 'wasm', numThreads: 2 });
    expect(runtime.description).toMatch(/^tfjs wasm, (relaxed )?SIMD, 2 threads$/);
  });

  it('holds neither tensors nor bytes more after steps of sizes that it has seen', async () => {
    const runner = await StepRunner.load(runtime, 'tiny-gpt2', 4);
    const step = async (numTokens: number) => {
      const tokenIds = Array.from({ length: numTokens }, (_, i) => i);
      await runner.step([{ lane: numTokens % 4, positionStart: 0, tokenIds, logits: 'all' }]);
    };
    const { contextLength } = runner.loaded.config;
    await step(contextLength);
    const { numTensors, numBytes } = runtime.memory();
    for (let i = 1; i < contextLength; i++) await step(i);
    const before = runtime.memory();
    expect(before.numTensors).toBe(numTensors);
    // What is recorded of a size is some kilobytes for two layers, and nothing grows with the rows.
    expect(before.numBytes - numBytes).toBeLessThan(contextLength * 4096);
    for (let i = 1; i <= 50; i++) await step(1 + (i % contextLength));
    expect(runtime.memory()).toEqual(before);
  });

  it('frees what a failed step made', async () => {
    const cache = runtime.createKvCache({ ...laneOfOneMib, numLanes: 1 });
    const embedding = runtime.createParameter('tokens', [4, 8], new Float32Array(32));
    const batch = buildStepBatch([{ lane: 0, positionStart: 0, tokenIds: [1, 2], logits: 'last' }]);
    const fail = () =>
      expect(
        runtime.runStep(batch, cache, (ops) =>
          ops.linear(ops.embed(embedding, embedding), cacheless, undefined),
        ),
      ).rejects.toThrow('belongs to this runtime');
    // The places of a step's inputs and activations are kept, for steps that do not fail.
    await fail();
    const before = runtime.memory();
    await fail();
    expect(runtime.memory()).toEqual(before);
    cache.dispose();
  });

  it('counts a cache as long as it lives', () => {
    const before = runtime.memory().numBytes;
    const cache = runtime.createKvCache({ ...laneOfOneMib, numLanes: 3 });
    expect(cache.numBytes).toBe(3 * 1024 ** 2);
    expect(runtime.memory().numBytes - before).toBe(cache.numBytes);
    cache.dispose();
    expect(runtime.memory().numBytes).toBe(before);
  });

  it('refuses a cache and a parameter beyond 4 GiB with the numbers, unless it can be halved, and works on', async () => {
    const before = runtime.memory();
    expect(() => runtime.createKvCache({ ...laneOfOneMib, numLanes: 5 * 1024 })).toThrow(unavailable);
    expect(() => runtime.createKvCache({ ...laneOfOneMib, numLanes: 5 * 1024 })).toThrow(`${5 * GIB} bytes`);
    expect(runtime.memory()).toEqual(before);

    const huge = runtime.createKvCache({ ...laneOfOneMib, numLanes: 4 * 1024 - 160 });
    const numValues = (256 * 1024 ** 2) / 4;
    const values = new Float32Array(numValues);
    expect(() => runtime.createParameter('head', [numValues / 64, 64], values)).toThrow(unavailable);
    expect(() => runtime.createParameter('head', [numValues / 64, 64], values)).toThrow('head [1048576, 64]');
    const halving = await createWasmRuntime({ numThreads: 2, weights: 'auto' });
    halving.createParameter('head', [numValues / 64, 64], values);
    await halving.dispose();
    huge.dispose();
    expect(runtime.memory()).toEqual(before);
    const runner = await StepRunner.load(runtime, 'tiny-gpt2', 2);
    const logits = await runner.whole([1, 2, 3]); // [3][vocab]
    expect(logits.flatMap((row) => [...row]).every(Number.isFinite)).toBe(true);
  });

  it.each(['tiny-llama/tied-llama3-rope', 'gpt2-variants/tied-bf16-head-dim-10'])(
    'halves the matrices of %s, which are stored in bfloat16, and computes the same logits',
    async (fixture) => {
      const results: { numBytes: number; logits: number[][] }[] = [];
      for (const weights of ['f32', 'auto'] as const) {
        const held = await createWasmRuntime({ numThreads: 2, weights });
        const before = held.memory().numBytes;
        const runner = await StepRunner.load(held, fixture, 1);
        const numBytes = held.memory().numBytes - before - runner.cache.numBytes;
        const logits = await runner.whole(someTokenIds(16, runner.loaded.config.vocabSize, 1)); // [16][vocab]
        results.push({ numBytes, logits: logits.map((row) => [...row]) });
        await held.dispose();
      }
      const [whole, half] = results;
      expect(half!.numBytes / whole!.numBytes).toBeLessThan(0.6);
      expect(half!.logits).toEqual(whole!.logits);
    },
  );
});

const cacheless = { name: 'elsewhere', shape: [8, 8] };
