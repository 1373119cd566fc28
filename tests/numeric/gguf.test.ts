import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { readJsonFixture } from '../support/fixtures.ts';
import { EVERY_RUNTIME } from '../support/runtimes.ts';
import { StepRunner } from '../support/step-runner.ts';

interface Golden {
  promptTokenIds: number[];
  tokenIds: number[];
}

/** Written by PyPI's `gguf`, continued by transformers with the weights it reads back: scripts/goldens/gguf_tiny.py. */
const VARIANTS = ['f32', 'f16', 'q8_0'];

describe.each(EVERY_RUNTIME)('GGUF on $label against transformers on PyTorch', ({ create }) => {
  let runtime: Runtime;
  beforeEach(async () => {
    runtime = await create();
  });
  afterEach(() => runtime.dispose());

  it.each(VARIANTS)('continues prompts greedily with the same tokens: %s', async (variant) => {
    const runner = await StepRunner.load(runtime, `gguf/tiny-gpt2-${variant}.gguf`);
    const goldens = readJsonFixture('gguf', `tiny-gpt2-${variant}.json`) as Golden[];
    expect(goldens.length).toBeGreaterThan(4);
    for (const { promptTokenIds, tokenIds } of goldens) {
      const all = [...promptTokenIds, ...tokenIds];
      const logits = await runner.whole(all.slice(0, -1)); // [tokens][vocab]
      const chosen = logits.slice(promptTokenIds.length - 1).map((row) => row.indexOf(Math.max(...row)));
      expect(chosen).toEqual(tokenIds);
    }
  });
});

describe('the goldens', () => {
  it('gives from F32 the tokens that the safetensors give', () => {
    const goldens = readJsonFixture('gguf', 'tiny-gpt2-f32.json') as Golden[];
    const fromSafetensors = readJsonFixture('tiny-gpt2', 'completions.json') as Golden[];
    expect(goldens.map(({ tokenIds }) => tokenIds)).toEqual(fromSafetensors.map(({ tokenIds }) => tokenIds));
  });
});
