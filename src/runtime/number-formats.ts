import type { RuntimeName, WeightFormat } from '../config/settings.ts';
import type { KvCacheFormat } from './runtime.ts';

/**
 * What `WEIGHTS=auto` is on wasm: for at most 0.5 % more bits a byte a quarter of the memory, and two to three times the
 * speed (docs/performance.md). The others halve what loses nothing.
 */
export const WASM_AUTO_WEIGHTS = 'int8';

/** How a runtime holds keys and values: as 8-bit integers where it holds the weights so. */
export function kvCacheFormat(runtime: RuntimeName, weights: WeightFormat): KvCacheFormat {
  const held = weights === 'auto' ? WASM_AUTO_WEIGHTS : weights;
  return runtime === 'wasm' && held === 'int8' ? 'int8' : 'f32';
}
