import type { Matrix } from './matrix.ts';

/**
 * The example that the book "Build a Large Language Model (from Scratch)" counts through in its chapter 3: a sentence of
 * six tokens, each a vector of three numbers, and the weights that PyTorch draws with the book's seeds, to six places.
 */

export const TOKENS: readonly string[] = ['Your', 'journey', 'starts', 'with', 'one', 'step'];

/** [6 tokens][3] */
export const INPUTS: Matrix = [
  [0.43, 0.15, 0.89],
  [0.55, 0.87, 0.66],
  [0.57, 0.85, 0.64],
  [0.22, 0.58, 0.33],
  [0.77, 0.25, 0.1],
  [0.05, 0.8, 0.55],
];

export interface Projections {
  query: Matrix;
  key: Matrix;
  value: Matrix;
}

/** `SelfAttention_v1`, each [3 in][2 out]. */
export const FIRST_WEIGHTS: Projections = {
  query: [
    [0.296112, 0.516562],
    [0.251671, 0.688557],
    [0.073972, 0.866522],
  ],
  key: [
    [0.13658, 0.102479],
    [0.184056, 0.726447],
    [0.315254, 0.687107],
  ],
  value: [
    [0.075635, 0.196638],
    [0.316412, 0.40174],
    [0.118568, 0.827395],
  ],
};

/** `SelfAttention_v2`: what its linear layers hold, each [2 out][3 in]. */
export const LINEAR_WEIGHTS: Projections = {
  query: [
    [0.316059, 0.456809, 0.511835],
    [-0.168285, -0.337877, -0.091774],
  ],
  key: [
    [0.405806, -0.470421, 0.236805],
    [0.213361, -0.260051, -0.510543],
  ],
  value: [
    [0.25257, -0.141478, -0.196181],
    [0.519107, -0.085168, -0.204327],
  ],
};
