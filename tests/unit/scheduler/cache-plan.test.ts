import { describe, expect, it } from 'vitest';
import { planCache } from '../../../src/scheduler/cache-plan.ts';

const MIB = 2 ** 20;
/** GPT-2 small: 72 MiB a lane of 1,024 tokens. */
const GPT2 = { maxNumSeqs: 8, maxModelLen: 1024, contextLength: 1024, bytesPerToken: 73_728 };
/** SmolLM2-135M: 30 layers of 3 heads of 64. */
const SMOLLM2 = { maxNumSeqs: 32, maxModelLen: undefined, contextLength: 8192, bytesPerToken: 46_080 };

describe('planCache', () => {
  it('makes the lanes that are wanted when they fit', () => {
    expect(planCache({ ...GPT2, budgetBytes: 1024 * MIB })).toEqual({ numLanes: 8, laneLength: 1024 });
  });

  it('makes as many as fit otherwise', () => {
    expect(planCache({ ...GPT2, budgetBytes: 300 * MIB })).toEqual({ numLanes: 4, laneLength: 1024 });
  });

  it('says what is missing when not one fits', () => {
    expect(() => planCache({ ...GPT2, budgetBytes: 50 * MIB })).toThrow(/raise KV_CACHE_MB to at least 72/);
  });

  it('refuses a length that the model was not trained for', () => {
    expect(() => planCache({ ...GPT2, maxModelLen: 1025, budgetBytes: 1024 * MIB })).toThrow(
      /MAX_MODEL_LEN is 1025, but the model was trained for 1024 tokens/,
    );
  });

  it('cuts a long context that nobody asked for until eight lanes fit', () => {
    expect(planCache({ ...SMOLLM2, budgetBytes: 1024 * MIB })).toEqual({ numLanes: 8, laneLength: 2816 });
    expect(planCache({ ...SMOLLM2, maxNumSeqs: 2, budgetBytes: 1024 * MIB })).toEqual({
      numLanes: 2,
      laneLength: 8192,
    });
  });

  it('makes fewer lanes rather than lanes of less than 2,048 tokens', () => {
    expect(planCache({ ...SMOLLM2, budgetBytes: 300 * MIB })).toEqual({ numLanes: 3, laneLength: 2048 });
  });

  it('leaves the context alone where lanes enough fit, and where it was asked for', () => {
    const whole = { numLanes: 14, laneLength: 1024 };
    expect(planCache({ ...GPT2, maxNumSeqs: 32, maxModelLen: undefined, budgetBytes: 1024 * MIB })).toEqual(
      whole,
    );
    expect(planCache({ ...SMOLLM2, maxModelLen: 8192, budgetBytes: 1024 * MIB })).toEqual({
      numLanes: 2,
      laneLength: 8192,
    });
  });
});
