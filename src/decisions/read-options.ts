/** What a model makes of the options of a question. */
export interface OptionReading {
  /** Of each option, in their order; together they are 1. */
  readonly probabilities: readonly number[];
  /** The most probable option, the first of equals. */
  readonly winner: number;
  /**
   * The probability of the winner's label among all tokens of the vocabulary, as vLLM has it. It is small where the
   * model would rather have written something else than any of the labels.
   */
  readonly confidence: number;
}

/**
 * Reads the options' probabilities from the logprobs of their labels; undefined where each of these has the probability
 * 0, so that none can be preferred.
 */
export function readOptions(logprobs: readonly number[]): OptionReading | undefined {
  const largest = Math.max(...logprobs);
  if (!Number.isFinite(largest)) return undefined;
  const weights = logprobs.map((logprob) => Math.exp(logprob - largest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return {
    probabilities: weights.map((weight) => weight / sum),
    winner: logprobs.indexOf(largest),
    confidence: Math.exp(largest),
  };
}

/** The mean of the options' indices by their probabilities: where on a scale of levels an answer lies. */
export const meanIndex = ({ probabilities }: OptionReading): number =>
  probabilities.reduce((sum, probability, index) => sum + index * probability, 0);
