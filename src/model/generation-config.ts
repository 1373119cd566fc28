import * as z from 'zod';
import type { GgufMetadata } from './architecture.ts';
import { parseFields, tokenIds } from './model-config.ts';

const generationConfigSchema = z.object({ eos_token_id: tokenIds });

/**
 * The tokens that generation_config.json, already parsed, says to stop at.
 * @throws EngineError `config_invalid` naming the field
 */
export function generationEosTokenIds(json: unknown): readonly number[] {
  return [parseFields(generationConfigSchema, json, 'generation_config.json').eos_token_id ?? []].flat();
}

/** How a model's maker wants tokens drawn where a client says nothing; what is absent is not said. */
export interface GenerationDefaults {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly minP?: number;
  readonly repetitionPenalty?: number;
  /** Most tokens of an answer. */
  readonly maxTokens?: number;
}

const MAX_COUNT = 2 ** 31 - 1;
/** Bounds as the sampler has them. */
const values = {
  temperature: z.number().min(0),
  topP: z.number().gt(0).max(1),
  topK: z.int().min(0).max(MAX_COUNT),
  minP: z.number().min(0).max(1),
  repetitionPenalty: z.number().min(0.01),
  maxTokens: z.int().min(1).max(MAX_COUNT),
};

/** `do_sample` is not read, as in vLLM: a request says by `temperature` whether it samples. */
const defaultsSchema = z.object({
  temperature: values.temperature.nullish(),
  top_p: values.topP.nullish(),
  top_k: values.topK.nullish(),
  min_p: values.minP.nullish(),
  repetition_penalty: values.repetitionPenalty.nullish(),
  max_new_tokens: values.maxTokens.nullish(),
});

/**
 * The defaults of a generation_config.json, already parsed.
 * @param what the file, for messages
 * @throws EngineError `config_invalid` naming the field
 */
export function generationDefaults(
  json: unknown,
  what = `generation_config.json (${REMEDY})`,
): GenerationDefaults {
  const fields = parseFields(defaultsSchema, json, what);
  return withoutNulls({
    temperature: fields.temperature,
    topP: fields.top_p,
    topK: fields.top_k,
    minP: fields.min_p,
    repetitionPenalty: fields.repetition_penalty,
    maxTokens: fields.max_new_tokens,
  });
}

/** Whether something is said of how tokens are drawn, beside how many there may be. */
export const saysHowToSample = (defaults: GenerationDefaults): boolean =>
  Object.keys(defaults).some((name) => name !== 'maxTokens');

const REMEDY = 'GENERATION_CONFIG=openai does without its defaults';

/** Counts in GGUF files may be 64 bits wide. */
const count = z.union([z.int(), z.bigint().transform(Number)]).pipe(values.topK);
const ggufSchema = z.object({
  'general.sampling.temp': values.temperature.optional(),
  'general.sampling.top_p': values.topP.optional(),
  'general.sampling.top_k': count.optional(),
  'general.sampling.min_p': values.minP.optional(),
  'general.sampling.penalty_repeat': values.repetitionPenalty.optional(),
});

/**
 * The defaults that a GGUF file recommends, by llama.cpp's keys `general.sampling.*`.
 * @throws EngineError `config_invalid` naming the key
 */
export function ggufGenerationDefaults(metadata: GgufMetadata): GenerationDefaults {
  const fields = parseFields(ggufSchema, Object.fromEntries(metadata), `metadata (${REMEDY})`);
  return withoutNulls({
    temperature: fields['general.sampling.temp'],
    topP: fields['general.sampling.top_p'],
    topK: fields['general.sampling.top_k'],
    minP: fields['general.sampling.min_p'],
    repetitionPenalty: fields['general.sampling.penalty_repeat'],
  });
}

function withoutNulls(
  given: Readonly<Partial<Record<keyof GenerationDefaults, number | null | undefined>>>,
): GenerationDefaults {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => typeof value === 'number'));
}
