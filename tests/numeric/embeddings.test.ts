import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineCore } from '../../src/engine/worker/engine-core.ts';
import { ModelRunner } from '../../src/engine/worker/model-runner.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { Sampler } from '../../src/sampling/sampler.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { expectClose } from '../support/compare.ts';
import { readJsonFixture } from '../support/fixtures.ts';
import { RUNTIMES } from '../support/runtimes.ts';
import { StepRunner } from '../support/step-runner.ts';

interface Golden {
  model: string;
  tokenIds: number[];
  embedding: number[];
}

const GOLDENS = readJsonFixture('embeddings.json') as Golden[];
const NUM_SEATS = 3;
/** Less than the longest text, and than all of them together. */
const NUM_BATCHED_TOKENS = 32;

describe.each(RUNTIMES)('embeddings on $label against transformers on PyTorch', ({ create }) => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await create();
  });
  afterAll(() => runtime.dispose());

  it.each(['tiny-gpt2', 'tiny-llama/gqa'])(
    'are those of %s, more texts than seats at once',
    async (model) => {
      const goldens = GOLDENS.filter((golden) => golden.model === model);
      expect(goldens.length).toBeGreaterThan(NUM_SEATS);
      const { loaded, cache } = await StepRunner.load(runtime, model, NUM_SEATS);
      const runner = new ModelRunner(loaded.model, runtime, cache);
      const scheduler = new Scheduler({
        numSeats: NUM_SEATS,
        numPages: cache.shape.numPages,
        maxNumBatchedTokens: NUM_BATCHED_TOKENS,
        prefixCache: true,
      });
      const core = new EngineCore(scheduler, runner, new Sampler(loaded.config.vocabSize));
      goldens.forEach(({ tokenIds }, id) => core.addEmbedding(id, tokenIds));
      const embeddings = new Map<number, Float32Array>();
      for (;;) {
        const answers = await core.stepEmbeddings();
        if (answers === undefined) break;
        for (const { id, embedding } of answers.finished) embeddings.set(id, embedding);
      }
      for (const [id, { embedding }] of goldens.entries())
        expectClose(embeddings.get(id) ?? [], embedding, 1e-5);
      const reserved = Array.from({ length: NUM_SEATS }, () =>
        scheduler.queue.tryReserve(scheduler.queue.ask('', 1)),
      );
      expect(reserved).not.toContain(false);
      cache.dispose();
    },
  );
});
