import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant } from '../../src/errors.ts';
import type { Gpt2 } from '../../src/model/gpt2.ts';
import { SamplerState, DEFAULT_SAMPLING_PARAMS } from '../../src/sampling/sampling-params.ts';
import { Sampler } from '../../src/sampling/sampler.ts';
import type { TrainingKernels } from './kernels.ts';
import { forward } from './loss-and-gradients.ts';
import { TokenBuffers } from './token-buffers.ts';
import { NO_DROPOUT, TrainingOps } from './training-ops.ts';

export const SAMPLING = { temperature: 0.8, topK: 40, numTokens: 120 } as const;

export interface Sample {
  /** The prompt, or its beginning: half a short context is left to what is said. */
  readonly promptIds: readonly number[];
  /** What the model said, up to an end token. */
  readonly drawnIds: readonly number[];
}

/**
 * One continuation of each prompt, all in one batch; without a cache, since a card needs few of them.
 * @param endTokenIds any of them ends a sample
 */
export function drawSamples(
  kernels: TrainingKernels,
  model: Gpt2,
  prompts: readonly Int32Array[],
  endTokenIds: ReadonlySet<number>,
  seed: number,
): Sample[] {
  const { vocabSize, contextLength } = model.config;
  const { temperature, topK, numTokens } = SAMPLING;
  const params = { ...DEFAULT_SAMPLING_PARAMS, temperature, topK };
  const sampler = new Sampler(vocabSize);
  const sequences = prompts.map((prompt, stream) => {
    const promptIds = [...prompt.subarray(0, Math.ceil(contextLength / 2))];
    const state = new SamplerState({ params, promptTokenIds: promptIds, seed, stream });
    return { promptIds, tokenIds: [...promptIds], done: false, state };
  });
  const longest = Math.max(...sequences.map(({ tokenIds }) => tokenIds.length)) + numTokens;
  const seqLen = Math.min(contextLength, Math.ceil(longest / 8) * 8);
  const buffers = new TokenBuffers(kernels.memory, sequences.length, seqLen);
  for (let i = 0; i < numTokens && sequences.some(({ done }) => !done); i++) {
    const logits = batchLogits(
      kernels,
      model,
      buffers,
      sequences.map(({ tokenIds }) => tokenIds),
    ); // [rows, vocab]
    sequences.forEach((sequence, index) => {
      if (sequence.done || sequence.tokenIds.length >= seqLen) return;
      const row = index * seqLen + sequence.tokenIds.length - 1;
      const rowLogits = logits.subarray(row * vocabSize, (row + 1) * vocabSize); // [vocab]
      const { tokenId } = sampler.sampleToken(rowLogits, sequence.state);
      if (endTokenIds.has(tokenId)) sequence.done = true;
      else sequence.tokenIds.push(tokenId);
    });
  }
  buffers.dispose();
  return sequences.map(({ promptIds, tokenIds }) => ({
    promptIds,
    drawnIds: tokenIds.slice(promptIds.length),
  }));
}

/** Rows after a sequence's end are computed too; causality keeps them from mattering. */
function batchLogits(
  kernels: TrainingKernels,
  model: Gpt2,
  buffers: TokenBuffers,
  sequences: readonly (readonly number[])[],
): Float32Array {
  const { numSequences, seqLen, numRows } = buffers;
  const ids = new Int32Array(numRows); // [rows]
  sequences.forEach((tokenIds, i) => ids.set(tokenIds, i * seqLen));
  buffers.fill({ ids, targets: new Int32Array(numRows), numSequences, seqLen });
  const logits = tf.tidy(() => forward(model, new TrainingOps(kernels, buffers, NO_DROPOUT, 0))); // [rows, vocab]
  const values = logits.dataSync();
  logits.dispose();
  assertInvariant(values instanceof Float32Array, 'logits are float32');
  return values;
}
