import * as z from 'zod';
import type { ModelInfo } from '../../../src/engine/engine.ts';
import type { GenerationParams } from '../../../src/engine/generation-params.ts';
import { MAX_INT32 } from '../../shared/schemas/bounds.ts';
import { ignored } from '../../shared/schemas/common-fields.ts';
import { unsupported } from '../../shared/schemas/unsupported-field.ts';
import { toTopP } from '../../shared/schemas/top-p.ts';

const MAX_STOP_STRINGS = 16;
const MAX_STOP_LENGTH = 1000;

const stopString = z.string().min(1).max(MAX_STOP_LENGTH);
const penalty = z.number().min(-2).max(2).nullish();

/**
 * Ollama's options. Those of how a model is held and computed are the operator's here, and are ignored; `num_ctx` is one
 * of them. One that would change the text is refused, but at the value that changes nothing.
 */
export const optionsSchema = z
  .strictObject({
    num_predict: z.int().min(-2).max(MAX_INT32).nullish().meta({
      description: 'Most tokens of the answer; below 1: as many as the context has room for.',
    }),
    temperature: z.number().min(0).max(2).nullish(),
    top_k: z.int().min(0).max(MAX_INT32).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    min_p: z.number().min(0).max(1).nullish(),
    seed: z.int().nullish().meta({ description: '-1: another each time.' }),
    stop: z
      .union([stopString, z.array(stopString).max(MAX_STOP_STRINGS)], {
        error: `must be a string or up to ${MAX_STOP_STRINGS} strings, each of 1 to ${MAX_STOP_LENGTH} characters`,
      })
      .nullish()
      .meta({ id: 'OllamaStop' }),
    repeat_penalty: z.number().min(0.01).max(2).nullish(),
    presence_penalty: penalty,
    frequency_penalty: penalty,
    repeat_last_n: unsupported([-1], 'repeat_penalty looks at the whole text'),
    penalize_newline: unsupported([true], 'a line break is a token as any other'),
    mirostat: unsupported([0], 'leave it out'),
    tfs_z: unsupported([1], 'leave it out'),
    typical_p: unsupported([1], 'leave it out'),
    mirostat_tau: ignored,
    mirostat_eta: ignored,
    num_ctx: ignored,
    num_keep: ignored,
    num_batch: ignored,
    num_gpu: ignored,
    num_gqa: ignored,
    num_thread: ignored,
    main_gpu: ignored,
    low_vram: ignored,
    f16_kv: ignored,
    logits_all: ignored,
    vocab_only: ignored,
    use_mmap: ignored,
    use_mlock: ignored,
    embedding_only: ignored,
    rope_frequency_base: ignored,
    rope_frequency_scale: ignored,
    numa: ignored,
  })
  .meta({ id: 'OllamaOptions' });

type Options = z.output<typeof optionsSchema>;

const { num_predict: numPredict, ...sampling } = optionsSchema.shape;
const otherName = numPredict.meta({ description: 'num_predict' });

/**
 * Options by the names that the AI SDK's provider for Ollama gives them, beside `options`. Ollama does not look there;
 * here the client gets what it asks for.
 */
export const besideChat = {
  max_output_tokens: otherName,
  temperature: sampling.temperature,
  top_p: sampling.top_p,
};
export const besidePrompt = {
  max_tokens: otherName,
  temperature: sampling.temperature,
  top_p: sampling.top_p,
  stop: sampling.stop,
};

export type BesideOptions = Partial<
  z.output<z.ZodObject<typeof besideChat>> & z.output<z.ZodObject<typeof besidePrompt>>
>;

/** An option in its own place goes before the one beside it. */
export const joinOptions = (options: Options, beside: BesideOptions): Options => ({
  ...options,
  num_predict: options.num_predict ?? beside.max_output_tokens ?? beside.max_tokens,
  temperature: options.temperature ?? beside.temperature,
  top_p: options.top_p ?? beside.top_p,
  stop: options.stop ?? beside.stop,
});

/** Where neither the client nor the model's files say it. */
const DEFAULTS = { temperature: 0.8, topK: 40, topP: 0.9 };

type OptionParams = Pick<GenerationParams, 'maxTokens' | 'stop'> & {
  readonly sampling: Partial<GenerationParams['sampling']>;
};

/** What Ollama's options ask of the engine. */
export function toParams(options: Options, { contextLength, generationDefaults }: ModelInfo): OptionParams {
  const numPredict = options.num_predict ?? 0;
  const defaults = { ...DEFAULTS, ...generationDefaults };
  const topP = options.top_p ?? defaults.topP;
  const seed = options.seed ?? -1;
  return {
    maxTokens: numPredict > 0 ? Math.min(numPredict, contextLength) : contextLength,
    stop: typeof options.stop === 'string' ? [options.stop] : (options.stop ?? []),
    sampling: {
      ...toTopP(options.temperature ?? defaults.temperature, topP),
      topK: options.top_k ?? defaults.topK,
      minP: options.min_p ?? defaults.minP ?? 0,
      seed: seed === -1 ? undefined : seed,
      repetitionPenalty: options.repeat_penalty ?? defaults.repetitionPenalty ?? 1,
      presencePenalty: options.presence_penalty ?? 0,
      frequencyPenalty: options.frequency_penalty ?? 0,
    },
  };
}
