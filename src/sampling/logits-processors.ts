import type { AllowedTokens } from './allowed-tokens.ts';
import type { Candidates } from './candidates.ts';

/** Changes to the logits that can change which token is the most probable; each works in place. */

/** Takes over the logits of those tokens alone; all others are forbidden. */
export function allowOnly(
  processed: Float32Array,
  logits: Float32Array,
  allowed: AllowedTokens,
  alsoAllowed: readonly number[],
): void {
  if (allowed.type === 'list') {
    processed.fill(-Infinity);
    for (const tokenId of allowed.tokenIds) copyLogit(processed, logits, tokenId);
  } else {
    const { bits } = allowed;
    processed.set(logits);
    for (let word = 0; word * 32 < processed.length; word++) {
      const open = ~(bits[word] ?? 0);
      if (open !== 0) forbidBits(processed, word * 32, open);
    }
  }
  for (const tokenId of alsoAllowed) copyLogit(processed, logits, tokenId);
}

function forbidBits(logits: Float32Array, start: number, bits: number): void {
  // The lowest bit that is set, again and again.
  for (let open = bits; open !== 0; open &= open - 1) {
    const tokenId = start + 31 - Math.clz32(open & -open);
    if (tokenId < logits.length) logits[tokenId] = -Infinity;
  }
}

function copyLogit(to: Float32Array, from: Float32Array, tokenId: number): void {
  const logit = from[tokenId];
  if (logit !== undefined) to[tokenId] = logit;
}

/** Forbids tokens: min_tokens forbids those that would end the sequence. */
export function maskTokens(logits: Float32Array, tokenIds: Iterable<number>): void {
  for (const tokenId of tokenIds) if (tokenId < logits.length) logits[tokenId] = -Infinity;
}

/** Adds a bias to the logits of single tokens (OpenAI, `logit_bias`). */
export function applyLogitBias(logits: Float32Array, logitBias: ReadonlyMap<number, number>): void {
  for (const [tokenId, bias] of logitBias) addTo(logits, tokenId, bias);
}

/**
 * Makes tokens that occurred in prompt or completion less probable, once each (Keskar et al., "CTRL", 2019,
 * section 4.1, with the sign rule that Hugging Face added: a negative logit is multiplied).
 */
export function applyRepetitionPenalty(
  logits: Float32Array,
  seenTokenIds: Iterable<number>,
  penalty: number,
): void {
  for (const tokenId of seenTokenIds) {
    const logit = logits[tokenId];
    if (logit === undefined) continue;
    logits[tokenId] = logit > 0 ? logit / penalty : logit * penalty;
  }
}

/** Takes the penalty off a logit for each time the token was generated (OpenAI, `frequency_penalty`). */
export function applyFrequencyPenalty(
  logits: Float32Array,
  outputCounts: ReadonlyMap<number, number>,
  penalty: number,
): void {
  for (const [tokenId, count] of outputCounts) addTo(logits, tokenId, -penalty * count);
}

/** Takes the penalty off a logit when the token was generated at all (OpenAI, `presence_penalty`). */
export function applyPresencePenalty(
  logits: Float32Array,
  outputCounts: ReadonlyMap<number, number>,
  penalty: number,
): void {
  for (const tokenId of outputCounts.keys()) addTo(logits, tokenId, -penalty);
}

function addTo(logits: Float32Array, tokenId: number, amount: number): void {
  const logit = logits[tokenId];
  if (logit !== undefined) logits[tokenId] = logit + amount;
}

/** Filters that never remove the most probable token; each works in place. */

/** Keeps tokens at least `minP` times as probable as the most probable one (Nguyen et al., "Min-p", 2024). */
export function keepMinP(candidates: Candidates, minP: number): void {
  candidates.keepAtLeast(minP);
}

/** Keeps the `topK` most probable tokens (Fan et al., 2018); of equals, those with the lower ids. */
export function keepTopK(candidates: Candidates, topK: number): void {
  candidates.keepLargest(topK, Infinity);
}

/**
 * Keeps the nucleus: the smallest set of most probable tokens whose share of what is left reaches `topP`
 * (Holtzman et al., 2019); at least one token.
 *
 * @param totalWeight of what is left, where the candidates are the most probable of it alone
 */
export function keepTopP(candidates: Candidates, topP: number, totalWeight = candidates.totalWeight): void {
  candidates.keepLargest(Infinity, topP * totalWeight);
}
