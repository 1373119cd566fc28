import { describe, expect, it } from 'vitest';
import { cacheShape } from '../../src/engine/cache-shape.ts';
import { estimateMemory, modelSizeOf } from '../../src/engine/estimate-memory.ts';
import { OpenModel } from '../../src/model/load-model.ts';
import { fixturePath } from '../support/fixtures.ts';
import { RUNTIMES } from '../support/runtimes.ts';

const SETTINGS = { maxModelLen: undefined, maxNumSeqs: 4, kvCacheBytes: 2 ** 30, maxNumBatchedTokens: 128 };

describe.each(RUNTIMES)('the estimate, on $label', ({ name, create }) => {
  it('has the bytes that weights and cache then take, but for padding', async () => {
    const model = await OpenModel.open(fixturePath('tiny-gpt2'));
    const shape = cacheShape(model.config, SETTINGS);
    const estimate = estimateMemory(modelSizeOf(model), shape, {
      ...SETTINGS,
      runtime: name,
      weights: 'f32',
    });
    const runtime = await create();
    const before = runtime.memory().numBytes;
    await model.load(runtime, shape.laneLength);
    const weightBytes = runtime.memory().numBytes - before;
    const kvCacheBytes = runtime.createKvCache(shape).numBytes;
    await runtime.dispose();
    await model.close();
    // Rows of a model so small are padded by up to a fifth.
    for (const ratio of [weightBytes / estimate.weightBytes, kvCacheBytes / estimate.kvCacheBytes]) {
      expect(ratio).toBeGreaterThanOrEqual(1);
      expect(ratio).toBeLessThan(1.2);
    }
  });
});
