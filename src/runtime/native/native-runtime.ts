import { EngineError } from '../../errors.ts';
import { KernelRuntime } from '../kernels/kernel-runtime.ts';
import { checkWeightFormat, kvCacheFormat, type KvCacheRequest, type WeightFormat } from '../traits.ts';
import { loadAddon } from './native-addon.ts';

export interface NativeRuntimeOptions {
  /** Threads that compute, the calling one included. */
  numThreads: number;
  weights: WeightFormat;
  kvCacheFormat?: KvCacheRequest | undefined;
  /** Numbers of a head of keys, on which it depends how they are held. */
  headDim?: number | undefined;
  /** Which of the instruction sets that work here, the fastest first: others than the first are for tests. */
  instructionSet?: number;
}

/** The kernels in C++ for the processor. Throws `backend_unavailable` or `config_invalid`. */
export function createNativeRuntime({
  numThreads,
  weights,
  kvCacheFormat: askedFormat = 'auto',
  headDim,
  instructionSet = 0,
}: NativeRuntimeOptions): KernelRuntime {
  checkWeightFormat('native', weights);
  const addon = loadAddon();
  const name = addon.start(numThreads)[instructionSet];
  if (name === undefined) {
    throw new EngineError(
      'backend_unavailable',
      'this processor has none of the instruction sets of the native kernels',
    );
  }
  return new KernelRuntime({
    name: 'native',
    addon,
    numThreads,
    weights,
    cacheFormat: kvCacheFormat('native', weights, askedFormat, headDim),
    instructionSet: { name, index: instructionSet },
  });
}
