import { EngineError } from '../../src/errors.ts';
import type { KernelAddon } from '../../src/runtime/kernels/kernel-addon.ts';
import { loadAddon } from '../../src/runtime/native/native-addon.ts';
import { startWasmAddon } from '../../src/runtime/wasm/wasm-runtime.ts';

/**
 * What may compute. `bf16` is the native kernels, with operands of products rounded to bfloat16 and sums in float32; `auto`,
 * native where it works and wasm elsewhere.
 */
export const PRODUCTS = ['auto', 'native', 'bf16', 'wasm'] as const;
export type Products = (typeof PRODUCTS)[number];

/** The kernels as they compute. */
export interface StartedKernels {
  readonly addon: KernelAddon;
  /** In words: which instructions, where that makes a difference to the result. */
  readonly name: string;
  readonly inBFloats: boolean;
  readonly dispose: () => Promise<void>;
}

/** @throws EngineError `backend_unavailable` where kernels are asked for by name and there are none */
export async function startKernels(numThreads: number, products: Products): Promise<StartedKernels> {
  if (products === 'native' || products === 'bf16') return startNative(numThreads, products);
  if (products === 'auto' && process.env['NATIVE'] !== 'off') {
    try {
      return startNative(numThreads, 'native');
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
    }
  }
  const addon = await startWasmAddon(numThreads);
  return { addon, name: 'wasm', inBFloats: false, dispose: () => addon.dispose() };
}

function startNative(numThreads: number, products: 'native' | 'bf16'): StartedKernels {
  const addon = loadAddon();
  const dispose = (): Promise<void> => Promise.resolve();
  const [instructionSet] = addon.start(numThreads);
  if (instructionSet === undefined) {
    throw new EngineError('backend_unavailable', 'this processor has none of the native instruction sets');
  }
  if (products === 'native') return { addon, name: 'native', inBFloats: false, dispose };
  const instructions = addon.startBFloats();
  if (instructions !== '') return { addon, name: `bf16 (${instructions})`, inBFloats: true, dispose };
  throw new EngineError(
    'backend_unavailable',
    'this processor has no instructions for products of bfloat16: take --products native',
  );
}
