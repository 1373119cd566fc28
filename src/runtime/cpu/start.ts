import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { EngineError } from '../../errors.ts';
import { hostDevice } from '../host-device.ts';
import { ReferenceRuntime } from '../reference/reference-runtime.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Sets tfjs to its plain JavaScript backend.
 * @throws EngineError `backend_unavailable` when tfjs refuses it
 */
async function startCpuBackend(): Promise<void> {
  // Production mode: tfjs otherwise advertises its native package on the console at the first operation.
  tf.enableProdMode();
  if (!(await tf.setBackend('cpu'))) {
    throw new EngineError('backend_unavailable', 'the tfjs cpu backend could not be started');
  }
}

/** The slow reference: stock operations in plain JavaScript, one thread. */
export async function createCpuRuntime(): Promise<Runtime> {
  await startCpuBackend();
  return new ReferenceRuntime('cpu', 'tfjs cpu, plain JavaScript, 1 thread', hostDevice());
}
