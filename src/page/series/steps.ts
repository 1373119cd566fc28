import type { Projections } from './book.ts';
import { product, scaled, softmaxRows, transposed, type Matrix } from './matrix.ts';

/** The pieces of attention one by one, each as the series "Writing an LLM from scratch" has it; x is [tokens][width]. */

export interface AttentionStep {
  /** [queries][keys] */
  scores: Matrix;
  weights: Matrix;
  /** [tokens][width of values] */
  context: Matrix;
}

/** Every token against every other, by nothing but their vectors: X Xᵀ, softmax, A X. */
export function simpleSelfAttention(x: Matrix): AttentionStep {
  const scores = product(x, transposed(x)); // [tokens][tokens]
  const weights = softmaxRows(scores);
  return { scores, weights, context: product(weights, x) };
}

/** With weights that training changes, each [in][out]; divided by the root of the keys' width. */
export function trainableSelfAttention(x: Matrix, { query, key, value }: Projections): AttentionStep {
  const q = product(x, query); // [tokens][out]
  const k = product(x, key);
  const v = product(x, value);
  const scores = scaled(product(q, transposed(k)), 1 / Math.sqrt(k[0]?.length ?? 1)); // [tokens][tokens]
  const weights = softmaxRows(scores);
  return { scores, weights, context: product(weights, v) };
}

/** Linear layers hold their weights as [out][in]. */
export const ofLinearLayers = ({ query, key, value }: Projections): Projections => ({
  query: transposed(query),
  key: transposed(key),
  value: transposed(value),
});

/** No token sees those after it: minus infinity before the softmax, so that they take no part in its sum. */
export function causalSelfAttention(x: Matrix, projections: Projections): AttentionStep {
  const { scores: all } = trainableSelfAttention(x, projections);
  const scores = all.map((row, query) => row.map((score, key) => (key > query ? -Infinity : score)));
  const weights = softmaxRows(scores);
  return { scores, weights, context: product(weights, product(x, projections.value)) };
}

/**
 * Weights as training sees them: each is left out with probability `rate`, and those that stay are 1/(1 - rate) times
 * as large, so that their sum stays the same on average.
 *
 * @param random numbers from 0 to 1
 */
export function dropout(weights: Matrix, rate: number, random: () => number): number[][] {
  return weights.map((row) => row.map((weight) => (random() < rate ? 0 : weight / (1 - rate))));
}

/** xorshift of 32 bits: the same seed gives the same numbers. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

export interface PaddingCost {
  /** Pairs of a query and a key that a batch computes which is padded to its longest row: rows * longest². */
  paddedPairs: number;
  /** Pairs of tokens that are there: the sum of the squares. */
  usefulPairs: number;
  /** Share of the work that was for nothing. */
  waste: number;
}

/** @param lengths tokens of each row of a batch */
export function paddingCost(lengths: readonly number[]): PaddingCost {
  const longest = Math.max(0, ...lengths);
  const paddedPairs = lengths.length * longest ** 2;
  const usefulPairs = lengths.reduce((sum, length) => sum + length ** 2, 0);
  return { paddedPairs, usefulPairs, waste: paddedPairs === 0 ? 0 : 1 - usefulPairs / paddedPairs };
}

/**
 * Several heads from one matrix each for queries, keys and values: their columns are dealt to the heads, each head
 * attends by itself, and their contexts are laid side by side and mixed by the output projection.
 *
 * @param projections each [in][heads * headDim]
 * @param output [heads * headDim][out], and its bias
 */
export function multiHeadAttention(
  x: Matrix,
  projections: Projections,
  numHeads: number,
  output: { weight: Matrix; bias: readonly number[] },
): { heads: AttentionStep[]; context: Matrix } {
  const width = (projections.query[0]?.length ?? 0) / numHeads;
  const stripe = (matrix: Matrix, head: number): number[][] =>
    matrix.map((row) => row.slice(head * width, (head + 1) * width));
  const heads = Array.from({ length: numHeads }, (_, head) =>
    causalSelfAttention(x, {
      query: stripe(projections.query, head),
      key: stripe(projections.key, head),
      value: stripe(projections.value, head),
    }),
  );
  const joined = x.map((_, token) => heads.flatMap(({ context }) => context[token] ?? [])); // [tokens][heads * headDim]
  const context = product(joined, output.weight).map((row) =>
    row.map((value, column) => value + (output.bias[column] ?? 0)),
  );
  return { heads, context };
}

/** Bytes of the scores of one head of one layer, in float32. */
export const scoreBytes = (numTokens: number): number => 4 * numTokens ** 2;
