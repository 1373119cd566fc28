import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPrefixDisk } from '../../src/engine/worker/disk/open-prefix-disk.ts';
import { PrefixDisk } from '../../src/engine/worker/disk/prefix-disk.ts';
import { EngineCore } from '../../src/engine/worker/engine-core.ts';
import { ModelRunner } from '../../src/engine/worker/model-runner.ts';
import { type LoadedModel, loadModel } from '../../src/model/load-model.ts';
import { PAGE_TOKENS } from '../../src/pages.ts';
import type { KvCache, Runtime } from '../../src/runtime/runtime.ts';
import { Sampler } from '../../src/sampling/sampler.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { sequenceRequest } from '../support/core-run.ts';
import { RUNTIMES_WITH_INT8 } from '../support/runtimes.ts';
import { EMBEDDED_MODEL } from '../support/service.ts';
import { someTokenIds } from '../support/step-runner.ts';
import { tempDirectory } from '../support/temp-directory.ts';

const NUM_PAGES = 12;
/** Four whole pages, and some tokens of a fifth. */
const NUM_TOKENS = 4 * PAGE_TOKENS + 20;

const kernels = RUNTIMES_WITH_INT8.filter(({ name }) => name === 'native' || name === 'wasm');

describe.each(kernels)('prefixes on disk, on $label', ({ create }) => {
  let runtime: Runtime;
  let loaded: LoadedModel;
  beforeAll(async () => {
    runtime = await create();
    loaded = await loadModel(EMBEDDED_MODEL, runtime);
  });
  afterAll(() => runtime.dispose());

  /** An engine that has started anew: a cache of its own, and the folder. */
  async function complete(path: string, digest = 'a'): Promise<{ logprobs: number[]; numCached: number }> {
    const { numLayers, numKvHeads, headDim, vocabSize } = loaded.config;
    const shape = { numLayers, numKvHeads, headDim, numPages: NUM_PAGES, maxStepPages: NUM_PAGES };
    const cache: KvCache = runtime.createKvCache(shape);
    const scheduler = new Scheduler({
      numSeats: 1,
      numPages: NUM_PAGES,
      maxNumBatchedTokens: 100,
      prefixCache: true,
    });
    // However busy the machine is, reading is faster.
    const costs = { isMeasured: true, predictMs: () => 60_000 };
    const { queue } = scheduler;
    const settings = { prefixDisk: { path, maxBytes: 1e9 }, prefixCache: true };
    const disk = await openPrefixDisk(settings, { runtime, cache, digest, costs, queue });
    if (!(disk instanceof PrefixDisk)) throw new Error('there is a disk');
    const runner = new ModelRunner(loaded.model, runtime, cache);
    const core = new EngineCore(scheduler, runner, new Sampler(vocabSize), undefined, disk);
    await disk.opened(60_000);
    core.submit(sequenceRequest(1, someTokenIds(NUM_TOKENS, vocabSize, 3), { numLogprobs: 5 }));
    const outcome = { logprobs: [] as number[], numCached: NaN };
    for (let isOpen = true; isOpen;) {
      disk.tend(undefined);
      const report = await core.step();
      for (const { token, finish, numCachedTokens } of report?.updates ?? []) {
        if (numCachedTokens !== undefined) outcome.numCached = numCachedTokens;
        const { logprob = NaN, topLogprobs = [] } = token ?? {};
        if (token !== undefined) outcome.logprobs.push(logprob, ...topLogprobs.map((top) => top.logprob));
        if (finish !== undefined) isOpen = false;
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await disk.close(20_000);
    cache.dispose();
    return outcome;
  }

  it('give the very bits that are computed', async () => {
    const path = tempDirectory();
    const computed = await complete(path);
    expect(computed.numCached).toBe(0);
    expect(readdirSync(join(path, 'pages')).length).toBe(4);
    const read = await complete(path);
    expect(read.numCached).toBe(4 * PAGE_TOKENS);
    expect(read.logprobs).toEqual(computed.logprobs);
    expect((await complete(path, 'another model')).numCached).toBe(0);
  });
});
