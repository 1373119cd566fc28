import { statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTokenizer } from '../../src/text/load-tokenizer.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { startRuntime } from '../../src/runtime/start-runtime.ts';
import { readJsonFixture } from '../support/fixtures.ts';
import { chooseAlong } from '../support/greedy.ts';
import { build, spawnService, urlOf, type ServiceProcess } from '../support/process.ts';
import { RUNTIME_NAMES_HERE, RUNTIMES } from '../support/runtimes.ts';
import { smollm2Gguf, smollm2Safetensors } from '../support/smollm2.ts';
import { postJson } from '../support/sse.ts';
import { StepRunner } from '../support/step-runner.ts';

/** How llama.cpp goes on: bench/peers/llama_cpp_greedy.mjs. */
interface Continuation {
  tokenIds: number[];
  /** By how much each token led the next best there, in logits. */
  margins: number[];
}
interface LlamaCppGoldens {
  prompts: {
    text: string;
    promptTokenIds: number[];
    /** Within some thousandths of float32, by its Vulkan backend. */
    float32: Continuation;
    /** As llama.cpp computes on a processor by default: activations rounded to 8 bits before each product. */
    rounded: Continuation;
  }[];
  tokenized: { text: string; tokenIds: number[] }[];
}
/** What transformers computes with the weights widened to float32: scripts/goldens/smollm2.py. */
interface TransformersGoldens {
  logits: { prompt: number; rows: { row: number; ids: number[]; logits: number[] }[] }[];
}

const llamaCpp = readJsonFixture('smollm2-llama-cpp.json') as LlamaCppGoldens;
const transformers = readJsonFixture('smollm2-transformers.json') as TransformersGoldens;
/** Two float32 sums of different order may choose differently where two tokens are this close. */
const CLOSE = 0.05;
const SEAT_LENGTH = 128;

const gguf = await smollm2Gguf();
const safetensors = await smollm2Safetensors();
const FAST = RUNTIMES.filter(({ label }) => /^(wasm|native|tensorflow), 2 threads$/.test(label));
const SLOW = RUNTIMES.filter(({ name }) => name === 'webgpu');

describe.skipIf(gguf.path === undefined)('SmolLM2-135M-Instruct in Q4_1', () => {
  const path = gguf.path ?? '';

  describe.each(FAST)('on $label', ({ create }) => {
    let runtime: Runtime;
    let runner: StepRunner;
    beforeAll(async () => {
      runtime = await create();
      runner = await StepRunner.open(runtime, path, { numSeats: 20, seatLength: SEAT_LENGTH });
    });
    afterAll(() => runtime.dispose());

    it('goes on as llama.cpp does in float32, token by token', async ({ annotate }) => {
      const sequences = llamaCpp.prompts.map(({ promptTokenIds, float32 }) => ({
        promptTokenIds,
        ...float32,
      }));
      const { agreement, differences } = await compareGreedily(runner, sequences);
      await annotate(agreement);
      // Each of them, not the first of each prompt alone.
      for (const { margin, description } of differences) expect(margin, description).toBeLessThan(CLOSE);
    });

    it('mostly goes on as llama.cpp does with activations rounded to 8 bits', async ({ annotate }) => {
      const sequences = llamaCpp.prompts.map(({ promptTokenIds, rounded }) => ({
        promptTokenIds,
        ...rounded,
      }));
      const { agreement, differences } = await compareGreedily(runner, sequences);
      await annotate(agreement);
      // transformers in float32 differs at 21 of these 960 tokens.
      expect(differences.length).toBeLessThan(30);
    });

    it('gives the logits that transformers gives with the widened weights', async ({ annotate }) => {
      let largestShare = 0;
      for (const { prompt, rows } of transformers.logits) {
        const actual = await runner.whole(llamaCpp.prompts[prompt]?.promptTokenIds ?? []); // [tokens][vocab]
        for (const { row, ids, logits } of rows) {
          const scale = Math.max(...logits.map(Math.abs));
          const shares = ids.map(
            (id, index) => Math.abs((actual[row]?.[id] ?? NaN) - (logits[index] ?? NaN)) / scale,
          );
          largestShare = Math.max(largestShare, ...shares);
        }
      }
      await annotate(`largest difference ${largestShare.toExponential(1)} of the largest logit`);
      expect(largestShare).toBeLessThan(1e-3);
    });
  });

  describe.runIf(RUNTIME_NAMES_HERE.includes('native'))('on native, in the blocks of the file', () => {
    let runtime: Runtime;
    let runner: StepRunner;
    beforeAll(async () => {
      runtime = await startRuntime('native', { numThreads: 2, weights: 'auto' });
      runner = await StepRunner.open(runtime, path, { numSeats: 20, seatLength: SEAT_LENGTH });
    });
    afterAll(() => runtime.dispose());

    it('mostly goes on as llama.cpp does, which rounds activations as well', async ({ annotate }) => {
      const sequences = llamaCpp.prompts.map(({ promptTokenIds, rounded }) => ({
        promptTokenIds,
        ...rounded,
      }));
      const { agreement, differences } = await compareGreedily(runner, sequences);
      await annotate(agreement);
      expect(differences.length).toBeLessThan(30);
    });

    it('takes no more memory than the file has', () => {
      const { numBytes } = runtime.memory();
      // [keys, values], a head's 64 bytes and their scale
      const cacheBytes = 2 * 30 * 20 * 3 * SEAT_LENGTH * (64 + 4);
      expect(numBytes - cacheBytes).toBeLessThan(1.03 * statSync(path).size);
    });
  });

  it.each(SLOW)('goes on as llama.cpp does for a few tokens on $label', async ({ create }) => {
    const runtime = await create();
    const runner = await StepRunner.open(runtime, path, { numSeats: 1, seatLength: 16, buckets: [8] });
    const [prompt] = llamaCpp.prompts;
    const tokenIds = prompt?.float32.tokenIds.slice(0, 3) ?? [];
    const choices = await chooseAlong(runner, [{ promptTokenIds: prompt?.promptTokenIds ?? [], tokenIds }]);
    expect(choices[0]?.map(({ tokenId }) => tokenId)).toEqual(tokenIds);
    await runtime.dispose();
  });

  it('has a tokenizer that encodes as llama.cpp does', async () => {
    const tokenizer = await loadTokenizer(path);
    for (const { text, promptTokenIds } of llamaCpp.prompts)
      expect(tokenizer.encode(text), text).toEqual(promptTokenIds);
    for (const { text, tokenIds } of llamaCpp.tokenized)
      expect(tokenizer.encode(text), text).toEqual(tokenIds);
  });
});

