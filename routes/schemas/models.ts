import { z } from 'zod';
import type { EngineError } from '../../src/errors.ts';
import type { ModelStatus } from '../../src/serving/served-models.ts';

export const modelSchema = z
  .object({
    id: z.string(),
    object: z.literal('model'),
    created: z.int().meta({
      description:
        'Unix time in seconds: when the model became ready or, if it is not loaded, when its files were stored.',
    }),
    owned_by: z.literal('tokenflare'),
    state: z.enum(['unloaded', 'loading', 'loaded', 'failed']).meta({
      description:
        'An unloaded one is loaded for the first request that names it; a failed one tells its `error`.',
    }),
    is_default: z.boolean().meta({ description: 'Answers requests that name no model.' }),
    max_model_len: z.int().nullable().meta({ description: 'Most tokens of prompt and completion together.' }),
    architecture: z.string().nullable(),
    vocab_size: z.int().nullable(),
    num_parameters: z.int().nullable(),
    size_bytes: z.int().nullable().meta({ description: 'Size of its files.' }),
    memory_bytes: z.int().nullable().meta({
      description:
        'Its part of the memory that models share; estimated from the headers of its files until it is loaded.',
    }),
    weight_memory_bytes: z.int().nullable().meta({
      description: 'Size of its weights in memory; null until it is loaded.',
    }),
    kv_cache_bytes: z.int().nullable().meta({
      description: 'Size of its KV cache, all lanes together; null until it is loaded.',
    }),
    runtime: z.string().nullable().meta({ description: 'Null until it is loaded.' }),
    device: z.string().nullable().meta({
      description: 'The processor or GPU that computes, as its driver names it; null until it is loaded.',
    }),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
  })
  .meta({ id: 'Model' });

export const modelListSchema = z
  .object({ object: z.literal('list'), data: z.array(modelSchema) })
  .meta({ id: 'ModelList' });

type ModelBody = z.output<typeof modelSchema>;
export type ModelListBody = z.output<typeof modelListSchema>;

/** The model as OpenAI's clients know one, with what a person asks next; what is not known is null. */
export function toModelBody(model: ModelStatus): ModelBody {
  const { error } = model;
  return {
    id: model.id,
    object: 'model',
    created: model.createdAt,
    owned_by: 'tokenflare',
    state: model.state,
    is_default: model.isDefault,
    max_model_len: model.contextLength ?? null,
    architecture: model.architecture ?? null,
    vocab_size: model.vocabSize ?? null,
    num_parameters: model.numParameters ?? null,
    size_bytes: model.sizeBytes ?? null,
    memory_bytes: model.memoryBytes ?? null,
    weight_memory_bytes: model.weightMemoryBytes ?? null,
    kv_cache_bytes: model.kvCacheBytes ?? null,
    runtime: model.runtimeDescription ?? null,
    device: model.device ?? null,
    error: error === undefined ? null : { code: error.code, message: messageOf(error) },
  };
}

/** An unexpected error is for the log alone. */
const messageOf = ({ code, message }: EngineError): string =>
  code === 'internal' ? 'the service failed to load it; its log tells why' : message;
