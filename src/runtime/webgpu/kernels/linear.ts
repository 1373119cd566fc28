import type { Kernel } from './kernel.ts';
import { epilogueOf, type LinearDimensions } from './linear-epilogue.ts';
import { linearFewRowsKernel } from './linear-few-rows.ts';
import { linearManyRowsKernel } from './linear-many-rows.ts';

/** Rows up to which a product is bound by reading its weights once, not by arithmetic. */
const MAX_FEW_ROWS = 32;

/**
 * x W^T + b, then GELU or a shortcut or the cache write: [rows, in] -> [rows, out].
 * Bindings: step, x, weight, then bias, residual as there are, result, then keys and values as there are.
 */
export function linearKernel(dimensions: LinearDimensions): Kernel {
  const kernel = dimensions.paddedRows <= MAX_FEW_ROWS ? linearFewRowsKernel : linearManyRowsKernel;
  return kernel(dimensions, epilogueOf(dimensions));
}
