import { DEFAULT_SAMPLING_PARAMS, type SamplingParams } from '../sampling/sampling-params.ts';

/** How texts are generated, whatever they follow: what the engine needs of a request beside its prompts. */
export interface GenerationParams {
  /** Completions for each prompt. */
  n: number;
  maxTokens: number;
  /** End-of-text and stop strings are ignored until so many tokens are generated. */
  minTokens: number;
  ignoreEos: boolean;
  /** Tokens that end a sequence beside the model's own, also where those are ignored; none unless they are given. */
  stopTokenIds?: readonly number[] | undefined;
  /** Stop strings; the text ends before the earliest. */
  stop: readonly string[];
  /** The stop string that ended a text is its end; off unless turned on. */
  includesStopString?: boolean | undefined;
  /** Special tokens are left out of the text; on unless turned off. */
  skipsSpecialTokens?: boolean | undefined;
  /** Each token is an event of its own, reported by its step; else tokens of short steps come together. */
  reportsEveryToken?: boolean | undefined;
  sampling: SamplingParams;
  /** How many alternatives to report for each generated token; `undefined`: no logprobs at all. */
  numLogprobs: number | undefined;
  /** Report logprobs of the prompt's tokens too. */
  promptLogprobs: boolean;
  /** Its prompts share keys and values only with those of requests of the same salt. */
  cacheSalt: string | undefined;
  /** Of the client's own sequences that wait, the lowest starts first; 0 unless it is given. */
  priority?: number | undefined;
  /** Total time the request may take, queueing included. */
  timeoutMs: number | undefined;
}

/**
 * Nothing is asked for but tokens: one choice of each prompt, by the model's own distribution. A field that an API or a
 * caller does not have keeps the value that it has here.
 */
export const PLAIN_PARAMS: Readonly<Omit<GenerationParams, 'maxTokens' | 'timeoutMs'>> = {
  n: 1,
  minTokens: 0,
  ignoreEos: false,
  stop: [],
  sampling: DEFAULT_SAMPLING_PARAMS,
  numLogprobs: undefined,
  promptLogprobs: false,
  cacheSalt: undefined,
};
