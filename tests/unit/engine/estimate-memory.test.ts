import { describe, expect, it } from 'vitest';
import {
  cacheShape,
  estimateMemory,
  modelSizeOf,
  type ModelSize,
} from '../../../src/engine/estimate-memory.ts';
import { checkMemory, neededBytesOn } from '../../../src/engine/check-memory.ts';
import { PAGE_TOKENS } from '../../../src/pages.ts';
import { OpenModel } from '../../../src/model/load-model.ts';
import { kvCacheFormat, type WeightFormat } from '../../../src/runtime/traits.ts';
import { fixturePath } from '../../support/fixtures.ts';

const SETTINGS = {
  maxModelLen: undefined,
  maxNumSeqs: 4,
  kvCacheBytes: 2 ** 30,
  freeMemoryBytes: 0,
  memoryLimitBytes: undefined,
  maxNumBatchedTokens: 128,
};

const model = await OpenModel.open(fixturePath('tiny-gpt2'));
const size = modelSizeOf(model);
await model.close();
const estimate = (
  changed: Partial<ModelSize>,
  runtime: 'cpu' | 'wasm' | 'webgpu' | 'tensorflow' | 'native',
  weights: WeightFormat = 'auto',
) => {
  const sized = { ...size, ...changed };
  const settings = { ...SETTINGS, runtime, weights };
  return estimateMemory(sized, cacheShape(sized, settings, runtime), settings);
};

describe('the estimate', () => {
  it('counts matrices half where the runtime holds what is stored as it is stored', () => {
    const whole = estimate({ storedFormat: 'F16' }, 'cpu').weightBytes;
    const half = estimate({ storedFormat: 'F16' }, 'webgpu').weightBytes;
    expect(whole - half).toBe(2 * size.numMatrixWeights);
    expect(estimate({}, 'wasm', 'bf16').weightBytes).toBe(half);
    expect(estimate({}, 'tensorflow', 'auto').weightBytes).toBe(whole);
    expect(whole - estimate({}, 'wasm', 'int8').weightBytes).toBe(3 * size.numMatrixWeights);
    // With a scale in float32 for each 32.
    expect(whole - estimate({}, 'wasm', 'auto').weightBytes).toBe((4 - 9 / 8) * size.numMatrixWeights);
  });
});

describe('on native', () => {
  it('matrices of floats take the bits of int8 with scales, those of a GGUF file no more than there', async () => {
    const floats = estimate({}, 'native').weightBytes - 4 * size.numVectorWeights;
    expect(floats).toBe((size.numMatrixWeights * 8.5) / 8);
    const gguf = await OpenModel.open(fixturePath('gguf/tiny-gpt2-q8_0.gguf'));
    const { numMatrixWeights, numVectorWeights, keptBytesPerWeight } = modelSizeOf(gguf);
    const numFileBytes = [...gguf.bytesByFormat.values()].reduce((sum, bytes) => sum + bytes, 0);
    await gguf.close();
    const numBytes = keptBytesPerWeight.native * numMatrixWeights + 4 * numVectorWeights;
    expect(numBytes).toBeLessThanOrEqual(numFileBytes);
    expect(estimate({ keptBytesPerWeight: { native: 4.7 / 8, wasm: 5 / 8 } }, 'native').weightBytes % 1).toBe(
      0,
    );
    expect(keptBytesPerWeight.native).toBeCloseTo(8.5 / 8);
    expect(keptBytesPerWeight.wasm).toBeCloseTo(9 / 8);
  });

  it('keys and values are int8 with a scale for each head beside integers, and float32 beside float32', () => {
    const { numLayers, numKvHeads, headDim } = size.config;
    const shape = cacheShape(size, { ...SETTINGS, weights: 'auto' }, 'native');
    const numBytes = 2 * numLayers * numKvHeads * headDim * shape.numPages * PAGE_TOKENS;
    expect(estimate({}, 'native').kvCacheBytes).toBe(numBytes + (4 * numBytes) / headDim);
    expect(estimate({}, 'native', 'f32').kvCacheBytes).toBe(4 * numBytes);
  });

  it('keys and values of wide heads are float16, as all are beside 16 bits', () => {
    expect(kvCacheFormat('native', 'auto', 'auto', 64)).toBe('int8');
    expect(kvCacheFormat('native', 'auto', 'auto', 128)).toBe('f16');
    expect(kvCacheFormat('native', 'auto', 'int8', 128)).toBe('int8');
    expect(kvCacheFormat('native', 'bf16', 'auto', 64)).toBe('f16');
    expect(kvCacheFormat('wasm', 'auto', 'auto', 128)).toBe('int8');
  });
});

