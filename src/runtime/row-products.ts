import { availableCores } from '../available-cores.ts';
import { EngineError } from '../errors.ts';
import { loadAddon } from './native/native-addon.ts';
import { KernelRowProducts } from './kernels/kernel-row-products.ts';
import { PlainRowProducts } from './plain-row-products.ts';
import type { RowProducts } from './row-blocks.ts';

/** More do not read memory faster. */
const MAX_THREADS = 8;

export interface RowProductsOptions {
  /** False: the native kernels are not wanted. */
  readonly native: boolean;
  /** Of the process that compute; by default one for each core, at most 8. */
  readonly numThreads?: number | undefined;
  /** Called where this machine has no native kernels. */
  readonly onMissing?: (reason: string) => void;
}

/** Makes the products of rows. */
export type RowProductsFactory = (dimensions: number) => RowProducts;

/** By the native kernels, in float16; without them in JavaScript and float32. */
export function loadRowProducts({
  native,
  numThreads = Math.min(availableCores(), MAX_THREADS),
  onMissing,
}: RowProductsOptions): RowProductsFactory {
  const plain: RowProductsFactory = (dimensions) => new PlainRowProducts(dimensions);
  if (!native) return plain;
  try {
    const addon = loadAddon();
    if (addon.start(numThreads).length > 0) return (dimensions) => new KernelRowProducts(addon, dimensions);
    onMissing?.('this processor has none of the instruction sets of the native kernels');
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'backend_unavailable') throw error;
    onMissing?.(error.message);
  }
  return plain;
}
