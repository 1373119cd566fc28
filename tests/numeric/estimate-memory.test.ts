import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { cacheShape, estimateMemory, modelSizeOf } from '../../src/engine/estimate-memory.ts';
import { OpenModel } from '../../src/model/load-model.ts';

import { RUNTIMES } from '../support/runtimes.ts';

const EMBEDDED = fileURLToPath(new URL('../../model-weights', import.meta.url));
const SETTINGS = {
  maxModelLen: undefined,
  maxNumSeqs: 4,
  kvCacheBytes: 2 ** 30,
  freeMemoryBytes: 0,
  memoryLimitBytes: undefined,
  maxNumBatchedTokens: 128,
  weights: 'f32',
} as const;

describe.each(RUNTIMES)('the estimate, on $label', ({ name, create }) => {
  it('has the bytes that weights and cache then take, but for padding', async () => {
    const model = await OpenModel.open(EMBEDDED);
    const shape = cacheShape(modelSizeOf(model), SETTINGS, name);
    const estimate = estimateMemory(modelSizeOf(model), shape, {
      ...SETTINGS,
      runtime: name,
    });
    const runtime = await create();
    const before = runtime.memory().numBytes;
    await model.load(runtime, shape.maxModelLen);
    const weightBytes = runtime.memory().numBytes - before;
    const kvCacheBytes = runtime.createKvCache(shape).numBytes;
    await runtime.dispose();
    await model.close();
    // Rows are padded to whole vectors, heads to whole cache lines.
    for (const ratio of [weightBytes / estimate.weightBytes, kvCacheBytes / estimate.kvCacheBytes]) {
      expect(ratio).toBeGreaterThanOrEqual(1);
      expect(ratio).toBeLessThan(1.2);
    }
  });
});