describe('a step', () => {
  it('has room for the logits of prompts that are scored, and for no more with larger steps', () => {
    const stepBytes = (maxNumBatchedTokens: number, vocabSize: number): number => {
      const settings = { ...SETTINGS, maxNumBatchedTokens, runtime: 'cpu', weights: 'f32' } as const;
      const config = { ...size.config, vocabSize };
      const sized = { ...size, config };
      return estimateMemory(sized, cacheShape(sized, settings, 'cpu'), settings).stepBytes;
    };
    // 128 rows of prompts, and one of each of the four that run.
    const logitBytes = (rows: number): number => stepBytes(rows, 49_152) - stepBytes(rows, 0);
    expect(logitBytes(4096)).toBe(132 * 49_152 * 4);
    expect(logitBytes(65_536)).toBe(logitBytes(4096));
    expect(logitBytes(64)).toBe(64 * 49_152 * 4);
  });
});

describe('the cache', () => {
  it('is counted in bytes of int8 where the weights are held so, and holds as much more within the same memory', () => {
    const { numLayers, numKvHeads, headDim } = size.config;
    const bytesOfToken = 2 * numLayers * numKvHeads * (headDim + 4);
    const shape = cacheShape(size, { ...SETTINGS, weights: 'int8' }, 'wasm');
    const numTokens = shape.numPages * PAGE_TOKENS;
    for (const weights of ['int8', 'auto'] as const) {
      expect(estimate({}, 'wasm', weights).kvCacheBytes).toBe(numTokens * bytesOfToken);
    }
    const floatBytes = 2 * numLayers * numKvHeads * headDim * 4;
    expect(estimate({}, 'wasm', 'bf16').kvCacheBytes).toBe(numTokens * floatBytes);
    expect(estimate({}, 'cpu', 'auto').kvCacheBytes).toBe(numTokens * floatBytes);

    const tight = { ...SETTINGS, kvCacheBytes: 2 * PAGE_TOKENS * floatBytes };
    const numPages = (weights: 'f32' | 'int8'): number =>
      cacheShape(size, { ...tight, weights }, 'wasm').numPages;
    expect(numPages('f32')).toBe(2);
    expect(numPages('int8')).toBe(
      Math.min(shape.numPages, Math.floor(tight.kvCacheBytes / (PAGE_TOKENS * bytesOfToken))),
    );
  });
});

describe('what does not fit', () => {
  const large = estimate({ numMatrixWeights: 1.2e9 }, 'wasm', 'f32');

  it('is refused by a wasm heap with the numbers, and taken by a runtime without one', () => {
    expect(() => neededBytesOn(large, 'wasm')).toThrow(
      /needs 4579 MiB \(weights 4578 MiB, .*a wasm heap holds 4096 MiB/,
    );
    expect(neededBytesOn(large, 'tensorflow')).toBe(large.totalBytes);
  });

  it('is told by MEMORY_LIMIT_MB, or by what the GPU has', () => {
    const cpu = { name: 'cpu' as const, device: { name: 'a processor' } };
    expect(checkMemory(large, cpu, 8e9)).toEqual({ memoryBytes: large.totalBytes, memoryLimitBytes: 8e9 });
    expect(() => checkMemory(large, cpu, 2 ** 30)).toThrow(/MEMORY_LIMIT_MB is 1024 MiB/);
    const gpu = { name: 'webgpu' as const, device: { name: 'a card', memoryBytes: 5 * 2 ** 30 } };
    expect(() => checkMemory(large, gpu, undefined)).toThrow(/may take 4096 MiB, 80 % of what a card has/);
  });
});