describe.skipIf(safetensors.path === undefined || FAST.length === 0)(
  "the same weights as safetensors, widened by PyPI's gguf",
  () => {
    it.each(FAST.slice(0, 1))('give the same tokens as through GGUF on $label', async ({ create }) => {
      const sequences = llamaCpp.prompts.map(({ promptTokenIds, float32 }) => ({
        promptTokenIds,
        tokenIds: float32.tokenIds.slice(0, 16),
      }));
      const chosen = async (path = ''): Promise<number[][]> => {
        const runtime = await create();
        const runner = await StepRunner.open(runtime, path, { numSeats: 20, seatLength: SEAT_LENGTH });
        const choices = await chooseAlong(runner, sequences); // [sequences][tokens]
        await runtime.dispose();
        return choices.map((ofSequence) => ofSequence.map(({ tokenId }) => tokenId));
      };
      expect(await chosen(safetensors.path)).toEqual(await chosen(gguf.path));
    });
  },
);

describe.skipIf(gguf.path === undefined || FAST.length === 0)('SmolLM2-135M-Instruct, served', () => {
  let service: ServiceProcess;
  beforeAll(() => {
    build();
    const runtime = FAST[0]?.name ?? 'cpu';
    const settings = {
      RUNTIME: runtime,
      WEIGHTS: 'f32',
      MAX_MODEL_LEN: String(SEAT_LENGTH),
      MAX_NUM_SEQS: '20',
    };
    service = spawnService({ MODEL: gguf.path ?? '', MODEL_ID: 'smollm2', ...settings });
  });
  afterAll(async () => {
    service.child.kill('SIGTERM');
    expect(await service.exited).toBe(0);
  });

  it('completes twenty prompts at once with the tokens of llama.cpp in float32', async ({ annotate }) => {
    const url = `${await urlOf(service)}/v1/completions`;
    const bodies = await Promise.all(
      llamaCpp.prompts.map(async ({ text, float32 }) => {
        const greedy = { temperature: 0, max_tokens: float32.tokenIds.length, ignore_eos: true };
        const response = await postJson(url, {
          model: 'smollm2',
          prompt: text,
          ...greedy,
          return_token_ids: true,
        });
        return (await response.json()) as { choices: { token_ids: number[] }[] };
      }),
    );
    const numEqual = bodies.map(({ choices }, index) => {
      const expected = llamaCpp.prompts[index]?.float32;
      const first = expected?.tokenIds.findIndex((tokenId, at) => choices[0]?.token_ids[at] !== tokenId) ?? 0;
      if (first === -1) return expected?.tokenIds.length ?? 0;
      expect(expected?.margins[first], `prompt ${index} differs at token ${first}`).toBeLessThan(CLOSE);
      return first;
    });
    await annotate(
      `${numEqual.reduce((sum, count) => sum + count, 0)} tokens before the first difference of each prompt`,
    );
  });
});

interface Difference {
  margin: number;
  description: string;
}

/** Follows llama.cpp's tokens with every sequence at once: where another one has the largest logit, and by how much. */
async function compareGreedily(
  runner: StepRunner,
  sequences: readonly (Continuation & { promptTokenIds: number[] })[],
): Promise<{ agreement: string; differences: Difference[] }> {
  const choices = await chooseAlong(runner, sequences); // [sequences][tokens]
  const numTokens = sequences.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
  const differences = sequences.flatMap(({ tokenIds, margins }, sequence) =>
    tokenIds.flatMap((tokenId, index): Difference[] => {
      const chosen = choices[sequence]?.[index] ?? { tokenId: -1, margin: Infinity };
      if (chosen.tokenId === tokenId) return [];
      const description = `prompt ${sequence}, token ${index}: ${chosen.tokenId}, ahead by ${chosen.margin.toFixed(4)}, for ${tokenId}, ahead by ${margins[index]}`;
      return [{ margin: chosen.margin, description }];
    }),
  );
  const largestMargin = Math.max(0, ...differences.map(({ margin }) => margin));
  const agreement = `${numTokens - differences.length} of ${numTokens} tokens agree; largest margin at a difference ${largestMargin.toFixed(4)}`;
  return { agreement, differences };
}
