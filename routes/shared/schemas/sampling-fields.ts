import type { ModelInfo } from '../../../src/engine/engine.ts';
import type { SamplingParams } from '../../../src/sampling/sampling-params.ts';
import { toTopP } from './top-p.ts';

/** What several APIs have of how tokens are drawn. */
interface SamplingFields {
  temperature?: number | null | undefined;
  top_p?: number | null | undefined;
  top_k?: number | null | undefined;
  min_p?: number | null | undefined;
  repetition_penalty?: number | null | undefined;
}

type Sampling = Pick<SamplingParams, 'temperature' | 'topP' | 'topK' | 'minP' | 'repetitionPenalty'>;

/** Where the client says nothing, the model's files do; where these do not, the defaults of OpenAI and Anthropic hold. */
export const toSamplingFields = (
  input: SamplingFields,
  { generationDefaults: defaults = {} }: Pick<ModelInfo, 'generationDefaults'>,
): Sampling => ({
  // Own keys come first: V8 of Node 20 takes 1 us for each key behind a spread.
  topK: Math.max(input.top_k ?? defaults.topK ?? 0, 0),
  minP: input.min_p ?? defaults.minP ?? 0,
  repetitionPenalty: input.repetition_penalty ?? defaults.repetitionPenalty ?? 1,
  ...toTopP(input.temperature ?? defaults.temperature ?? 1, input.top_p ?? defaults.topP ?? 1),
});
