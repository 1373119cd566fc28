import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectAttention, type AttentionWeights } from '../../src/model/inspect-attention.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { SafetensorsReader } from '../../src/weights/safetensors-reader.ts';
import { expectClose } from '../support/compare.ts';
import { fixturePath, readJsonFixture } from '../support/fixtures.ts';
import { inSeat } from '../support/seats.ts';
import { RUNTIMES } from '../support/runtimes.ts';
import { someTokenIds, StepRunner } from '../support/step-runner.ts';

const VARIANTS = ['tied-f32-head-dim-8', 'untied-f32-head-dim-6', 'no-biases', 'one-head-one-layer'];

describe.each(RUNTIMES)('attention weights on $label', ({ create }) => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await create();
  });
  afterAll(() => runtime.dispose());

  const inspect = async (
    { loaded, cache, seatLength }: StepRunner,
    tokenIds: readonly number[],
  ): Promise<AttentionWeights> => {
    const weights: AttentionWeights = [];
    for (let layerIndex = 0; layerIndex < loaded.config.numLayers; layerIndex++) {
      const inspection = { runtime, cache, ...inSeat(0, seatLength), tokenIds, layerIndex };
      weights.push(await inspectAttention(loaded.model, inspection));
    }
    return weights;
  };

  it.each(VARIANTS)("are transformers' own, in every layer and head: %s", async (variant) => {
    const runner = await StepRunner.load(runtime, `gpt2-variants/${variant}`);
    const prompts = readJsonFixture('gpt2-variants', variant, 'prompts.json') as number[][];
    const tokenIds = prompts[2] ?? [];
    const expected = await SafetensorsReader.open(
      fixturePath('gpt2-variants', variant, 'expected.safetensors'),
    );
    const golden = await expected.read('attentions.2'); // [layers, heads, tokens, tokens]
    await expected.close();
    expectClose((await inspect(runner, tokenIds)).flat(3), golden, 1e-5);
  });

  it('grow fourfold when the prompt doubles', async () => {
    const runner = await StepRunner.load(runtime, 'tiny-gpt2');
    const { vocabSize, numLayers, numHeads } = runner.loaded.config;
    const numWeights = async (numTokens: number) =>
      (await inspect(runner, someTokenIds(numTokens, vocabSize, 1))).flat(3).length;
    expect(await numWeights(6)).toBe(36 * numLayers * numHeads);
    expect(await numWeights(12)).toBe(4 * (await numWeights(6)));
  });
});
