import { assertInvariant } from '../../errors.ts';
import type { AttentionHeads } from '../ops.ts';
import type { KvCacheShape } from '../runtime.ts';

/** That the heads share the cache's keys evenly: a kernel that divides by them would end the process. */
export function checkHeads(cache: KvCacheShape, { numHeads, numKvHeads, headDim }: AttentionHeads): void {
  assertInvariant(
    cache.numKvHeads === numKvHeads && cache.headDim === headDim && numHeads % numKvHeads === 0,
    `${numHeads} heads of ${headDim} share ${numKvHeads} of keys, in a cache of ${cache.numKvHeads} of ${cache.headDim}`,
  );
}
