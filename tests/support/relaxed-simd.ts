import { setFlagsFromString } from 'node:v8';
import { readKernels } from '../../src/runtime/wasm/start.ts';

/** Node 20 knows relaxed SIMD by this flag, and is right about it where it compiles everything for speed. */
export async function enableRelaxedSimd(): Promise<void> {
  if (WebAssembly.validate(await readKernels('inference-relaxed'))) return;
  setFlagsFromString('--experimental-wasm-relaxed-simd');
  setFlagsFromString('--no-liftoff');
}
