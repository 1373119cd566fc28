/**
 * The operations of `KernelAddon.train`, in the order of cpp/training.cc, each with its operands and, after the semicolon,
 * its numbers. An operand that may be left out is then empty. Sizes follow from those of the operands.
 */
export const TRAINING_OPERATIONS = [
  // A B^T + bias: a, b, bias or none, result [rows, cols]; strides of a's lanes and depth, b's, rows, cols, depth, 1 for bfloat16
  'multiply',
  // qkv [rows, 3 * dim], result [rows, dim], stats [sequences * heads, 2, length], gradient of the result or none, and that of
  // qkv; sequences, length (a multiple of 8), heads, headDim, dropout's three. The first two gradients are read, or nothing is
  'attend',
  // x [rows, dim], gain, shift or none, result; epsilon
  'layerNorm',
  // x, gain, gradient of the result, of x, of gain; epsilon
  'layerNormGradient',
  // x [rows, dim], result [dim]
  'columnSum',
  // x, result
  'gelu',
  // x, gradient of the result, of x
  'geluGradient',
  // x, y, result
  'add',
  // x, result; seed, threshold of 2^31 below which a number's hash drops it, factor of the others
  'dropout',
  // table of tokens, of positions, ids, positions, result [rows, dim]
  'embed',
  // rows [rows, dim], the row of the result that each is added to, result [size, dim]
  'scatterRows',
  // logits [rows, vocab], targets, stats [rows, 3]: largest logit, sum of exp(logit - largest), the target's logit
  'crossEntropy',
  // logits, targets, stats, gradient of logits; its scale
  'crossEntropyGradient',
  // x; the result
  'sumOfSquares',
  // weights, gradients, running means, running squares; rate, beta1, beta2, epsilon, decay, 1 - beta1^step, 1 - beta2^step, clip
  'adamW',
] as const;

export type TrainingOperation = (typeof TRAINING_OPERATIONS)[number];
