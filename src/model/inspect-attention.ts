import { assertInvariant } from '../errors.ts';
import { buildStepBatch } from '../runtime/build-step-batch.ts';
import type { Activation, TransformerOps } from '../runtime/ops.ts';
import type { KvCache, Runtime } from '../runtime/runtime.ts';
import type { CausalLm } from './causal-lm.ts';

/** Attention weights by layer, head, query and key: [layers][heads][tokens][tokens]; each row sums to 1. */
export type AttentionWeights = number[][][][];

/**
 * What every head of every layer looks at in a prompt, on any runtime. Each layer's queries and keys are read back
 * by a forward pass of its own that stops there: made for people to look at, not for speed.
 * @param lane a free lane of the cache; overwritten
 */
export async function inspectAttention(
  model: CausalLm,
  runtime: Runtime,
  cache: KvCache,
  lane: number,
  tokenIds: readonly number[],
): Promise<AttentionWeights> {
  const { numLayers, numHeads, headDim } = model.config;
  const batch = buildStepBatch([{ lane, positionStart: 0, tokenIds, logits: 'last' }]);
  const weights: number[][][][] = [];
  for (let layerIndex = 0; layerIndex < numLayers; layerIndex++) {
    const rows = await runtime.runStep(batch, cache, (ops) => qkvOfLayer(model, ops, layerIndex)); // [tokens][3 * dim]
    const qkv = rows.slice(0, tokenIds.length).map((row) => {
      assertInvariant(row instanceof Float32Array, 'rows come whole unless the batch asks for their top');
      return row;
    }); // [tokens][3 * dim]
    weights.push(Array.from({ length: numHeads }, (_, head) => headWeights(qkv, numHeads, headDim, head)));
  }
  return weights;
}

/** Runs the model up to the attention of one layer and returns what goes into it: [rows, 3 * dim]. */
function qkvOfLayer(model: CausalLm, ops: TransformerOps, layerIndex: number): Activation {
  let found: Activation | undefined;
  /** Once the layer is reached nothing more is computed, so nothing can overwrite what was found. */
  const unlessFound = (compute: () => Activation): Activation => found ?? compute();
  model.forward({
    embed: (tokens, positions, scale) => ops.embed(tokens, positions, scale),
    linear: (x, weight, bias) => unlessFound(() => ops.linear(x, weight, bias)),
    layerNorm: (x, gain, shift, epsilon) => unlessFound(() => ops.layerNorm(x, gain, shift, epsilon)),
    attention: (qkv, layer, heads) => {
      if (layer === layerIndex) found = qkv;
      return unlessFound(() => ops.attention(qkv, layer, heads));
    },
    rmsNorm: (x, gain, epsilon) => unlessFound(() => ops.rmsNorm(x, gain, epsilon)),
    normHeads: (qkv, queryGain, keyGain, epsilon, stripes) =>
      unlessFound(() => ops.normHeads(qkv, queryGain, keyGain, epsilon, stripes)),
    rotate: (qkv, rotation, stripes) => unlessFound(() => ops.rotate(qkv, rotation, stripes)),
    gelu: (x) => unlessFound(() => ops.gelu(x)),
    gate: (x, activation) => unlessFound(() => ops.gate(x, activation)),
    add: (x, y) => unlessFound(() => ops.add(x, y)),
    dropout: (x) => x,
    selectRows: (x) => unlessFound(() => ops.selectRows(x)),
  });
  assertInvariant(found, `the model has attention in layer ${layerIndex}`);
  return found;
}

/** softmax(q k^T / sqrt(headDim)) of one head over the keys up to the query: [tokens][tokens]. */
function headWeights(
  qkv: readonly Float32Array[],
  numHeads: number,
  headDim: number,
  head: number,
): number[][] {
  const dim = numHeads * headDim;
  const stripe = (row: Float32Array, start: number) =>
    row.subarray(start + head * headDim).subarray(0, headDim); // [headDim]
  const keys = qkv.map((row) => stripe(row, dim)); // [tokens][headDim]
  return qkv.map((row, query) => {
    const q = stripe(row, 0); // [headDim]
    const scores = keys.slice(0, query + 1).map((key) => dot(q, key) / Math.sqrt(headDim));
    const largest = Math.max(...scores);
    const exponentials = scores.map((score) => Math.exp(score - largest));
    const sum = exponentials.reduce((total, value) => total + value, 0);
    return qkv.map((_, key) => (exponentials[key] ?? 0) / sum); // [tokens]
  });
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}
