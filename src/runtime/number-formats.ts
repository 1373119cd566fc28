import type { RuntimeName, WeightFormat } from '../config/settings.ts';
import type { KvCacheFormat } from './runtime.ts';

/**
 * What `WEIGHTS=auto` is by measurement (docs/performance.md); the other runtimes halve what loses nothing. On wasm int8:
 * at most 0.5 % more bits a byte, a quarter of the memory, two to four times the speed. On TensorFlow bfloat16, where our
 * own kernels compute, in float32 whatever they read: as many bits a byte, half of the memory, up to 1.7 times the speed.
 */
const AUTO_WEIGHTS = { wasm: 'int8', tensorflow: 'bf16' } as const;

/** The format that weights are held in; `auto` where that depends on each matrix. */
export function heldWeights(runtime: RuntimeName, weights: WeightFormat): WeightFormat {
  if (weights !== 'auto' || !(runtime === 'wasm' || runtime === 'tensorflow')) return weights;
  return AUTO_WEIGHTS[runtime];
}

/** How a runtime holds keys and values: as 8-bit integers where it holds the weights so. */
export function kvCacheFormat(runtime: RuntimeName, weights: WeightFormat): KvCacheFormat {
  return runtime === 'wasm' && heldWeights(runtime, weights) === 'int8' ? 'int8' : 'f32';
}
