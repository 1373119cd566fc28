import { assertInvariant } from '../errors.ts';
import { buildStepBatch } from '../runtime/build-step-batch.ts';
import type { Activation, AttentionHeads, TransformerOps } from '../runtime/ops.ts';
import type { KvCache, Runtime } from '../runtime/runtime.ts';
import type { CausalLm } from './architecture.ts';

/** Attention weights by layer, head, query and key: [layers][heads][tokens][tokens]; each row sums to 1. */
export type AttentionWeights = number[][][][];

export interface LayerInspection {
  readonly runtime: Runtime;
  readonly cache: KvCache;
  /** Free pages of the cache; overwritten. */
  readonly pages: ArrayLike<number>;
  readonly windowPages?: ArrayLike<number> | undefined;
  readonly tokenIds: readonly number[];
  readonly layerIndex: number;
}

/**
 * What every head of one layer looks at: [heads][tokens][tokens]. Its queries and keys are read back by a forward pass
 * that stops there: made for people to look at, not for speed.
 */
export async function inspectAttention(
  model: CausalLm,
  { runtime, cache, pages, windowPages, tokenIds, layerIndex }: LayerInspection,
): Promise<AttentionWeights[number]> {
  const batch = buildStepBatch([{ pages, windowPages, positionStart: 0, tokenIds, logits: 'last' }]);
  let heads: AttentionHeads | undefined;
  const rows = await runtime.runStep(batch, cache, (ops) => {
    const found = attentionOfLayer(model, ops, layerIndex);
    heads = found.heads;
    return found.qkv;
  }); // [tokens][qkv]
  assertInvariant(heads, 'the forward pass was run, or recorded');
  const qkv = rows.slice(0, tokenIds.length).map((row) => {
    assertInvariant(row instanceof Float32Array, 'rows come whole unless the batch asks for their top');
    return row;
  }); // [tokens][qkv]
  return weightsOfLayer(qkv, heads);
}

interface FoundAttention {
  readonly qkv: Activation; // [rows, qkv]
  readonly heads: AttentionHeads;
}

/** Runs the model up to the attention of one layer and returns what goes into it. */
function attentionOfLayer(model: CausalLm, ops: TransformerOps, layerIndex: number): FoundAttention {
  let found: FoundAttention | undefined;
  /** Once the layer is reached nothing more is computed, so nothing can overwrite what was found. */
  const unlessFound = (compute: () => Activation): Activation => found?.qkv ?? compute();
  model.forward({
    embed: (tokens, positions, scale) => ops.embed(tokens, positions, scale),
    linear: (x, weight, bias) => unlessFound(() => ops.linear(x, weight, bias)),
    layerNorm: (x, gain, shift, epsilon) => unlessFound(() => ops.layerNorm(x, gain, shift, epsilon)),
    attention: (qkv, layer, heads) => {
      if (layer === layerIndex) found ??= { qkv, heads };
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

/** The weights of every head: [heads][tokens][tokens]. */
function weightsOfLayer(qkv: readonly Float32Array[], heads: AttentionHeads): number[][][] {
  return Array.from({ length: heads.numHeads }, (_, head) => headWeights(qkv, heads, head));
}

/** softmax(q k^T * scale) of one head over the keys that a query sees: [tokens][tokens]. */
function headWeights(qkv: readonly Float32Array[], heads: AttentionHeads, head: number): number[][] {
  const { numHeads, numKvHeads, headDim, scale, window = Infinity } = heads;
  const stripe = (row: Float32Array, index: number) => row.subarray(index * headDim, (index + 1) * headDim); // [headDim]
  const kvHead = Math.floor(head / (numHeads / numKvHeads));
  const keys = qkv.map((row) => stripe(row, numHeads + kvHead)); // [tokens][headDim]
  return qkv.map((row, query) => {
    const q = stripe(row, head); // [headDim]
    const first = Math.max(0, query + 1 - window);
    const scores = keys.slice(first, query + 1).map((key) => dot(q, key) * scale);
    const largest = Math.max(...scores);
    const exponentials = scores.map((score) => Math.exp(score - largest));
    const sum = exponentials.reduce((total, value) => total + value, 0);
    return qkv.map((_, key) => (exponentials[key - first] ?? 0) / sum); // [tokens]
  });
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}
