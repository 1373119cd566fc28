/**
 * How the next token is drawn. Plain data: it crosses a thread boundary by structured clone. The routes'
 * schemas check the ranges.
 */
export interface SamplingParams {
  /** Logits are divided by it; below `GREEDY_TEMPERATURE` the most probable token is taken. */
  temperature: number;
  /** Nucleus: the smallest set of most probable tokens whose probabilities reach it; 1 is off. */
  topP: number;
  /** Only so many most probable tokens; 0 is off. */
  topK: number;
  /** Only tokens at least so probable in relation to the most probable one; 0 is off. */
  minP: number;
  /** Makes the draw reproducible; `undefined`: the service picks one at random. */
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

/**
 * Most logprobs that one request may ask for: its choices times their tokens, each with its alternatives. They take some
 * 16 MB until the answer is written, and 65 MB as JSON. 8 choices of 5,900 tokens with 20 alternatives are fewer.
 */
export const MAX_REPORTED_LOGPROBS = 2 ** 20;

/** True when the most probable token is taken without a draw. */
export function isGreedy(params: SamplingParams): boolean {
  return params.temperature < GREEDY_TEMPERATURE;
}

interface SamplerStateOptions {
  params: SamplingParams;
  promptTokenIds: readonly number[];
  /** The seed in force: `params.seed`, or one picked at random where that is undefined. */
  seed: number;
  /** Tells the choices of one request apart, which share a seed. */
  stream: number;
}

/** What sampling remembers of one sequence. */
export class SamplerState {
  readonly params: SamplingParams;
  readonly seed: number;
  readonly stream: number;
  /** How often each token was generated. */
  readonly outputCounts = new Map<number, number>();
  /** Tokens of prompt and completion; left empty while there is no repetition penalty to need them. */
  readonly seenTokenIds = new Set<number>();
  numSampled = 0;

  constructor(options: SamplerStateOptions) {
    this.params = options.params;
    this.seed = options.seed;
    this.stream = options.stream;
    if (this.#needsSeen) for (const tokenId of options.promptTokenIds) this.seenTokenIds.add(tokenId);
  }

  /** Notes a token of the completion, which `Sampler.sampleToken` drew, or which came without a draw. */
  record(tokenId: number): void {
    this.numSampled++;
    this.outputCounts.set(tokenId, (this.outputCounts.get(tokenId) ?? 0) + 1);
    if (this.#needsSeen) this.seenTokenIds.add(tokenId);
  }

  get #needsSeen(): boolean {
    return this.params.repetitionPenalty !== 1;
  }
}
