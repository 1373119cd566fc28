import { EngineError } from '../../../src/errors.ts';
import { TOP_LOGITS, type TopLogits, type WeighedRow } from '../../../src/runtime/step-batch.ts';
import {
  DEFAULT_SAMPLING_PARAMS,
  SamplerState,
  type SamplingParams,
} from '../../../src/sampling/sampling-params.ts';

export function stateOf(params: Partial<SamplingParams> = {}, promptTokenIds: number[] = []): SamplerState {
  return new SamplerState({
    params: { ...DEFAULT_SAMPLING_PARAMS, ...params },
    promptTokenIds,
    seed: params.seed ?? 1,
    stream: 0,
  });
}

/** The top of a row by sorting all of it. */
export function topOf(logits: Float32Array): TopLogits {
  const tokenIds = [...logits.keys()]
    .sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0) || a - b)
    .slice(0, TOP_LOGITS);
  const largest = Math.max(...logits);
  return {
    tokenIds: Int32Array.from(tokenIds),
    logits: Float32Array.from(tokenIds, (id) => logits[id] ?? NaN),
    logSumExp: largest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0)),
  };
}

/** A row with its top and its weight by sorting and summing all of it. */
export function weigh(row: Float32Array, temperature: number): WeighedRow {
  const { tokenIds, logits } = topOf(row);
  const largest = Math.max(...row);
  const totalWeight = row.reduce((sum, logit) => sum + Math.exp((logit - largest) / temperature), 0);
  return { row, tokenIds, logits, totalWeight };
}

export function errorOf(run: () => unknown): EngineError {
  try {
    run();
  } catch (error) {
    if (error instanceof EngineError) return error;
  }
  throw new Error('no EngineError was thrown');
}
