import { describe, expect, it } from 'vitest';
import { FIRST_WEIGHTS, INPUTS, LINEAR_WEIGHTS } from '../../../src/page/series/book.ts';
import type { Matrix } from '../../../src/page/series/matrix.ts';
import { formatBytes } from '../../../src/page/shell/format-bytes.ts';
import { readLengths } from '../../../src/page/series/read-lengths.ts';
import {
  causalSelfAttention,
  dropout,
  multiHeadAttention,
  ofLinearLayers,
  paddingCost,
  scoreBytes,
  seededRandom,
  simpleSelfAttention,
  trainableSelfAttention,
} from '../../../src/page/series/steps.ts';
import { expectClose } from '../../support/compare.ts';
import { readJsonFixture } from '../../support/fixtures.ts';

interface BookTables {
  inputs: Matrix;
  simpleAttention: { scores: Matrix; weights: Matrix; context: Matrix };
  selfAttentionV1: { context: Matrix };
  selfAttentionV2: { context: Matrix; causalWeights: Matrix };
}

const book = readJsonFixture('book-attention.json') as BookTables;
const same = (actual: Matrix, expected: Matrix): void => {
  expect(actual.length).toBe(expected.length);
  expectClose(actual.flat(), expected.flat(), 1e-4);
};

describe("the series' pieces on the page are the book's tables", () => {
  it('self-attention without anything to train', () => {
    const { scores, weights, context } = simpleSelfAttention(INPUTS);
    same(INPUTS, book.inputs);
    same(scores, book.simpleAttention.scores);
    same(weights, book.simpleAttention.weights);
    same(context, book.simpleAttention.context);
  });

  it('weights that are trained, in both of their forms', () => {
    same(trainableSelfAttention(INPUTS, FIRST_WEIGHTS).context, book.selfAttentionV1.context);
    const linear = trainableSelfAttention(INPUTS, ofLinearLayers(LINEAR_WEIGHTS));
    same(linear.context, book.selfAttentionV2.context);
  });

  it('the causal mask', () => {
    const { weights } = causalSelfAttention(INPUTS, ofLinearLayers(LINEAR_WEIGHTS));
    same(weights, book.selfAttentionV2.causalWeights);
  });
});

describe('what the page computes beside them', () => {
  it('dropout keeps the share that it says, and what stays grows', () => {
    const ones = Array.from({ length: 200 }, () => new Array<number>(200).fill(1));
    const dropped = dropout(ones, 0.5, seededRandom(7)).flat();
    expect(new Set(dropped)).toEqual(new Set([0, 2]));
    expect(dropped.filter((value) => value === 0).length / dropped.length).toBeCloseTo(0.5, 1);
    expect(dropout(ones, 0.5, seededRandom(7)).flat()).toEqual(dropped);
  });

  it('heads from stripes of one matrix are the heads one by one', () => {
    const second = ofLinearLayers(LINEAR_WEIGHTS);
    const beside = (a: Matrix, b: Matrix): Matrix => a.map((row, index) => [...row, ...b[index]!]);
    const both = {
      query: beside(FIRST_WEIGHTS.query, second.query),
      key: beside(FIRST_WEIGHTS.key, second.key),
      value: beside(FIRST_WEIGHTS.value, second.value),
    };
    const weight = [0, 1, 2, 3].map((row) => [0, 1, 2, 3].map((column) => Number(row === column)));
    const { heads, context } = multiHeadAttention(INPUTS, both, 2, { weight, bias: [0, 0, 0, 1] });
    same(heads[0]!.context, causalSelfAttention(INPUTS, FIRST_WEIGHTS).context);
    same(heads[1]!.context, causalSelfAttention(INPUTS, second).context);
    same(
      context,
      heads[0]!.context.map((row, token) => [
        ...row,
        heads[1]!.context[token]![0]!,
        heads[1]!.context[token]![1]! + 1,
      ]),
    );
  });

  it('counts what padding and context cost', () => {
    expect(paddingCost([6, 6, 6, 512])).toEqual({
      paddedPairs: 1_048_576,
      usefulPairs: 262_252,
      waste: 1 - 262_252 / 1_048_576,
    });
    expect(paddingCost([]).waste).toBe(0);
    expect(readLengths('6, 6;x -1 3.5 12')).toEqual([6, 6, 12]);
    expect(scoreBytes(2048)).toBe(4 * scoreBytes(1024));
    expect([scoreBytes(6), scoreBytes(1024), scoreBytes(1_047_576)].map(formatBytes)).toEqual([
      '144 B',
      '4.0 MiB',
      '4.0 TiB',
    ]);
  });
});
