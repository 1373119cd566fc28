import { describe, expect, it } from 'vitest';
import { cacheShape, type ModelSize } from '../../../src/engine/estimate-memory.ts';
import { PAGE_TOKENS } from '../../../src/pages.ts';
import type { RuntimeName } from '../../../src/runtime/traits.ts';
import { planByConfigJson } from '../../../src/model/architectures/registry.ts';
import { readJsonFixture } from '../../support/fixtures.ts';

const MIB = 2 ** 20;
const { config } = planByConfigJson(readJsonFixture('tiny-llama', 'gqa', 'config.json'));
const size: ModelSize = {
  config,
  numMatrixWeights: 100 * MIB,
  numVectorWeights: 0,
  storedFormat: 'F32',
  keptBytesPerWeight: { native: 4, wasm: 4 },
};
const settings = {
  maxModelLen: 1000,
  maxNumSeqs: 4,
  kvCacheBytes: 2 ** 30,
  freeMemoryBytes: 0,
  memoryLimitBytes: undefined,
  weights: 'f32',
} as const;

describe('cacheShape', () => {
  it('holds keys and values for the heads that have them', () => {
    expect(cacheShape(size, { ...settings, maxModelLen: 100 }, 'wasm')).toEqual({
      numLayers: 2,
      numKvHeads: 2,
      headDim: 8,
      maxNumSeqs: 4,
      maxModelLen: 100,
      // Two for each seat, the second of which is not full.
      numPages: 8,
      maxStepPages: 8,
    });
  });

  it('refuses a length that the model was not trained for, or takes what it was trained for where that will do', () => {
    expect(() => cacheShape(size, settings, 'wasm')).toThrow(/trained for 192 tokens/);
    expect(cacheShape(size, { ...settings, allowsShorter: true }, 'wasm')).toMatchObject({
      maxModelLen: 192,
    });
  });

  it('takes a fifth of what is free beside the weights on native where nothing is set', () => {
    const long = { ...size, config: { ...config, contextLength: 2 ** 20 } };
    const free = {
      ...settings,
      maxModelLen: undefined,
      kvCacheBytes: undefined,
      freeMemoryBytes: 2400 * MIB,
    };
    // 2 layers of 2 heads of 8, keys and values of 4 bytes.
    type Changes = { freeMemoryBytes?: number; memoryLimitBytes?: number; allowsShorter?: boolean };
    const mebibytes = (changes: Changes, name: RuntimeName) =>
      (cacheShape(long, { ...free, ...changes }, name).numPages * PAGE_TOKENS * 256) / MIB;
    expect(mebibytes({}, 'native')).toBeCloseTo((2400 - 400) / 5, 1);
    expect(mebibytes({ memoryLimitBytes: 1900 * MIB }, 'native')).toBeCloseTo((1900 - 400) / 5, 1);
    expect(mebibytes({ freeMemoryBytes: 1000 * MIB }, 'native')).toBe(256);
    expect(mebibytes({}, 'wasm')).toBe(1024);
    // Of a model beside the default one.
    expect(mebibytes({ allowsShorter: true }, 'native')).toBe(1024);
  });
});
