import type { TopLogits } from '../runtime/step-batch.ts';
import { assertInvariant } from '../errors.ts';
import { exponential, stepsOf } from './exponential.ts';
import { largestLogit } from './largest-logit.ts';

export interface TokenLogprob {
  tokenId: number;
  /** Natural logarithm of the token's probability under the model's own logits. */
  logprob: number;
}

export interface LogprobsResult {
  logprob: number;
  /** The most probable tokens in falling order, the lower id first on ties. */
  topLogprobs: TokenLogprob[];
}

/**
 * The log-softmax of one row of raw logits, at one token and at the `numTop` most probable ones. Neither bias,
 * penalties nor temperature count, as OpenAI and vLLM report it by default.
 * Throws `backend_failure` on NaN.
 */
export function tokenLogprobs(logits: Float32Array, tokenId: number, numTop: number): LogprobsResult {
  const logSum = logSumExp(logits);
  const topLogprobs = topLogits(logits, numTop).map((top) => ({ ...top, logprob: top.logprob - logSum }));
  return { logprob: (logits[tokenId] ?? -Infinity) - logSum, topLogprobs };
}

/**
 * The log-softmax of one row of raw logits, at some tokens: [tokenIds]. Each depends on the row alone, not on which
 * others are asked for.
 * @throws EngineError `backend_failure` on NaN
 */
export function logprobsOf(logits: Float32Array, tokenIds: readonly number[]): number[] {
  const logSum = logSumExp(logits);
  return tokenIds.map((tokenId) => (logits[tokenId] ?? -Infinity) - logSum);
}

function logSumExp(logits: Float32Array): number {
  const largest = largestLogit(logits).value;
  let sum = 0;
  const scale = stepsOf(1);
  for (let id = 0; id < logits.length; id++) {
    sum += exponential(((logits[id] ?? -Infinity) - largest) * scale);
  }
  return largest + Math.log(sum);
}

/** As `tokenLogprobs`, from the top of a row, for a token in it. */
export function topTokenLogprobs(top: TopLogits, tokenId: number, numTop: number): LogprobsResult {
  const logprobAt = (index: number): number => (top.logits[index] ?? -Infinity) - top.logSumExp;
  const index = top.tokenIds.indexOf(tokenId);
  assertInvariant(index >= 0, `token ${tokenId} is among the ${top.tokenIds.length} most probable`);
  const topLogprobs = Array.from(top.tokenIds.subarray(0, numTop), (id, i) => ({
    tokenId: id,
    logprob: logprobAt(i),
  }));
  return { logprob: logprobAt(index), topLogprobs };
}

/** The `numTop` largest logits by insertion into a short sorted list: `numTop` is at most 20. */
function topLogits(logits: Float32Array, numTop: number): TokenLogprob[] {
  const top: TokenLogprob[] = [];
  if (numTop === 0) return top;
  let least = -Infinity;
  for (let tokenId = 0; tokenId < logits.length; tokenId++) {
    const logit = logits[tokenId] ?? -Infinity;
    if (top.length === numTop && logit <= least) continue;
    let index = top.length;
    while (index > 0 && logit > (top[index - 1]?.logprob ?? -Infinity)) index--;
    top.splice(index, 0, { tokenId, logprob: logit });
    if (top.length > numTop) top.pop();
    least = top.at(-1)?.logprob ?? -Infinity;
  }
  return top;
}
