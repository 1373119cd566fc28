import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { windowsOf } from '../../src/engine/estimate-memory.ts';
import { EngineCore } from '../../src/engine/worker/engine-core.ts';
import { ModelRunner } from '../../src/engine/worker/model-runner.ts';
import { loadModel, type LoadedModel } from '../../src/model/load-model.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { DEFAULT_SAMPLING_PARAMS } from '../../src/sampling/sampling-params.ts';
import { Sampler } from '../../src/sampling/sampler.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { sequenceRequest } from '../support/core-run.ts';
import { fixturePath } from '../support/fixtures.ts';
import { RUNTIMES_WITH_INT8 } from '../support/runtimes.ts';
import { someTokenIds } from '../support/step-runner.ts';

/** Five layers of six see 16 tokens, in a context of twelve pages. */
const CONTEXT = 768;
const NUM_SEATS = 3;

function longModel(): string {
  const directory = mkdtempSync(join(tmpdir(), 'tokenflare-test-'));
  cpSync(fixturePath('tiny-gemma3', 'pattern-6'), directory, { recursive: true });
  const file = join(directory, 'config.json');
  const config = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  writeFileSync(file, JSON.stringify({ ...config, max_position_embeddings: CONTEXT }));
  return directory;
}

interface Cache {
  readonly numPages: number;
  /** Of windows; undefined: layers that have one share the pages of all others. */
  readonly numWindowPages?: number;
  readonly prefixCache: boolean;
}

describe.each(RUNTIMES_WITH_INT8)('windows with pages of their own on $label', ({ name, create }) => {
  // These compute a token in the time in which kernels on a processor compute a hundred.
  const isSlow = name === 'cpu' || name === 'webgpu' || name.startsWith('tensorflow');
  const maxTokens = isSlow ? 10 : 70;
  let runtime: Runtime;
  let loaded: LoadedModel;
  beforeAll(async () => {
    runtime = await create();
    const directory = longModel();
    loaded = await loadModel(directory, runtime);
    rmSync(directory, { recursive: true });
  });
  afterAll(() => runtime.dispose());

  /** The texts of some prompts that come one after the other, and how often one was stopped. */
  async function run(
    prompts: readonly (readonly number[])[],
    { numPages, numWindowPages, prefixCache }: Cache,
  ): Promise<{ texts: number[][]; numPreemptions: number; numCached: number }> {
    const { config, model } = loaded;
    const { numLayers, numKvHeads, headDim } = config;
    const windows = windowsOf(config);
    if (windows === undefined) throw new Error('the model has windows');
    const windowed = numWindowPages === undefined ? undefined : { ...windows, numPages: numWindowPages };
    const shape = { numLayers, numKvHeads, headDim, numPages, windowed };
    const cache = runtime.createKvCache({ ...shape, maxStepPages: NUM_SEATS * 12 });
    const options = { numSeats: NUM_SEATS, maxNumBatchedTokens: 96, numPages, window: windowed, prefixCache };
    const core = new EngineCore(
      new Scheduler(options),
      new ModelRunner(model, runtime, cache),
      new Sampler(config.vocabSize),
    );
    const texts = prompts.map((): number[] => []);
    let [numPreemptions, numCached] = [0, 0];
    for (let step = 0; ; step++) {
      const [id, prompt] = [step / 2, prompts[step / 2]];
      const sampling = { ...DEFAULT_SAMPLING_PARAMS, temperature: 0 };
      if (prompt) core.submit(sequenceRequest(id, prompt, { maxTokens, sampling, minTokens: maxTokens }));
      const report = await core.step();
      if (report === undefined && step / 2 >= prompts.length) break;
      numPreemptions += report?.numPreemptions ?? 0;
      for (const { id: of, token, numCachedTokens = 0 } of report?.updates ?? []) {
        if (token) texts[of]?.push(token.tokenId);
        numCached += numCachedTokens;
      }
    }
    cache.dispose();
    return { texts, numPreemptions, numCached };
  }

  it('give the texts that one table gives, with few pages, by what others left, and where some are stopped', async () => {
    const { vocabSize } = loaded.config;
    const beginning = someTokenIds(isSlow ? 100 : 210, vocabSize, 1);
    const prompts = (isSlow ? [30, 5] : [30, 150, 260, 5, 90, 200]).map((length, i) => [
      ...(i === 4 ? [] : beginning),
      ...someTokenIds(length, vocabSize, 10 + i),
    ]);
    // The first again, with what it was answered: a turn that follows.
    const alone = await run(prompts, { numPages: 36, prefixCache: false });
    const turn = [...(prompts[0] ?? []), ...(alone.texts[0] ?? []), ...someTokenIds(20, vocabSize, 30)];
    const all = [...prompts, turn];
    const { texts: expected } = await run(all, { numPages: 36, prefixCache: false });
    const apart = await run(all, { numPages: 36, numWindowPages: 9, prefixCache: true });
    expect(apart.texts).toEqual(expected);
    if (isSlow) return;
    const scarce = await run(all, { numPages: 13, numWindowPages: 6, prefixCache: true });
    expect(scarce.texts).toEqual(expected);
    expect(scarce.numPreemptions).toBeGreaterThan(0);
    const least = await run(all, { numPages: 12, numWindowPages: 3, prefixCache: false });
    expect(least.texts).toEqual(expected);
  });
});
