import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { EngineError } from '../../errors.ts';

/**
 * Sets tfjs to its plain JavaScript backend.
 * @throws EngineError `backend_unavailable` when tfjs refuses it
 */
export async function startCpuBackend(): Promise<void> {
  // Production mode: tfjs otherwise advertises its native package on the console at the first operation.
  tf.enableProdMode();
  if (!(await tf.setBackend('cpu'))) {
    throw new EngineError('backend_unavailable', 'the tfjs cpu backend could not be started');
  }
}
