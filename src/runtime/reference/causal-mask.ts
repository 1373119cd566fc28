import * as tf from '@tensorflow/tfjs-core';

/**
 * What is added to attention scores so that no token sees a later one: 0 where a query may look, -infinity where it
 * may not. The queries are the last `numQueries` of `numKeys` tokens. [numQueries, numKeys]
 * @param window tokens that a query sees, itself included; all if left out
 */
export function causalMask(numQueries: number, numKeys: number, window = Infinity): tf.Tensor2D {
  const firstQuery = numKeys - numQueries;
  const mask = new Float32Array(numQueries * numKeys); // [numQueries, numKeys]
  for (let query = 0; query < numQueries; query++) {
    const row = query * numKeys;
    const end = firstQuery + query + 1;
    mask.fill(-Infinity, row, row + Math.max(0, end - window));
    mask.fill(-Infinity, row + end, row + numKeys);
  }
  return tf.tensor2d(mask, [numQueries, numKeys]);
}
