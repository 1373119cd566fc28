import { EngineError } from '../errors.ts';

/** How the next token is drawn. Plain data: it crosses a thread boundary by structured clone. */
export interface SamplingParams {
  /** Logits are divided by it; below `GREEDY_TEMPERATURE` the most probable token is taken. */
  temperature: number;
  /** Nucleus: the smallest set of most probable tokens whose probabilities reach it; 1 is off. */
  topP: number;
  /** Only so many most probable tokens; 0 is off. */
  topK: number;
  /** Only tokens at least so probable in relation to the most probable one; 0 is off. */
  minP: number;
  /** Makes the draw reproducible; `undefined`: whoever starts the sequence picks one at random. */
  seed: number | undefined;
  /** Added to the logits of the token ids named. */
  logitBias: ReadonlyMap<number, number>;
  /** Taken off a token's logit once for each time it was generated. */
  frequencyPenalty: number;
  /** Taken off the logit of every token that was generated at all. */
  presencePenalty: number;
  /** Divides a positive and multiplies a negative logit of every token in prompt or completion; 1 is off. */
  repetitionPenalty: number;
}

/** OpenAI's defaults: the model's own distribution. */
export const DEFAULT_SAMPLING_PARAMS: SamplingParams = {
  temperature: 1,
  topP: 1,
  topK: 0,
  minP: 0,
  seed: undefined,
  logitBias: new Map(),
  frequencyPenalty: 0,
  presencePenalty: 0,
  repetitionPenalty: 1,
};

/** A temperature below it is 0: dividing by it would overflow float32. vLLM's `_SAMPLING_EPS`. */
export const GREEDY_TEMPERATURE = 1e-5;

/** Most alternatives reported for a token, as in OpenAI's `top_logprobs`. */
export const MAX_LOGPROBS = 20;

/** True when the most probable token is taken without a draw. */
export function isGreedy(params: SamplingParams): boolean {
  return params.temperature < GREEDY_TEMPERATURE;
}

/**
 * Refuses values that no distribution can be made of, at whatever door they came in. The bounds are vLLM's.
 * Throws `invalid_request` naming the field as OpenAI and vLLM spell it.
 */
export function checkSamplingParams(params: SamplingParams, vocabSize: number): void {
  const { temperature, topP, topK, minP, seed } = params;
  check(temperature >= 0 && temperature < Infinity, 'temperature', temperature, 'at least 0');
  check(topP > 0 && topP <= 1, 'top_p', topP, 'above 0 and at most 1');
  check(Number.isInteger(topK) && topK >= 0, 'top_k', topK, '0 (off) or a positive integer');
  check(minP >= 0 && minP <= 1, 'min_p', minP, 'between 0 and 1');
  check(seed === undefined || Number.isSafeInteger(seed), 'seed', seed, 'an integer below 2^53');
  checkPenalty('frequency_penalty', params.frequencyPenalty);
  checkPenalty('presence_penalty', params.presencePenalty);
  const { repetitionPenalty } = params;
  check(
    repetitionPenalty > 0 && repetitionPenalty < Infinity,
    'repetition_penalty',
    repetitionPenalty,
    'above 0',
  );
  for (const [tokenId, bias] of params.logitBias) {
    const inVocab = Number.isInteger(tokenId) && tokenId >= 0 && tokenId < vocabSize;
    check(inVocab, 'logit_bias', tokenId, `token ids between 0 and ${vocabSize - 1}`);
    check(bias >= -100 && bias <= 100, `logit_bias.${tokenId}`, bias, 'between -100 and 100');
  }
}

function checkPenalty(param: string, value: number): void {
  check(value >= -2 && value <= 2, param, value, 'between -2 and 2');
}

function check(holds: boolean, param: string, value: unknown, expected: string): void {
  if (holds) return;
  throw new EngineError('invalid_request', `${param} must be ${expected}, not ${String(value)}`, { param });
}
