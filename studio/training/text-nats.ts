import { assertInvariant } from '../../src/errors.ts';
import type { CausalLm } from '../../src/model/architecture.ts';
import { buildStepBatch } from '../../src/runtime/build-step-batch.ts';
import { firstPages } from '../../src/pages.ts';
import type { KvCache, Runtime } from '../../src/runtime/runtime.ts';
import { windowsOf } from './held-out.ts';

/** Tokens of one forward pass. */
const STEP_ROWS = 128;

interface Reading {
  readonly runtime: Runtime;
  readonly model: CausalLm;
  readonly cache: KvCache;
  /** Tokens of a window; the cache holds one. */
  readonly windowLength: number;
}

/**
 * Nats of all tokens but the first, each after those before it in its window. Windows lie side by
 * side, as the trainer lays them.
 */
export async function textNats(
  { runtime, model, cache, windowLength }: Reading,
  tokens: Int32Array,
): Promise<number> {
  let nats = 0;
  const pages = firstPages(windowLength); // [pages]
  for (const { start } of windowsOf(tokens, windowLength, windowLength)) {
    const end = Math.min(start + windowLength, tokens.length - 1);
    for (let first = start; first < end; first += STEP_ROWS) {
      const tokenIds = tokens.subarray(first, Math.min(first + STEP_ROWS, end));
      const segment = { pages, positionStart: first - start, tokenIds, logits: 'all' } as const;
      const rows = await runtime.runStep(buildStepBatch([segment]), cache, (ops) => model.forward(ops));
      for (let i = 0; i < tokenIds.length; i++) {
        const row = rows[i];
        assertInvariant(row instanceof Float32Array, 'rows come whole unless the batch asks for their top');
        nats += logSumExp(row) - (row[tokens[first + i + 1] ?? 0] ?? NaN);
      }
    }
  }
  return nats;
}

function logSumExp(logits: Float32Array): number {
  let largest = -Infinity;
  for (const logit of logits) largest = Math.max(largest, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  return largest + Math.log(sum);
}
