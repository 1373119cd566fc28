import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant } from '../../src/errors.ts';

const KERNEL = { kernelName: 'Identity', backendName: 'wasm' } as const;

/**
 * Lets clones of tensors share their numbers, as on tfjs' other backends; its wasm backend copies them. tfjs clones each
 * activation that is saved for the backward pass, and these copies took a tenth of a step. Nothing of the trainer
 * writes into a tensor but the optimizer into parameters, of which no clone is kept.
 */
export function shareClones(): void {
  tf.unregisterKernel(KERNEL.kernelName, KERNEL.backendName);
  tf.registerKernel({
    ...KERNEL,
    kernelFunc: ({ inputs: { x }, backend }) => {
      assertInvariant(
        x !== undefined && backend instanceof BackendWasm,
        "a tensor of tfjs' wasm backend is cloned",
      );
      backend.incRef(x.dataId);
      return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
    },
  });
}
