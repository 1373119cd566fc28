import { describe, expect, it } from 'vitest';
import { planCache } from '../../../src/scheduler/cache-plan.ts';

const MIB = 2 ** 20;
/** GPT-2 small in float32: 12 layers of 12 heads of 64. */
const GPT2 = { maxNumSeqs: 8, maxModelLen: undefined, contextLength: 1024, bytesPerPage: 64 * 73_728 };
/** Qwen3-0.6B in half precision: 28 layers of 8 heads of 128, trained for 32,768 tokens. */
const QWEN3 = { maxNumSeqs: 32, maxModelLen: undefined, contextLength: 32_768, bytesPerPage: 64 * 114_688 };

describe('planCache', () => {
  it('makes no more pages than sequences can fill', () => {
    expect(planCache({ ...GPT2, budgetBytes: 1024 * MIB })).toEqual({ numPages: 128, maxModelLen: 1024 });
    expect(planCache({ ...GPT2, maxModelLen: 100, budgetBytes: 1024 * MIB })).toEqual({
      numPages: 16,
      maxModelLen: 100,
    });
  });

  it('makes as many as fit otherwise, and leaves the context alone', () => {
    expect(planCache({ ...GPT2, budgetBytes: 300 * MIB })).toEqual({ numPages: 66, maxModelLen: 1024 });
    expect(planCache({ ...QWEN3, budgetBytes: 4096 * MIB })).toEqual({ numPages: 585, maxModelLen: 32_768 });
  });

  it('cuts a context that nobody asked for to what one sequence may have', () => {
    expect(planCache({ ...QWEN3, budgetBytes: 1024 * MIB })).toEqual({ numPages: 146, maxModelLen: 9344 });
  });

  it('says what is missing when a length that was asked for does not fit', () => {
    const asked = { ...QWEN3, maxModelLen: 16_384, budgetBytes: 1024 * MIB };
    expect(() => planCache(asked)).toThrow(
      /16384 tokens needs 1879048192: raise KV_CACHE_MB to at least 1792/,
    );
    expect(() => planCache({ ...GPT2, budgetBytes: MIB })).toThrow(/raise KV_CACHE_MB to at least 5/);
  });

  it('refuses a length that the model was not trained for', () => {
    expect(() => planCache({ ...GPT2, maxModelLen: 1025, budgetBytes: 1024 * MIB })).toThrow(
      /MAX_MODEL_LEN is 1025, but the model was trained for 1024 tokens/,
    );
  });
});
