import * as tf from '@tensorflow/tfjs-core';

/**
 * What is added to attention scores so that no token sees a later one: 0 where a query may look, -infinity where it
 * may not. The queries are the last `numQueries` of `numKeys` tokens. [numQueries, numKeys]
 */
export function causalMask(numQueries: number, numKeys: number): tf.Tensor2D {
  const firstQuery = numKeys - numQueries;
  const mask = new Float32Array(numQueries * numKeys); // [numQueries, numKeys]
  for (let query = 0; query < numQueries; query++) {
    mask.fill(-Infinity, query * numKeys + firstQuery + query + 1, (query + 1) * numKeys);
  }
  return tf.tensor2d(mask, [numQueries, numKeys]);
}
