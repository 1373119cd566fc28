import type { ModelConfig } from '../../model/model-config.ts';
import type { StepWork } from '../../scheduler/step-cost-model.ts';

/**
 * The multiply-adds of a model's steps. Every trained number of its blocks is used once a row; of its embedding, and of
 * a head apart from it, only the head counts, and only for rows whose logits are wanted.
 */
export function stepWork(
  { vocabSize, dim, numHeads, headDim, numLayers, tiedHead }: ModelConfig,
  numParameters: number,
): StepWork {
  const headSize = vocabSize * dim;
  return {
    perRow: Math.max(numParameters - headSize * (tiedHead ? 1 : 2), 1),
    perLogitRow: headSize,
    // A key by a query, and a value by what comes of it.
    perScore: 2 * numLayers * numHeads * headDim,
  };
}
