import { EngineError } from '../errors.ts';
import type { TopLogits } from '../runtime/step-batch.ts';

/**
 * The largest of a row of logits and its token, the lowest id on ties: greedy decoding in one pass.
 * Throws `backend_failure` when a logit is NaN or infinite, or when no token is allowed.
 */
export function largestLogit(logits: Float32Array): { tokenId: number; value: number } {
  let tokenId = -1;
  let value = -Infinity;
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id] ?? -Infinity;
    // NaN fails every comparison, hence it lands here too.
    if (logit <= value) continue;
    if (Number.isNaN(logit)) throw unusable(`logit ${id} of ${logits.length} is NaN`);
    tokenId = id;
    value = logit;
  }
  if (value === Infinity) throw unusable(`logit ${tokenId} of ${logits.length} is infinite`);
  if (tokenId < 0) throw unusable(`all ${logits.length} logits are -Infinity`);
  return { tokenId, value };
}

/** The largest logit of a row of which only the top is known; its log-sum-exp tells of every logit that is NaN or infinite. */
export function largestOfTop({ tokenIds, logits, logSumExp }: TopLogits): { tokenId: number; value: number } {
  const [tokenId = -1] = tokenIds;
  const [value = NaN] = logits;
  if (!Number.isFinite(value) || !Number.isFinite(logSumExp)) {
    throw unusable(`the largest is ${value}, the log-sum-exp of the row ${logSumExp}`);
  }
  return { tokenId, value };
}

function unusable(what: string): EngineError {
  return new EngineError('backend_failure', `the model's logits are not numbers: ${what}`, {
    retryable: false,
  });
}
