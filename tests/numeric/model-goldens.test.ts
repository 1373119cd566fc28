import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { SafetensorsReader } from '../../src/weights/safetensors-reader.ts';
import { expectClose } from '../support/compare.ts';
import { fixturePath, readJsonFixture } from '../support/fixtures.ts';
import { EVERY_RUNTIME } from '../support/runtimes.ts';
import { StepRunner } from '../support/step-runner.ts';

interface GoldenCompletion {
  prompt: string;
  promptTokenIds: number[];
  tokenIds: number[];
}

/** Random GPT-2s made and run by transformers on PyTorch: scripts/goldens/gpt2_variants.py. */
const VARIANTS = readdirSync(fixturePath('gpt2-variants'));

describe.each(EVERY_RUNTIME)('GPT-2 on $label against transformers on PyTorch', ({ create }) => {
  let runtime: Runtime;
  beforeEach(async () => {
    runtime = await create();
  });
  afterEach(() => runtime.dispose());

  it('has variants to compare', () => {
    expect(VARIANTS.length).toBeGreaterThanOrEqual(7);
  });

  it.each(VARIANTS)('gives the same logits: %s', async (variant) => {
    const runner = await StepRunner.load(runtime, `gpt2-variants/${variant}`);
    const prompts = readJsonFixture('gpt2-variants', variant, 'prompts.json') as number[][];
    const expected = await SafetensorsReader.open(
      fixturePath('gpt2-variants', variant, 'expected.safetensors'),
    );
    for (const [index, tokenIds] of prompts.entries()) {
      const logits = await runner.whole(tokenIds, index); // [tokens][vocab]
      const golden = await expected.read(`logits.${index}`); // [tokens, vocab]
      expectClose(
        logits.flatMap((row) => [...row]),
        golden,
        1e-4,
      );
    }
    await expected.close();
  });

  it('continues prompts greedily with the same tokens, one cached token a step', async () => {
    const runner = await StepRunner.load(runtime, 'tiny-gpt2');
    const completions = readJsonFixture('tiny-gpt2', 'completions.json') as GoldenCompletion[];
    for (const golden of completions) {
      let logits = await runner.step([
        { seat: 3, positionStart: 0, tokenIds: golden.promptTokenIds, logits: 'last' },
      ]);
      const tokenIds: number[] = [];
      for (const position of golden.tokenIds.map((_, index) => golden.promptTokenIds.length + index)) {
        const tokenId = argMax(logits[0] ?? new Float32Array());
        tokenIds.push(tokenId);
        if (tokenIds.length < golden.tokenIds.length) {
          logits = await runner.step([
            { seat: 3, positionStart: position, tokenIds: [tokenId], logits: 'last' },
          ]);
        }
      }
      expect(tokenIds, golden.prompt).toEqual(golden.tokenIds);
    }
  });
});

function argMax(values: Float32Array): number {
  return values.indexOf(Math.max(...values));
}
