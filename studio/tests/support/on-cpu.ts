import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';

/** Computes by stock tfjs, in JavaScript; afterwards the backend is the one that it was. */
export async function onCpu<T>(compute: () => T): Promise<T> {
  const name = tf.getBackend();
  await tf.setBackend('cpu');
  try {
    return compute();
  } finally {
    await tf.setBackend(name);
  }
}
