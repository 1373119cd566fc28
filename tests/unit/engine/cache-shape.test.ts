import { describe, expect, it } from 'vitest';
import { cacheShape } from '../../../src/engine/estimate-memory.ts';
import { planByConfigJson } from '../../../src/model/architectures/registry.ts';
import { readJsonFixture } from '../../support/fixtures.ts';

const { config } = planByConfigJson(readJsonFixture('tiny-llama', 'gqa', 'config.json'));
const settings = { maxModelLen: 1000, maxNumSeqs: 4, kvCacheBytes: 2 ** 30, weights: 'f32' } as const;

describe('cacheShape', () => {
  it('holds keys and values for the heads that have them', () => {
    expect(cacheShape(config, { ...settings, maxModelLen: 100 }, 'wasm')).toEqual({
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
    expect(() => cacheShape(config, settings, 'wasm')).toThrow(/trained for 192 tokens/);
    expect(cacheShape(config, { ...settings, allowsShorter: true }, 'wasm')).toMatchObject({
      maxModelLen: 192,
    });
  });
});
